/** `npm run bench -- --training`: training steps of whole networks, and of their variants as products of matrices. */
import * as all from '../../examples/networks/index.js';
import { type ConvolutionVariant, type Graph, Tensor, Trainer } from '../../src/index.js';
import { median } from '../../src/report/statistics.js';
import { convolutionVariants } from '../../src/training/variants.js';
import { expected } from '../../synth/errors.js';
import { Progress } from '../progress.js';
import { type Column, megabytes, milliseconds } from '../table.js';

/** A network, the shape of an example, and the images of a batch. */
interface Subject {
  readonly name: string;
  readonly build: () => Graph;
  readonly example: readonly number[];
  readonly batch: number;
}

const image = (size: number) => [3, size, size];
const cifar = { size: 32, classes: 10 };

/** Barrachina et al.'s four on CIFAR-10's shape and at 224², and networks for video and volumes. */
const subjects: readonly Subject[] = [
  { name: 'vgg16-cifar', build: () => all.vgg16(cifar), example: image(32), batch: 16 },
  { name: 'resnet34-cifar', build: () => all.resnet34(cifar), example: image(32), batch: 16 },
  { name: 'densenet121-cifar', build: () => all.densenet121(cifar), example: image(32), batch: 16 },
  { name: 'googlenet-cifar', build: () => all.googlenet(cifar), example: image(32), batch: 16 },
  { name: 'vgg16', build: () => all.vgg16(), example: image(224), batch: 1 },
  { name: 'resnet34', build: () => all.resnet34(), example: image(224), batch: 1 },
  { name: 'densenet121', build: () => all.densenet121(), example: image(224), batch: 1 },
  { name: 'googlenet', build: () => all.googlenet(), example: image(224), batch: 1 },
  { name: 'resnet50', build: () => all.resnet50(), example: image(224), batch: 1 },
  { name: 'c3d', build: () => all.c3d(), example: [3, 16, 112, 112], batch: 1 },
  { name: 'r3d18', build: () => all.r3d18(), example: [3, 16, 112, 112], batch: 1 },
];

export interface TrainingRow {
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

/** @throws InputError for a name that no subject has part of */
export function parseTraining(text: string): readonly string[] {
  const parts = text.split(',').filter((part) => part !== '');
  const found = subjects.filter(
    ({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)),
  );
  if (found.length === 0)
    throw expected('--training', `parts of ${subjects.map(({ name }) => name).join(', ')}`, text);
  return found.map(({ name }) => name);
}

export async function runTraining(
  names: readonly string[],
  threads: readonly number[],
  rounds: number,
): Promise<TrainingRow[]> {
  const chosen = subjects.filter(({ name }) => names.includes(name));
  const progress = new Progress(chosen.length * threads.length);
  const rows: TrainingRow[] = [];
  for (const subject of chosen)
    for (const count of threads) {
      progress.on(`${subject.name}, threads: ${count}`);
      try {
        rows.push(...(await measured(subject, count, rounds)));
      } catch (error) {
        // The others' rows took minutes.
        process.stderr.write(`Left out ${subject.name}: ${(error as Error).message}\n`);
      }
    }
  progress.end();
  return rows;
}

async function measured(
  { name, build, example, batch }: Subject,
  threads: number,
  rounds: number,
): Promise<TrainingRow[]> {
  const built = build();
  const input = built.inputs[0]!.name;
  const x = Tensor.random([batch, ...example]);
  const graph = { ...built, inputs: built.inputs.map((each) => ({ ...each, shape: x.shape })) };
  const target = new Tensor(
    Float32Array.from({ length: batch }, (_, i) => i % 10),
    [batch],
  );
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
      await trainer.step({ [input]: x }, target);
      if (round === 0) continue;
      const { milliseconds: time } = await trainer.step({ [input]: x }, target);
      times.push(time);
      const making = trainer.lastRun!.steps.filter(({ operator }) => /^(im2col|col2im)$/.test(operator));
      columns.push(making.reduce((sum, step) => sum + step.milliseconds, 0));
    }
  const base = trainers.find(({ variant }) => variant === 'base')!;
  const baseMs = median(base.times);
  const free = baseMs - median(base.columns);
  const plans = await Promise.all(trainers.map(({ trainer }) => trainer.plan({ [input]: x.shape })));
  return trainers.map(({ variant, times }, i) => {
    const ms = median(times);
    return {
      ...{ network: name, batch, threads, variant, ms },
      ...{ samplesPerSecond: (1000 * batch) / ms, overBase: baseMs / ms, overFreeOfColumns: free / ms },
      peakBytes: plans[i]!.memory.run,
    };
  });
}

export const trainingColumns: readonly Column<TrainingRow>[] = [
  { head: 'network', align: 'left', text: ({ network }) => network },
  { head: 'N', text: ({ batch }) => String(batch) },
  { head: 'threads', text: ({ threads }) => String(threads) },
  { head: 'convolutions', align: 'left', text: ({ variant }) => variant },
  { head: 'ms a step', text: ({ ms }) => milliseconds(ms) },
  { head: 'samples/s', text: ({ samplesPerSecond }) => samplesPerSecond.toPrecision(3) },
  { head: '× base', text: ({ overBase }) => overBase.toFixed(2) },
  { head: '× base free of columns', text: ({ overFreeOfColumns }) => overFreeOfColumns.toFixed(2) },
  { head: 'peak', text: ({ peakBytes }) => megabytes(peakBytes) },
];
