import { expected } from './errors.js';
import { type AxisArithmetic, type AxisNoise, axisNoise } from './noise-axis.js';
import { ROUNDING_VARIANCE } from './program/rounding.js';
import type { Transform } from './transform.js';

/** How a layer is summed in single precision. */
export interface LayerArithmetic {
  /** Input channels that one output sums over; for grouped layers those of a group. */
  readonly channels: number;
  /** Channels summed before the partial sum is added to memory; 0, the default, for all in one sum. */
  readonly sumBlock?: number;
  /** Precision of the kernel transform, whose result is rounded to single either way. `double` by default. */
  readonly kernelTransform?: 'single' | 'double';
  /** Whether products are added by fused multiply-add, without a rounding of their own. True by default. */
  readonly fused?: boolean;
}

/** Expected rounding errors of a layer's outputs. */
export interface ExpectedError {
  /** Mean |error| of Winograd for data and kernels uniform in [−1, 1]. */
  readonly absolute: number;
  /** Mean |error| of direct convolution in single precision, summed in sequence without fused operations. */
  readonly direct: number;
  /** The one as a multiple of the other. */
  readonly ratio: number;
}

/** Variance of the product of two numbers uniform in [−1, 1]. */
const PRODUCT_VARIANCE = 1 / 9;
/** Mean |x| of a normal variable of variance one, which a sum of many roundings is. */
const MEAN_OF_MODULUS = Math.sqrt(2 / Math.PI);
const HALF_ULP = 2 ** -24;
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
 * @throws InputError when there is no axis, or a number is not positive
 */
export function expectedLayerError(
  axes: readonly (Transform | AxisArithmetic)[],
  arithmetic: LayerArithmetic,
): ExpectedError {
  const { channels, sumBlock = 0, kernelTransform = 'double', fused = true } = arithmetic;
  if (axes.length === 0) throw expected('axes', 'one transform per axis', axes);
  if (!Number.isInteger(channels) || channels < 1) throw expected('channels', 'a positive integer', channels);
  if (!Number.isInteger(sumBlock) || sumBlock < 0)
    throw expected('sumBlock', 'an integer of at least 0', sumBlock);
  const noises = axes.map((axis) => ('transform' in axis ? axisNoise(axis) : plainNoise(axis)));
  const sums = sumRoundings(channels, sumBlock, fused);

  const deviations = positions(noises).map((at) => {
    const gain = productOf(noises, (axis, i) => axis.gain[at[i]!]!);
    const exact = productOf(noises, (axis, i) => axis.exactKernelGain[at[i]!]!);
    const rounded = ROUNDING_VARIANCE * (gain - exact);
    // Along axis i: gain for the axes transformed before, signal for those after (for the output the reverse).
    const along = (part: 'input' | 'kernel' | 'output') =>
      noises.reduce((total, axis, i) => {
        const others = productOf(noises, (other, j) =>
          i === j ? 1 : j < i ? other.gain[at[j]!]! : other.signal,
        );
        return total + axis[part][at[i]!]! * others;
      }, 0);
    const kernel = kernelTransform === 'double' ? rounded : along('kernel');
    const variance = gain * sums.variance + channels * (along('input') + kernel + along('output'));
    const walks = productOf(noises, (axis, i) => axis.gainSquares[at[i]!]!) * sums.squares;
    return meanDeviation(variance, walks);
  });
  const unit = HALF_ULP * Math.sqrt(PRODUCT_VARIANCE) * MEAN_OF_MODULUS;
  const absolute = (unit * deviations.reduce((total, each) => total + each, 0)) / deviations.length;
  const plain = sumRoundings(productOf(noises, ({ signal }) => signal) * channels, 0, false);
  const direct = unit * meanDeviation(plain.variance, plain.squares);
  return { absolute, direct, ratio: absolute / direct };
}

const plainNoises = new WeakMap<Transform, AxisNoise>();

/** The noise of a transform without programs, computed once: a planner asks for it in many combinations. */
function plainNoise(transform: Transform): AxisNoise {
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
  const products = fused ? 0 : count;
  const inside = [...Array<number>(whole).fill(walk(size, fused)), ...(rest > 0 ? [walk(rest, fused)] : [])];
  // Partial sums of 2, 3, … blocks; a last short block makes one more addition of the whole.
  const across = size * ((whole * (whole + 1)) / 2 - 1) + (rest > 0 ? count : 0);
  const walks = [...inside, across].map((each) => each * ROUNDING_VARIANCE);
  return {
    variance: walks.reduce((total, each) => total + each, products * ROUNDING_VARIANCE),
    squares: walks.reduce((total, each) => total + each * each, 0),
  };
}

/** Partial sums of 1 (when fused, for then the product rounds there), 2, 3, … n terms. */
function walk(count: number, fused: boolean): number {
  return (count * (count + 1)) / 2 - (fused ? 0 : 1);
}

function positions(noises: readonly AxisNoise[]): number[][] {
  return noises.reduce<number[][]>(
    (heads, { gain }) => heads.flatMap((head) => gain.map((_, s) => [...head, s])),
    [[]],
  );
}

function productOf(
  noises: readonly AxisNoise[],
  factor: (noise: AxisNoise, index: number) => number,
): number {
  return noises.reduce((product, noise, index) => product * factor(noise, index), 1);
}
