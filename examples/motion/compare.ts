import type { Conv3d } from '../../src/layers/layers.js';
import type { Tensor } from '../../src/tensor/tensor.js';
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

/** The same layer for each of the algorithms. */
export type Layers = Readonly<Record<Contender['name'], Conv3d>>;

const names = ['winograd', 'direct'] as const;

/**
 * Runs the layer by both algorithms: first checks that they agree, then takes their times in turns, so that
 * whatever slows the machine down slows down both.
 *
 * @param onPass told after every pass how many of all are done
 * @throws Error when the results differ by more than rounding explains: no time is worth quoting then
 */
export async function compareAlgorithms(
  layers: Layers,
  input: Tensor,
  bank: GaborBank,
  onPass: (done: number, all: number) => void = () => {},
): Promise<Comparison> {
  const all = names.length * (1 + rounds);
  const check = await checkAgreement(layers, input, bank);
  onPass(names.length, all);
  const times = { winograd: [] as number[], direct: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    for (const name of names) times[name].push(await timePass(layers[name], input, check.output));
    onPass(names.length * (2 + round), all);
  }
  const { directFlops, outputShape } = layers.direct.plan(input.shape);
  const contender = (name: Contender['name']): Contender => {
    const sorted = times[name].toSorted((a, b) => a - b);
    const milliseconds = sorted[(rounds - 1) / 2]!;
    return {
      name,
      plan: layers[name].plan(input.shape).describe(),
      milliseconds,
      range: [sorted[0]!, sorted.at(-1)!],
      effectiveGflops: directFlops / milliseconds / 1e6,
      error: check.errors[name],
    };
  };
  const [winograd, direct] = [contender('winograd'), contender('direct')];
  return {
    inputShape: input.shape,
    outputShape,
    directFlops,
    winograd,
    direct,
    speedUp: direct.milliseconds / winograd.milliseconds,
    difference: check.difference,
    tolerance: check.tolerance,
    sampled: check.sampled,
  };
}

/** One pass each, which also warms both up: against each other everywhere, against double precision in places. */
async function checkAgreement(layers: Layers, input: Tensor, bank: GaborBank) {
  const sample = exactSample(input, bank, places);
  const winograd = await layers.winograd.forward(input);
  const direct = await layers.direct.forward(input);
  const expectedErrors = names.map((name) => layers[name].plan(input.shape).expectedError);
  const tolerance = roundingBound(input, bank) * expectedErrors.reduce((sum, error) => sum + error, 0);
  const difference = largestDifference(winograd.data, direct.data);
  if (!(difference <= tolerance))
    throw new Error(
      `Expected Winograd and direct convolution to agree to ${tolerance} but they differ by ${difference}`,
    );
  const errors = {
    winograd: relativeError(winograd.data, sample),
    direct: relativeError(direct.data, sample),
  };
  return { errors, difference, tolerance, sampled: sample.at.length, output: winograd };
}

/** Milliseconds of a pass into memory that is there already: its page faults are not the algorithm's. */
async function timePass(layer: Conv3d, input: Tensor, output: Tensor): Promise<number> {
  const start = performance.now();
  await layer.forward(input, output);
  return performance.now() - start;
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
