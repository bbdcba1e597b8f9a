import { randomNumbers } from '../../synth/random.js';
import { type BenchLayer, outputOf } from './layers.js';

/** Input, weights and what some outputs must be. */
export interface Data {
  readonly input: Float32Array;
  readonly weight: Float32Array;
  /** Positions in the N×O×spatial result. */
  readonly samples: readonly number[];
  /** In double precision. */
  readonly expected: Float64Array;
  /** Root mean square error of sequential direct convolution in float32, over the samples. */
  readonly directError: number;
}

/** Enough to know the ratio of two errors to 2 %: squared errors of running sums scatter by 2.5 times their mean. */
const SAMPLES = 8192;

/** By Box and Muller's transform. */
const normal = (next: () => number) => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

/** How the numbers of an input are drawn from uniform ones in [0, 1). */
export const draws = {
  /** In [−1, 1). */
  uniform: (next) => 2 * next() - 1,
  normal,
  /** As behind an activation: half of them zero, none negative. */
  'ReLU-like': (next) => Math.max(0, normal(next)),
} as const satisfies Record<string, (next: () => number) => number>;

/** An input, uniform weights in [−1, 1), and a sample of outputs computed from the definition. */
export function makeData(
  layer: BenchLayer,
  batch: number,
  count = SAMPLES,
  kind: keyof typeof draws = 'uniform',
): Data {
  const next = randomNumbers(1);
  const drawn = (count: number, draw: (next: () => number) => number) =>
    Float32Array.from({ length: count }, () => draw(next));
  const output = outputOf(layer);
  const input = drawn(batch * layer.inChannels * volume(layer.input), draws[kind]);
  const weight = drawn(
    layer.outChannels * (layer.inChannels / layer.groups) * volume(layer.kernel),
    draws.uniform,
  );
  const outputs = batch * layer.outChannels * volume(output);
  const samples = Array.from({ length: count }, () => Math.floor(next() * outputs));
  const expected = new Float64Array(count);
  const sequential = new Float64Array(count);
  samples.forEach((at, i) => {
    [expected[i], sequential[i]] = outputAt(layer, input, weight, at);
  });
  return { input, weight, samples, expected, directError: rootMeanSquare(sequential, expected) };
}

/**
 * A single misplaced tap among 512 · 27 changes a result by more than half a percent of its size: whatever differs by
 * less than this share is right, and only rounded differently.
 */
const WRONG = 1e-3;
/** Unless the plan expects it, as with weights in bfloat16: then only what is off by more than this factor is wrong. */
const UNEXPECTED = 1.5;

/**
 * Compares received values with the sample.
 *
 * @param expectedError of the plan, as a multiple of direct convolution's; 0 if nothing is known
 * @returns the root mean square error
 * @throws Error when the values are wrong
 */
export function requireRight(
  name: string,
  values: readonly number[],
  { expected, directError }: Data,
  expectedError: number,
): number {
  const error = rootMeanSquare(values, expected);
  if (!(error <= Math.max(WRONG * rootMeanSquare(expected), UNEXPECTED * expectedError * directError)))
    throw new Error(
      `Expected ${name} to be a convolution but its result differs by ${error} (root mean square)`,
    );
  return error;
}

/** √(mean (a − b)²); b left out for the size of a itself. */
export function rootMeanSquare(a: ArrayLike<number>, b?: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - (b?.[i] ?? 0)) ** 2;
  return Math.sqrt(sum / a.length);
}

/** One output in double precision, and in float32 with a rounding after each multiplication and each addition. */
function outputAt(
  layer: BenchLayer,
  input: Float32Array,
  weight: Float32Array,
  at: number,
): readonly [number, number] {
  const space = volume(layer.input);
  const taps = volume(layer.kernel);
  const output = outputOf(layer);
  const pixel = unravel(at % volume(output), output);
  const plane = Math.floor(at / volume(output));
  const image = Math.floor(plane / layer.outChannels) * layer.inChannels;
  const channel = plane % layer.outChannels;
  const [inGroup, outGroup] = [layer.inChannels / layer.groups, layer.outChannels / layer.groups];
  const first = image + Math.floor(channel / outGroup) * inGroup;
  const pairs: [number, number][] = [];
  for (let tap = 0; tap < taps; tap++) {
    const index = unravel(tap, layer.kernel).map(
      (offset, a) => pixel[a]! * layer.stride[a]! + offset - layer.padding[a]!,
    );
    if (index.every((i, a) => i >= 0 && i < layer.input[a]!)) pairs.push([ravel(index, layer.input), tap]);
  }
  let exact = 0;
  let rounded = 0;
  for (let c = 0; c < inGroup; c++)
    for (const [from, tap] of pairs) {
      const x = input[(first + c) * space + from]!;
      const w = weight[(channel * inGroup + c) * taps + tap]!;
      exact += x * w;
      rounded = Math.fround(rounded + Math.fround(x * w));
    }
  return [exact, rounded];
}

function volume(sizes: readonly number[]): number {
  return sizes.reduce((product, size) => product * size, 1);
}

function ravel(index: readonly number[], sizes: readonly number[]): number {
  return index.reduce((at, i, a) => at * sizes[a]! + i, 0);
}

function unravel(at: number, sizes: readonly number[]): number[] {
  let rest = at;
  return sizes
    .toReversed()
    .map((size) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return index;
    })
    .reverse();
}
