import { Fraction } from 'fraction.js';
import { linear } from '../algebra/polynomial.js';
import { content, isZero, lcm, ONE, ZERO } from '../algebra/rational.js';
import { scaleRows } from '../algebra/rows.js';
import { checkTransform } from '../core/check.js';
import { defaultModuli } from '../core/defaults.js';
import { formatModulus, INFINITY, type Modulus } from '../core/moduli.js';
import { settleOutputs } from '../core/outputs.js';
import { proveTransform } from '../core/prove.js';
import { SYNTHESIS_OPTIONS, type SynthesisOptions, synthesize } from '../core/synthesize.js';
import type { Matrix, Transform } from '../core/transform.js';
import { expected } from '../errors.js';
import { checkOptions } from '../options.js';

/** An algorithm in integers: y = A[(C g) ⊙ (B d)] / divisor, where the division leaves no rest. */
export interface IntegerTransform {
  /** The same algorithm, scaled so that rows of B and C are coprime integers; A · divisor is integer too. */
  readonly transform: Transform;
  /** A · divisor. */
  readonly A: Matrix;
  /** The least common denominator of A; N nested axes divide by its N-th power. */
  readonly divisor: bigint;
}

/** The greatest magnitude that a value can take, for whatever data. */
export interface IntegerRange {
  readonly magnitude: bigint;
  /** log₂ of the magnitude plus the sign: 8 for int8 itself. Fractional; what it takes is the next integer. */
  readonly bits: number;
  /** The narrowest of int8, int16, int32 and int64 that holds it; undefined beyond. */
  readonly type: 'int8' | 'int16' | 'int32' | 'int64' | undefined;
}

/** How far integers grow on their way through an algorithm nested over `dims` axes, for any data. */
export interface BitGrowth {
  readonly dims: number;
  /** Of the transformed inputs B d. */
  readonly data: IntegerRange;
  /** Of the transformed kernels C g. */
  readonly kernel: IntegerRange;
  /** Of their products, each with its own rows. */
  readonly product: IntegerRange;
  /** How many channels an int32 sums for certain: 0 when one product may overflow it. */
  readonly channels: number;
}

/**
 * Scales rows of B and C to coprime integers, those of C positive at first; the columns of A undo it. Proved.
 *
 * @param from a transform, or what to synthesize; then from `integerModuli` unless moduli are named
 * @throws InputError when it is neither
 */
export function integerTransform(from: Transform | SynthesisOptions): IntegerTransform {
  const transform = 'A' in Object(from) ? (from as Transform) : integerAlgorithm(from);
  checkTransform(transform);
  const scaled = scaleRows(
    transform,
    transform.B.map((row, t) => {
      const kernel = transform.C[t]!;
      const sign = kernel.find((value) => !isZero(value))?.s ?? 1n;
      const [b, c] = [content(row).inverse(), content(kernel).inverse().mul(sign)];
      return { a: ONE.div(b).div(c), b, c };
    }),
  );
  proveTransform(scaled);
  const divisor = scaled.A.flat().reduce((all, { d }) => lcm(all, d), 1n);
  return { transform: scaled, A: scaled.A.map((row) => row.map((value) => value.mul(divisor))), divisor };
}

function integerAlgorithm(options: SynthesisOptions): Transform {
  checkOptions('integerTransform', options, SYNTHESIS_OPTIONS);
  const outputs = settleOutputs(options);
  const { taps, moduli = integerModuli(outputs, taps).map(formatModulus) } = options;
  return synthesize({ outputs, taps, moduli });
}

/**
 * Moduli whose matrices are small integers once rows are scaled: 0, ∞ and the points of the smallest numerators and
 * denominators, 1, −1, 2, −2, 1/2, −1/2, 3, …, so that T = D. Where one side is a single number, those of
 * `defaultModuli`.
 *
 * @throws InputError when a size is no positive integer, or D = outputs + taps − 1 is above `MAX_DEFAULT_INPUTS`
 */
export function integerModuli(outputs: number, taps: number): Modulus[] {
  // Their limits are the same.
  const fallback = defaultModuli(outputs, taps);
  if (outputs === 1 || taps === 1) return fallback;
  const points: Fraction[] = [ZERO];
  const inputs = outputs + taps - 1;
  for (let height = 1; points.length < inputs; height++) points.push(...pointsOfHeight(height));
  return [...points.slice(0, inputs - 1).map((point) => ({ polynomial: linear(point) })), INFINITY];
}

/** Rationals whose larger part in lowest terms is `height`: for 3 these are ±3, ±1/3, ±3/2 and ±2/3. */
function pointsOfHeight(height: number): Fraction[] {
  return Array.from({ length: height }, (_, i) => new Fraction(height, i + 1))
    .filter(({ n }) => n === BigInt(height))
    .flatMap((large) => (large.equals(ONE) ? [large] : [large, large.inverse()]))
    .flatMap((point) => [point, point.neg()]);
}

/**
 * Certifies how many bits an integer algorithm takes: a row's result is at most its ℓ₁ norm times the largest entry,
 * which data with the row's signs come close to. Over N axes the rows are Kronecker products and their norms multiply.
 *
 * @param bits of data and kernel, two's complement; 8 by default, so that entries reach −128
 * @throws InputError when it is no integer transform, or dims or bits are out of range
 */
export function bitGrowth(integer: IntegerTransform, dims: number, bits = 8): BitGrowth {
  const { transform } = Object(integer) as IntegerTransform;
  checkTransform(transform);
  if (!Number.isInteger(dims) || dims < 1 || dims > 4) throw expected('dims', 'an integer from 1 to 4', dims);
  if (!Number.isInteger(bits) || bits < 2 || bits > 32)
    throw expected('bits', 'an integer from 2 to 32', bits);
  const entry = 2n ** BigInt(bits - 1);
  const [data, kernel] = [norms(transform.B), norms(transform.C)];
  const nested = (norm: bigint) => norm ** BigInt(dims);
  const product = entry * entry * nested(largest(data.map((norm, t) => norm * kernel[t]!)));
  return {
    dims,
    data: rangeOf(entry * nested(largest(data))),
    kernel: rangeOf(entry * nested(largest(kernel))),
    product: rangeOf(product),
    channels: Number((2n ** 31n - 1n) / product),
  };
}

/** ℓ₁ norms of integer rows. */
function norms(matrix: Matrix): bigint[] {
  return matrix.map((row) => row.reduce((sum, { n }) => sum + n, 0n));
}

function largest(values: readonly bigint[]): bigint {
  let most = 0n;
  for (const value of values) if (value > most) most = value;
  return most;
}

const TYPES = [
  ['int8', 8n],
  ['int16', 16n],
  ['int32', 32n],
  ['int64', 64n],
] as const;

function rangeOf(magnitude: bigint): IntegerRange {
  const type = TYPES.find(([, width]) => magnitude < 2n ** (width - 1n))?.[0];
  return { magnitude, bits: Math.log2(Number(magnitude)) + 1, type };
}
