import { Fraction } from 'fraction.js';
import { isZero, ONE, scale, ZERO } from './rational.js';

/**
 * A polynomial over ℚ in x: coefficients from x⁰ upwards, without leading zeros, so that the zero polynomial is empty.
 */
export type Polynomial = readonly Fraction[];

/** The constant polynomial 1. */
export const UNIT: Polynomial = [ONE];

/** Drops leading zeros: the only form in which the functions here return a polynomial. */
export function polynomial(coefficients: readonly Fraction[]): Polynomial {
  let length = coefficients.length;
  while (length > 0 && isZero(coefficients[length - 1]!)) length -= 1;
  return coefficients.slice(0, length);
}

/** x − root. */
export function linear(root: Fraction): Polynomial {
  return [root.neg(), ONE];
}

/** xᵉ. */
export function power(exponent: number): Polynomial {
  return [...Array<Fraction>(exponent).fill(ZERO), ONE];
}

/** The degree; −1 for the zero polynomial. */
export function degree(p: Polynomial): number {
  return p.length - 1;
}

/** p + q. */
export function add(p: Polynomial, q: Polynomial): Polynomial {
  const length = Math.max(p.length, q.length);
  return polynomial(Array.from({ length }, (_, i) => (p[i] ?? ZERO).add(q[i] ?? ZERO)));
}

/** p − q. */
export function subtract(p: Polynomial, q: Polynomial): Polynomial {
  return add(p, scale(q, new Fraction(-1)));
}

/** p · q. */
export function multiply(p: Polynomial, q: Polynomial): Polynomial {
  if (p.length === 0 || q.length === 0) return [];
  const product = Array<Fraction>(p.length + q.length - 1).fill(ZERO);
  p.forEach((a, i) => {
    q.forEach((b, j) => {
      product[i + j] = product[i + j]!.add(a.mul(b));
    });
  });
  return product;
}

/**
 * Quotient and remainder of p by q.
 *
 * @throws Error (division by zero) when q is the zero polynomial
 */
export function divide(p: Polynomial, q: Polynomial): { quotient: Polynomial; remainder: Polynomial } {
  const lead = (q.at(-1) ?? ZERO).inverse();
  const remainder = [...p];
  const quotient: Fraction[] = [];
  for (let shift = p.length - q.length; shift >= 0; shift -= 1) {
    const factor = remainder[shift + q.length - 1]!.mul(lead);
    quotient[shift] = factor;
    q.forEach((coefficient, i) => {
      remainder[shift + i] = remainder[shift + i]!.sub(coefficient.mul(factor));
    });
  }
  return { quotient: polynomial(quotient), remainder: polynomial(remainder) };
}

/** The remainder of p by q. */
export function modulo(p: Polynomial, q: Polynomial): Polynomial {
  return divide(p, q).remainder;
}

/** p divided by its leading coefficient. */
export function monic(p: Polynomial): Polynomial {
  return p.length === 0 ? p : scale(p, p.at(-1)!.inverse());
}

/** The monic greatest common divisor, and u with u · p ≡ gcd (mod q): Euclid's extended algorithm. */
export function extendedGcd(p: Polynomial, q: Polynomial): { gcd: Polynomial; cofactor: Polynomial } {
  let [r0, r1, u0, u1]: Polynomial[] = [p, q, UNIT, []] as const as [
    Polynomial,
    Polynomial,
    Polynomial,
    Polynomial,
  ];
  while (r1!.length > 0) {
    const { quotient, remainder } = divide(r0!, r1!);
    [r0, r1, u0, u1] = [r1, remainder, u1, subtract(u0!, multiply(quotient, u1!))];
  }
  const lead = r0!.at(-1)?.inverse() ?? ONE;
  return { gcd: scale(r0!, lead), cofactor: scale(u0!, lead) };
}

/**
 * The inverse of p modulo q.
 *
 * @throws Error when p and q have a common factor; callers check that first, where they can name it
 */
export function inverseModulo(p: Polynomial, q: Polynomial): Polynomial {
  const { gcd, cofactor } = extendedGcd(modulo(p, q), q);
  if (degree(gcd) !== 0) throw new Error(`${format(p)} has no inverse modulo ${format(q)}`);
  return modulo(cofactor, q);
}

/** How the parts of a term are written. */
export interface Notation {
  readonly number: (value: Fraction) => string;
  /** Between a coefficient and a power of x. */
  readonly times: string;
  readonly power: (exponent: number) => string;
}

const plain: Notation = {
  number: (value) => value.toFraction(),
  times: '*',
  power: (exponent) => `x^${exponent}`,
};

/** The text of a polynomial, highest power first: `x^2-3/2*x+1`, which `parsePolynomial` reads back. */
export function format(p: Polynomial, notation = plain): string {
  const terms = p.map((coefficient, exponent) => term(coefficient, exponent, notation)).reverse();
  return terms.join('').replace(/^\+/, '') || '0';
}

function term(coefficient: Fraction, exponent: number, { number, times, power }: Notation): string {
  if (isZero(coefficient)) return '';
  const sign = coefficient.s < 0n ? '-' : '+';
  const magnitude = coefficient.abs();
  if (exponent === 0) return sign + number(magnitude);
  const variable = exponent === 1 ? 'x' : power(exponent);
  return sign + (magnitude.equals(ONE) ? variable : number(magnitude) + times + variable);
}
