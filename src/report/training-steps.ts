import type { Graph } from '../graph/graph.js';
import { Tensor } from '../tensor/tensor.js';
import { Trainer } from '../training/trainer.js';
import { type ConvolutionVariant, convolutionVariants } from '../training/variants.js';
import type { Networks } from './networks.js';
import { median } from './statistics.js';

/** A network, the shape of an example, and the images of a batch. */
export interface Subject {
  readonly name: string;
  /** By which its builder is known. */
  readonly network: string;
  readonly shape?: { readonly size: number; readonly classes: number };
  readonly example: readonly number[];
  readonly batch: number;
}

const image = (size: number) => [3, size, size];
const cifar = { shape: { size: 32, classes: 10 }, example: image(32), batch: 16 };

/** Barrachina et al.'s four on CIFAR-10's shape and at 224², and networks for video and volumes. */
export const subjects: readonly Subject[] = [
  ...['vgg16', 'resnet34', 'densenet121', 'googlenet'].map((network) => ({
    ...{ name: `${network}-cifar`, network, ...cifar },
  })),
  ...['vgg16', 'resnet34', 'densenet121', 'googlenet', 'resnet50'].map((network) => ({
    ...{ name: network, network, example: image(224), batch: 1 },
  })),
  ...['c3d', 'r3d18'].map((network) => ({ name: network, network, example: [3, 16, 112, 112], batch: 1 })),
];

/** A training step of a network by one way to convolve. */
export interface StepTime {
  readonly network: string;
  readonly batch: number;
  readonly threads: number;
  readonly variant: ConvolutionVariant;
  readonly ms: number;
  readonly samplesPerSecond: number;
  /** Time of the step with columns over this one's. */
  readonly overBase: number;
  /** What a step with columns would take if making and adding them up took nothing, over this one. */
  readonly overFreeOfColumns: number;
  /** Arena and workspace of a step, its parameters and their states left out. */
  readonly peakBytes: number;
}

/** The network of a subject for its batch, random images, and the class n modulo 10 for image n. */
export function posed({ network, shape, example, batch }: Subject, networks: Networks) {
  const built: Graph = networks[network]!(shape);
  const x = Tensor.random([batch, ...example]);
  const graph = { ...built, inputs: built.inputs.map((each) => ({ ...each, shape: x.shape })) };
  const target = new Tensor(
    Float32Array.from({ length: batch }, (_, i) => i % 10),
    [batch],
  );
  return { graph, x, inputs: { [built.inputs[0]!.name]: x }, target };
}

/** Steps of all variants of Barrachina et al. 2023, and by the planner, in turns. */
export async function stepTimes(
  subject: Subject,
  networks: Networks,
  threads: number,
  rounds: number,
): Promise<StepTime[]> {
  const { name, batch } = subject;
  const { graph, x, inputs, target } = posed(subject, networks);
  const trainers = convolutionVariants.map((variant) => {
    const optimizer = { name: 'sgd', learningRate: 1e-6 } as const;
    return {
      variant,
      times: [] as number[],
      columns: [] as number[],
      trainer: new Trainer(graph, { loss: 'crossEntropy', optimizer, threads, convolutions: variant }),
    };
  });
  // In turns, each after a step that is not timed: threads wake, and its parameters come near. The first round plans.
  for (let round = 0; round <= rounds; round++)
    for (const { trainer, times, columns } of trainers) {
      await trainer.step(inputs, target);
      if (round === 0) continue;
      const { milliseconds: time } = await trainer.step(inputs, target);
      times.push(time);
      const making = trainer.lastRun!.steps.filter(({ operator }) => /^(im2col|col2im)$/.test(operator));
      columns.push(making.reduce((sum, step) => sum + step.milliseconds, 0));
    }
  const base = trainers.find(({ variant }) => variant === 'base')!;
  const baseMs = median(base.times);
  const free = baseMs - median(base.columns);
  const plans = await Promise.all(
    trainers.map(({ trainer }) => trainer.plan({ [graph.inputs[0]!.name]: x.shape })),
  );
  return trainers.map(({ variant, times }, i) => {
    const ms = median(times);
    return {
      ...{ network: name, batch, threads, variant, ms },
      ...{ samplesPerSecond: (1000 * batch) / ms, overBase: baseMs / ms, overFreeOfColumns: free / ms },
      peakBytes: plans[i]!.memory.run,
    };
  });
}
