import type { Shapes } from '../graph/typed.js';
import { Tensor } from '../tensor/tensor.js';
import { Network, type NetworkOptions } from './network.js';
import { type OrtTensor, requireOnnxruntime } from './onnxruntime.js';

/** Results of whole networks in single precision lie closer together than this, by root mean squares. */
export const TOLERANCE = 1e-3;

/** Milliseconds of a contender's runs. */
export interface Timing {
  readonly median: number;
  readonly minimum: number;
  /** The first run, which plans and makes weights ready. */
  readonly first: number;
}

/** A network here and in onnxruntime. */
export interface NetworkComparison {
  readonly here: Timing;
  readonly onnxruntime: Timing;
  /** Of onnxruntime-node. */
  readonly version: string;
  readonly threads: number;
  /** Root mean square of the difference of all results over that of onnxruntime's. */
  readonly distance: number;
}

/**
 * Runs a model on random inputs here and in onnxruntime-node, in turns.
 *
 * @throws InputError when onnxruntime-node is not installed, or a shape does not fit
 */
export async function compareNetwork(
  path: string,
  shapes: Shapes,
  rounds: number,
  options: NetworkOptions,
): Promise<NetworkComparison> {
  const { ort, version } = requireOnnxruntime();
  const network = await Network.load(path, options);
  const plan = await network.plan(shapes);
  const inputs = Object.fromEntries(
    plan.inputs.map(({ name, shape }, i) => [name, Tensor.random(shape, { seed: i + 1 })] as const),
  );
  const { threads } = network;
  const session = await ort.InferenceSession.create(path, {
    ...{ intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential' },
    graphOptimizationLevel: 'all',
  });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { data, shape }]) => [name, new ort.Tensor('float32', data, shape)]),
  );
  const contenders = [() => network.run(inputs), () => session.run(feeds)] as const;
  const times: [number[], number[]] = [[], []];
  let results: [Record<string, Tensor>, Readonly<Record<string, OrtTensor>>] | undefined;
  for (let round = 0; round <= rounds; round++) {
    const made: unknown[] = [];
    for (const [i, contender] of contenders.entries()) {
      const start = performance.now();
      made.push(await contender());
      times[i]!.push(performance.now() - start);
    }
    results ??= made as NonNullable<typeof results>;
  }
  return {
    ...{ here: timingOf(times[0]), onnxruntime: timingOf(times[1]), version, threads },
    distance: distanceOf(...results!),
  };
}

function timingOf([first = 0, ...times]: readonly number[]): Timing {
  const sorted = [...times].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)]!, minimum: sorted[0]!, first };
}

function distanceOf(here: Record<string, Tensor>, there: Readonly<Record<string, OrtTensor>>): number {
  let [squares, all] = [0, 0];
  for (const [name, { data }] of Object.entries(there))
    for (const [i, value] of (data as Float32Array).entries()) {
      squares += (here[name]!.data[i]! - value) ** 2;
      all += value ** 2;
    }
  return Math.sqrt(squares / all);
}
