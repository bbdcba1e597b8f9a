import { Fraction } from 'fraction.js';

/** The rational 0, shared: fractions are immutable. */
export const ZERO = new Fraction(0);

/** The rational 1. */
export const ONE = new Fraction(1);

/** True for the rational 0, without allocating as `equals` does. */
export function isZero(value: Fraction): boolean {
  return value.n === 0n;
}

/** Whether two rationals are equal, without allocating as `equals` does: fractions are kept in lowest terms. */
export function isSame(left: Fraction, right: Fraction): boolean {
  return left.n === right.n && left.d === right.d && (left.s === right.s || left.n === 0n);
}

/** Whether one is the other times −1. */
export function isOpposite(left: Fraction, right: Fraction): boolean {
  return left.n === right.n && left.d === right.d && (left.s !== right.s || left.n === 0n);
}

/** The greatest common divisor of two non-negative integers; gcd(0, b) = b. */
export function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}

/** The least common multiple of two positive integers. */
export function lcm(a: bigint, b: bigint): bigint {
  return (a / gcd(a, b)) * b;
}

/**
 * The content of a vector: the positive rational that leaves coprime integers when the vector is divided by it.
 * The content of a zero vector is 1.
 */
export function content(values: readonly Fraction[]): Fraction {
  const numerator = values.reduce((sum, { n }) => gcd(sum, n), 0n);
  const denominator = values.reduce((sum, { d }) => lcm(sum, d), 1n);
  return numerator === 0n ? ONE : new Fraction(numerator, denominator);
}

/** The vector with every entry multiplied by `factor`. */
export function scale(values: readonly Fraction[], factor: Fraction): Fraction[] {
  return values.map((value) => value.mul(factor));
}
