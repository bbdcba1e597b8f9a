import type { Fraction } from 'fraction.js';
import { isZero, ONE, ZERO } from '../algebra/rational.js';

/** A number of ℚ(i). */
export interface Gaussian {
  readonly re: Fraction;
  readonly im: Fraction;
}

/** The number 1. */
export const UNIT: Gaussian = { re: ONE, im: ZERO };

/** The number 0. */
export const NOTHING: Gaussian = { re: ZERO, im: ZERO };

/** Sum of two numbers. */
export function add(a: Gaussian, b: Gaussian): Gaussian {
  return { re: a.re.add(b.re), im: a.im.add(b.im) };
}

/** Product of two numbers. */
export function multiply(a: Gaussian, b: Gaussian): Gaussian {
  if (isZero(a.im) && isZero(b.im)) return { re: a.re.mul(b.re), im: ZERO };
  return { re: a.re.mul(b.re).sub(a.im.mul(b.im)), im: a.re.mul(b.im).add(a.im.mul(b.re)) };
}

/** 1/a for a ≠ 0. */
export function inverse(a: Gaussian): Gaussian {
  const norm = a.re.mul(a.re).add(a.im.mul(a.im));
  return { re: a.re.div(norm), im: a.im.neg().div(norm) };
}

/** The number with its imaginary part turned round. */
export function conjugate({ re, im }: Gaussian): Gaussian {
  return { re, im: im.neg() };
}

/** The negative of a number. */
export function negate({ re, im }: Gaussian): Gaussian {
  return { re: re.neg(), im: im.neg() };
}

/** True for the same number. */
export function equals(a: Gaussian, b: Gaussian): boolean {
  return a.re.equals(b.re) && a.im.equals(b.im);
}

/** `3/5`, `i`, `-2+1/2i`. */
export function format({ re, im }: Gaussian): string {
  if (isZero(im)) return re.toFraction();
  const size = im.abs().equals(ONE) ? '' : im.abs().toFraction();
  const sign = im.s < 0n ? '-' : isZero(re) ? '' : '+';
  return `${isZero(re) ? '' : re.toFraction()}${sign}${size}i`;
}
