import type { Fraction } from 'fraction.js';
import { degree, format, linear, type Polynomial, power } from '../algebra/polynomial.js';
import { isZero, ONE, ZERO } from '../algebra/rational.js';
import { expected, InputError } from '../errors.js';
import { formatPoint, INFINITY, type Modulus, modulusProducts, type Point, parseModuli } from './moduli.js';
import type { ProductCount } from './tile.js';

/**
 * Moduli by D = outputs + taps − 1. The best ones hardly depend on how D splits into S and G, so one list serves all.
 *
 * The rule: the fewest products whose noise gain stays near that of F(6, 3) on NNPACK's points (2.6 G), the most that
 * ConvNets are known to bear. Up to D = 8 real points suffice and T = D; from there on every three inputs more
 * need one more quadratic, T = D + ⌈(D − 8)/3⌉. Points come in ± pairs with ∞, with 0 for even D only; quadratics
 * have their roots on the unit circle. The pairs were found by minimising the noise gain over real points and
 * middle coefficients, then over fractions with a denominator of at most 8, which are exact in floating point: they
 * are within 1 % of the real minimum up to D = 9, within 3 % up to D = 16 and within 8 % up to D = 24. Two
 * exceptions for simplicity: D = 3 takes ±1 for ±5/8 (15 % more noise), D = 4 is Winograd's own.
 */
const BY_INPUTS: Readonly<Record<number, string>> = {
  3: '±1, inf',
  4: '0, ±1, inf',
  5: '±3/8, ±5/4, inf',
  6: '0, ±5/8, ±3/2, inf',
  7: '±1/4, ±7/8, ±7/4, inf',
  8: '0, ±1, ±2, ±1/2, inf',
  9: '±3/8, ±7/8, ±13/8, x^2+1, inf',
  10: '0, ±1/2, ±1, ±7/4, x^2+1, inf',
  11: '±1/4, ±3/4, ±9/8, ±2, x^2+1, inf',
  12: '0, ±5/8, ±1, ±13/8, x^2±3/4*x+1, inf',
  13: '±1/4, ±3/4, ±9/8, ±15/8, x^2±3/4*x+1, inf',
  14: '0, ±1/2, ±7/8, ±9/8, ±17/8, x^2±3/4*x+1, inf',
  15: '±3/8, ±3/4, ±9/8, ±7/4, x^2+1, x^2±9/8*x+1, inf',
  16: '0, ±1/2, ±7/8, ±9/8, ±2, x^2+1, x^2±9/8*x+1, inf',
  17: '±1/4, ±5/8, ±1, ±5/4, ±17/8, x^2+1, x^2±9/8*x+1, inf',
  18: '0, ±1/2, ±7/8, ±9/8, ±15/8, x^2±1/2*x+1, x^2±11/8*x+1, inf',
  19: '±1/4, ±5/8, ±1, ±5/4, ±17/8, x^2±1/2*x+1, x^2±11/8*x+1, inf',
  20: '0, ±1/2, ±3/4, ±1, ±5/4, ±9/4, x^2±1/2*x+1, x^2±5/4*x+1, inf',
  21: '±1/4, ±5/8, ±1, ±5/4, ±2, x^2+1, x^2±3/4*x+1, x^2±3/2*x+1, inf',
  22: '0, ±1/2, ±3/4, ±1, ±5/4, ±9/4, x^2+1, x^2±3/4*x+1, x^2±3/2*x+1, inf',
  23: '±1/4, ±5/8, ±7/8, ±1, ±11/8, ±19/8, x^2+1, x^2±3/4*x+1, x^2±11/8*x+1, inf',
  24: '0, ±1/2, ±3/4, ±1, ±5/4, ±2, x^2±3/8*x+1, x^2±x+1, x^2±3/2*x+1, inf',
};

/** The greatest D for which `defaultModuli` has an answer. */
export const MAX_DEFAULT_INPUTS = Math.max(...Object.keys(BY_INPUTS).map(Number));

/**
 * The moduli of F(S, G) when the caller names none: good ones, not merely valid (see the list above). Where one side
 * is a single number there is nothing to gain, and x^D gives the plain algorithm with its S·G products.
 *
 * @throws InputError when D = outputs + taps − 1 is above `MAX_DEFAULT_INPUTS`
 */
export function defaultModuli(outputs: number, taps: number): Modulus[] {
  const inputs = outputs + taps - 1;
  if (outputs === 1 || taps === 1) return [{ polynomial: power(inputs) }];
  const list = BY_INPUTS[inputs];
  if (list !== undefined) return parseModuli(list);
  throw new InputError(
    `Expected moduli for F(${outputs}, ${taps}): defaults end at outputs + taps − 1 = ${MAX_DEFAULT_INPUTS}`,
  );
}

/** T of F(S, G) with its default moduli; infinite where there are none, which saves nothing. */
export const defaultProducts: ProductCount = (outputs, taps) =>
  outputs + taps - 1 > MAX_DEFAULT_INPUTS
    ? Number.POSITIVE_INFINITY
    : defaultModuli(outputs, taps).reduce((sum, each) => sum + modulusProducts(each, outputs, taps), 0);

/**
 * Moduli that are all linear, so that T = D, for any D: real points and ∞. Beyond D = 8 they are chosen to be simple,
 * and are too noisy for single precision: see `defaultModuli`.
 */
export function linearModuli(outputs: number, taps: number): Modulus[] {
  return realPoints(outputs + taps - 1).map((point) =>
    point === INFINITY ? point : { polynomial: linear(point) },
  );
}

/**
 * Settles at which points each residue product of F(S, G) is evaluated: as many as it has scalar products.
 * None are needed where the residue of either side is a scalar.
 *
 * @throws InputError when a modulus names too few points or more than 2n − 1
 */
export function resolvePoints(modulus: Modulus, outputs: number, taps: number): Modulus {
  if (modulus === INFINITY) return modulus;
  const { polynomial, points } = modulus;
  const n = degree(polynomial);
  const count = modulusProducts(modulus, outputs, taps);
  if (points !== undefined && (points.length < count || points.length > 2 * n - 1)) {
    throw expected(
      `the points of ${format(polynomial)}`,
      `${2 * n - 1} in number`,
      points.map(formatPoint).join(' '),
    );
  }
  if (n === 1 || outputs === 1 || taps === 1) return { polynomial };
  return { polynomial, points: points?.slice(0, count) ?? defaultPoints(polynomial, count) };
}

/**
 * The points at which the residue product of a modulus is evaluated when it names none: for quadratics those with the
 * least noise among 0, 1, −1 and ∞, the sign of the middle coefficient deciding, so that x² ± bx + c mirror each
 * other; for higher degrees the linear moduli of `defaultModuli` while these are real, then ever larger fractions.
 *
 * @param modulus of degree 2 or more
 * @param count how many scalar products the residues need, at most 2n − 1 for degree n
 */
function defaultPoints(modulus: Polynomial, count: number): readonly Point[] {
  const middle = modulus[1]!.s;
  if (count === 3 && !isZero(modulus[1]!)) return [ZERO, middle > 0n ? ONE.neg() : ONE, INFINITY];
  if (count === 3) return [ONE, ONE.neg(), INFINITY];
  return realPoints(count);
}

/** The greatest D for which the list above has linear moduli only. */
const MAX_REAL_INPUTS = 8;

/** That many points: those of the list above if it has them, else ∞, 0 for an even count, and simple ± pairs. */
function realPoints(count: number): Point[] {
  const list = count <= MAX_REAL_INPUTS ? BY_INPUTS[count] : undefined;
  if (list !== undefined) return parseModuli(list).map(pointOf);
  const points: Point[] = count % 2 === 0 ? [ZERO, INFINITY] : [INFINITY];
  for (let value = ONE; points.length < count; value = nextRational(value)) points.push(value, value.neg());
  return points;
}

function pointOf(modulus: Modulus): Point {
  return modulus === INFINITY ? modulus : modulus.polynomial[0]!.neg();
}

/** The successor in the sequence of Calkin and Wilf, which visits every positive rational once: 1, ½, 2, ⅓, 3/2, … */
function nextRational(value: Fraction): Fraction {
  return value.floor().mul(2).add(ONE).sub(value).inverse();
}
