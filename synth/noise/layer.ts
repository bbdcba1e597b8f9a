import { checkBilinear } from '../core/check.js';
import type { Transform } from '../core/transform.js';
import { expected } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { ROUNDING_VARIANCE } from '../program/rounding.js';
import { type AxisArithmetic, type AxisNoise, axisNoise, transformOf } from './axis.js';

/** How a layer is summed in single precision. */
export interface LayerArithmetic {
  /** Input channels that one output sums over; for grouped layers those of a group. */
  readonly channels: number;
  /** Channels summed before the partial sum is added to memory; 0, the default, for all in one sum. */
  readonly sumBlock?: number;
  /** Precision of the kernel transform, whose result is rounded to single either way. `double` by default. */
  readonly kernelTransform?: 'single' | 'double';
  /** What transformed kernels are rounded to in the end, for storage. `float32` by default. */
  readonly weightFormat?: keyof typeof HALF_ULP;
  /** Whether products are added by fused multiply-add, without a rounding of their own. True by default. */
  readonly fused?: boolean;
}

/** @internal */
export const arithmeticNames: OptionNames<LayerArithmetic> = {
  ...{ channels: true, sumBlock: true, kernelTransform: true, weightFormat: true, fused: true },
};

/** Expected rounding errors of a layer's outputs. */
export interface ExpectedError {
  /** Mean |error| of Winograd for data and kernels uniform in [−1, 1]. */
  readonly absolute: number;
  /** Mean |error| of direct convolution in single precision, summed in sequence without fused operations. */
  readonly direct: number;
  /** The one as a multiple of the other. */
  readonly ratio: number;
}

/** The most axes that algorithms are nested over. */
export const MAX_DIMS = 4;
/** Of a tile: its outputs are looked at one by one. */
const MAX_OUTPUTS = 2 ** 20;

/** Variance of the product of two numbers uniform in [−1, 1]. */
const PRODUCT_VARIANCE = 1 / 9;
/** Mean |x| of a normal variable of variance one, which a sum of many roundings is. */
const MEAN_OF_MODULUS = Math.sqrt(2 / Math.PI);
/** Half a unit in the last place of 1: the largest relative error of a rounding. */
export const HALF_ULP = { float32: 2 ** -24, bfloat16: 2 ** -8 } as const;
/**
 * The roundings of a sum of n terms follow its partial sums, a random walk W. Their total variance V = ∫W² is itself
 * random, with variance 4/3 relative to its mean squared, and so the mean modulus is not that of a normal variable but
 * smaller by E√V/√EV = 0.8810 (from E√V = ∫(1 − E e^(−sV)) s^(−3/2) ds/2√π and E e^(−sV) = cosh(√(2s))^(−1/2), Cameron &
 * Martin 1944). Where several sums take part, the relative variance c of their total counts: the mean modulus is taken
 * to be smaller by (1 + a c)^(−1/2), with the a that is exact for a single walk.
 */
const WALK_VARIANCE = 4 / 3;
const WALK_SLOPE = (0.88099 ** -2 - 1) / WALK_VARIANCE;

/**
 * The expected error of a layer, from its matrices alone: data and kernels are taken as independent, of mean zero and
 * equal variance; every rounding is followed to the outputs.
 *
 * Axes are transformed in order, the input first along the first axis, the output first along the last one. A rounding
 * of the input transform along one axis is amplified in full only along axes that are transformed already; the others
 * treat it like data.
 *
 * @param axes one per convolved axis
 * @throws InputError when there is no axis, an axis is no transform, a number is not positive, or a tile has more than
 *   2²⁰ outputs, which are looked at one by one
 */
export function expectedLayerError(
  axes: readonly (Transform | AxisArithmetic)[],
  arithmetic: LayerArithmetic,
): ExpectedError {
  checkOptions('expectedLayerError', arithmetic, arithmeticNames);
  const { channels, sumBlock = 0, fused = true } = arithmetic;
  if (!Array.isArray(axes) || axes.length === 0) throw expected('axes', 'one transform per axis', axes);
  for (const axis of axes) checkBilinear(transformOf(axis));
  const outputs = axes.reduce((all, axis) => all * (transformOf(axis) as Transform).outputs, 1);
  if (outputs > MAX_OUTPUTS)
    throw expected('the outputs of a tile', `at most ${MAX_OUTPUTS} over all axes`, outputs);
  if (!Number.isInteger(channels) || channels < 1) throw expected('channels', 'a positive integer', channels);
  if (!Number.isInteger(sumBlock) || sumBlock < 0)
    throw expected('sumBlock', 'an integer of at least 0', sumBlock);
  const noises = axes.map((axis) => ('transform' in axis ? axisNoise(axis) : plainNoise(axis)));
  const sums = sumRoundings(channels, sumBlock, fused);
  const errors = positions(noises).map((at) => {
    const gain = productOf(at, (axis) => axis.gain);
    const walks = productOf(at, ({ gainSquares }) => gainSquares) * sums.squares;
    const plain = sumRoundings(channels * productOf(at, ({ signal }) => signal), 0, false);
    return {
      winograd: meanDeviation(
        gain * sums.variance + channels * transformVariance(at, gain, arithmetic),
        walks,
      ),
      direct: meanDeviation(plain.variance, plain.squares),
    };
  });
  const mean = (kind: 'winograd' | 'direct') =>
    (HALF_ULP.float32 *
      Math.sqrt(PRODUCT_VARIANCE) *
      MEAN_OF_MODULUS *
      sum(errors.map((each) => each[kind]))) /
    errors.length;
  const [absolute, direct] = [mean('winograd'), mean('direct')];
  return { absolute, direct, ratio: absolute / direct };
}

/** One axis of a layer. */
export interface LayerAxis {
  /** Means over the outputs along the axis; left out where taps are summed like channels. */
  readonly noise?: AxisNoise;
  /** Taps of an output on inputs that are there: the mean over the outputs, and the mean of their squares. */
  readonly taps: { readonly mean: number; readonly meanSquare: number };
}

/**
 * The root mean square error of a whole layer over that of direct convolution in single precision, summed in sequence
 * without fused operations. Unlike the mean modulus of {@link expectedLayerError} it needs nothing but variances, whose
 * means over the outputs are those along the axes multiplied: borders, padding and tiles of several kinds count as
 * often as they occur.
 *
 * @param axes at least one
 * @returns the error when so many channels are summed before the partial sum is added to memory; 0 for all in one sum
 */
export function layerError(
  axes: readonly LayerAxis[],
  arithmetic: Omit<LayerArithmetic, 'sumBlock'>,
): (sumBlock: number) => number {
  const { channels, fused = true } = arithmetic;
  const noises: AxisNoise[] = [];
  let summed = channels;
  for (const { noise, taps } of axes) {
    if (noise === undefined) summed *= Math.sqrt(taps.meanSquare);
    else noises.push(noise);
  }
  const gain = productOf(noises, (axis) => axis.gain);
  const transforms = summed * transformVariance(noises, gain, arithmetic);
  const direct = directVariance(axes, channels).errors;
  return (sumBlock) =>
    Math.sqrt((gain * sumRoundings(summed, sumBlock, fused).variance + transforms) / direct);
}

/**
 * The root mean square error of direct convolution in single precision over the root mean square of its results, summed
 * in sequence without fused operations.
 */
export function directError(axes: readonly Pick<LayerAxis, 'taps'>[], channels: number): number {
  const { errors, results } = directVariance(axes, channels);
  return HALF_ULP.float32 * Math.sqrt(errors / results);
}

function directVariance(axes: readonly Pick<LayerAxis, 'taps'>[], channels: number) {
  const terms = axes.reduce((product, { taps }) => product * taps.mean, channels);
  const squaredTerms = axes.reduce((product, { taps }) => product * taps.meanSquare, channels ** 2);
  // Every product rounds, and so do the partial sums of 2, 3, … terms; outputs on padding alone have none.
  const partialSums = Math.max(0, (squaredTerms + terms) / 2 - 1);
  return { errors: ROUNDING_VARIANCE * (terms + partialSums), results: terms };
}

/** Variance of the roundings inside the transforms, for a channel, given what the axes make of an output. */
function transformVariance(
  noises: readonly AxisNoise[],
  gain: number,
  arithmetic: Omit<LayerArithmetic, 'sumBlock'>,
): number {
  const kernel = arithmetic.kernelTransform === 'single' ? along(noises, 'kernel') : 0;
  return (
    along(noises, 'input') + kernel + storageVariance(noises, gain, arithmetic) + along(noises, 'output')
  );
}

/** Variance of rounding the transformed kernels to what they are stored in. */
function storageVariance(
  noises: readonly AxisNoise[],
  gain: number,
  { kernelTransform = 'double', weightFormat = 'float32' }: Omit<LayerArithmetic, 'sumBlock'>,
): number {
  if (weightFormat !== 'float32')
    return ROUNDING_VARIANCE * gain * (HALF_ULP[weightFormat] / HALF_ULP.float32) ** 2;
  if (kernelTransform === 'single') return 0;
  return ROUNDING_VARIANCE * (gain - productOf(noises, (axis) => axis.exactKernelGain));
}

/**
 * Variance of the roundings of one of the transforms along all axes: amplified by the gain of those that are transformed
 * before (for the output after), while the others treat it like data.
 */
function along(noises: readonly AxisNoise[], part: 'input' | 'kernel' | 'output'): number {
  let [variance, gain] = [0, 1];
  for (const noise of noises) {
    variance = variance * noise.signal + gain * noise[part];
    gain *= noise.gain;
  }
  return variance;
}

const plainNoises = new WeakMap<Transform, readonly AxisNoise[]>();

/** The noise of a transform without programs, computed once: a planner asks for it in many combinations. */
function plainNoise(transform: Transform): readonly AxisNoise[] {
  const noise = plainNoises.get(transform) ?? axisNoise({ transform });
  plainNoises.set(transform, noise);
  return noise;
}

/** Mean of √V for a total variance whose random part is the sum of walks with these squared variances. */
function meanDeviation(variance: number, squares: number): number {
  return Math.sqrt(variance / (1 + (WALK_SLOPE * WALK_VARIANCE * squares) / variance ** 2));
}

/** The roundings when many numbers are added: their variance, and the squared variances of the walks it comes from. */
interface SumRoundings {
  readonly variance: number;
  readonly squares: number;
}

/** Adds n products of variance one: in sequence, or in blocks whose sums are added in sequence. */
function sumRoundings(count: number, block: number, fused: boolean): SumRoundings {
  const size = block === 0 || block >= count ? count : block;
  const whole = Math.floor(count / size);
  const rest = count - whole * size;
  const [inside, remainder] = [walk(size, fused), rest > 0 ? walk(rest, fused) : 0];
  // Partial sums of 2, 3, … blocks; a last short block makes one more addition of the whole.
  const across = size * ((whole * (whole + 1)) / 2 - 1) + (rest > 0 ? count : 0);
  const products = fused ? 0 : count;
  return {
    variance: ROUNDING_VARIANCE * (whole * inside + remainder + across + products),
    squares: ROUNDING_VARIANCE ** 2 * (whole * inside ** 2 + remainder ** 2 + across ** 2),
  };
}

/** Partial sums of 1 (when fused, for then the product rounds there), 2, 3, … n terms. */
function walk(count: number, fused: boolean): number {
  return (count * (count + 1)) / 2 - (fused ? 0 : 1);
}

/** Every combination of an output along each axis. */
function positions(axes: readonly (readonly AxisNoise[])[]): AxisNoise[][] {
  return axes.reduce<AxisNoise[][]>(
    (heads, outputs) => heads.flatMap((head) => outputs.map((output) => [...head, output])),
    [[]],
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}

function productOf(
  noises: readonly AxisNoise[],
  factor: (noise: AxisNoise, index: number) => number,
): number {
  return noises.reduce((product, noise, index) => product * factor(noise, index), 1);
}
