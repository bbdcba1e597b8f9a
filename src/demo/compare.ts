import type { Conv3d } from '../layers.js';
import type { Tensor } from '../tensor.js';
import { exactSample, type RelativeError, relativeError } from './exact.js';
import type { GaborBank } from './gabor.js';

/** One algorithm on the demo's layer. */
export interface Contender {
  readonly name: 'winograd' | 'direct';
  /** What ran, in the planner's words. */
  readonly plan: string;
  /** Median time of a forward pass. */
  readonly milliseconds: number;
  /** Shortest and longest of the measured passes. */
  readonly range: readonly [number, number];
  /** Direct convolution's flops divided by the time, in 10⁹ per second: may exceed the machine's peak. */
  readonly effectiveGflops: number;
  /** Against the definition in double precision. */
  readonly error: RelativeError;
}

/** Winograd and direct convolution on the same layer, input and threads. */
export interface Comparison {
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  /** Flops of the direct algorithm: two for each tap of each output. */
  readonly directFlops: number;
  readonly winograd: Contender;
  readonly direct: Contender;
  /** Direct's time over Winograd's. */
  readonly speedUp: number;
  /** Largest difference of the two results anywhere, and what rounding alone may make it. */
  readonly difference: number;
  readonly tolerance: number;
  /** Outputs that were compared with double precision. */
  readonly sampled: number;
}

/** Passes of each algorithm that are timed, after one that is not. */
const rounds = 5;
/** Places at which every filter is evaluated in double precision. */
const places = 1000;

/**
 * Runs the layer by both algorithms: first checks that they agree, then takes their times in turns, so that
 * whatever slows the machine down slows down both.
 *
 * @param onPass told after every pass how many of all are done
 * @throws Error when the results differ by more than rounding explains: no time is worth quoting then
 */
export async function compareAlgorithms(
  layers: { readonly winograd: Conv3d; readonly direct: Conv3d },
  input: Tensor,
  bank: GaborBank,
  onPass: (done: number, all: number) => void = () => {},
): Promise<Comparison> {
  const all = 2 * (1 + rounds);
  let done = 0;
  const pass = async (layer: Conv3d) => {
    const start = performance.now();
    const output = await layer.forward(input);
    const milliseconds = performance.now() - start;
    onPass(++done, all);
    return { output, milliseconds };
  };
  const sample = exactSample(input, bank, places);
  const warm = { winograd: await pass(layers.winograd), direct: await pass(layers.direct) };
  const [winogradPlan, directPlan] = [layers.winograd.plan(input.shape), layers.direct.plan(input.shape)];
  const tolerance = roundingBound(input, bank) * (directPlan.expectedError + winogradPlan.expectedError);
  const difference = largestDifference(warm.winograd.output.data, warm.direct.output.data);
  if (!(difference <= tolerance))
    throw new Error(
      `Expected Winograd and direct convolution to agree to ${tolerance} but they differ by ${difference}`,
    );
  const errors = {
    winograd: relativeError(warm.winograd.output.data, sample),
    direct: relativeError(warm.direct.output.data, sample),
  };
  const times = { winograd: [] as number[], direct: [] as number[] };
  for (let round = 0; round < rounds; round++)
    for (const name of ['winograd', 'direct'] as const)
      times[name].push((await pass(layers[name])).milliseconds);
  const { directFlops, outputShape } = directPlan;
  const contender = (name: 'winograd' | 'direct', plan: string): Contender => {
    const sorted = times[name].toSorted((a, b) => a - b);
    const milliseconds = sorted[(rounds - 1) / 2]!;
    return {
      name,
      plan,
      milliseconds,
      range: [sorted[0]!, sorted.at(-1)!],
      effectiveGflops: directFlops / milliseconds / 1e6,
      error: errors[name],
    };
  };
  const winograd = contender('winograd', winogradPlan.describe());
  const direct = contender('direct', directPlan.describe());
  return {
    inputShape: input.shape,
    outputShape,
    directFlops,
    winograd,
    direct,
    speedUp: direct.milliseconds / winograd.milliseconds,
    difference,
    tolerance,
    sampled: sample.at.length,
  };
}

/**
 * Rounding error that a sum of n products can have in float32: n · 2⁻²⁴ · Σ|w||x| (Higham, "Accuracy and
 * stability of numerical algorithms", section 3.1), with the largest filter and brightness for w and x.
 */
function roundingBound(input: Tensor, { weight, kernel }: GaborBank): number {
  const taps = kernel[0] * kernel[1] * kernel[2];
  let heaviest = 0;
  for (let start = 0; start < weight.length; start += taps) {
    const sum = weight.subarray(start, start + taps).reduce((total, value) => total + Math.abs(value), 0);
    heaviest = Math.max(heaviest, sum);
  }
  const brightest = input.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return taps * 2 ** -24 * heaviest * brightest;
}

/** NaN when any element is. */
function largestDifference(a: Float32Array, b: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= largest)) largest = difference;
    if (Number.isNaN(largest)) return largest;
  }
  return largest;
}
