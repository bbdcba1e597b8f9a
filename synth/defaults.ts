import { Fraction } from 'fraction.js';
import { INFINITY, type Modulus, type Point } from './moduli.js';
import { linear, type Polynomial, power } from './polynomial.js';

const PAIRS = ['1', '2', '1/2', '4', '1/4', '3/2', '2/3', '3', '1/3', '3/4', '4/3'].map(
  (t) => new Fraction(t),
);

/** TEMP */
export function defaultModuli(outputs: number, taps: number): Modulus[] {
  const total = outputs + taps - 1;
  if (outputs === 1 || taps === 1) return [{ polynomial: power(total) }];
  return realPoints(total).map((p) => (p === INFINITY ? p : { polynomial: linear(p) }));
}

function realPoints(count: number): Point[] {
  const finite = PAIRS.flatMap((p) => [p, p.neg()]);
  const points: Point[] = count % 2 === 0 ? [new Fraction(0)] : [];
  return [...points, ...finite.slice(0, count - 1 - points.length), INFINITY];
}

/** TEMP */
export function defaultPoints(modulus: Polynomial): readonly Point[] {
  if (modulus.length === 3) return [new Fraction(0), new Fraction(1), INFINITY];
  return realPoints(2 * modulus.length - 3);
}
