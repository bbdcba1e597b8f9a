import type { Point } from '../core/squared-gain.js';
import { formatPoint, height } from './rationals.js';
import type { FactorTerms, Structure, Term, Values } from './structure.js';

/**
 * The moduli of a structure with rational parameters, in the notation that `synthesize` reads and in a fixed order:
 * points by their modulus, positive ones first; then polynomials; infinity last.
 */
export function formatModuli({ factors }: Structure, values: Values): string[] {
  const [linear, higher] = [factors.filter(isLinear), factors.filter((factor) => !isLinear(factor))];
  const points = linear.map(({ points }) => rationalOf(points[0]!, values)).sort(byModulus);
  const finite = points.filter(([u]) => u !== 0).map(formatPoint);
  const polynomials = higher.map((factor) => formatPolynomial(factor, values)).sort();
  return [...finite, ...polynomials, ...points.filter(([u]) => u === 0).map(formatPoint)];
}

function isLinear({ degree }: FactorTerms): boolean {
  return degree === 1;
}

function formatPolynomial({ degree, coefficients, points }: FactorTerms, values: Values): string {
  const sum = coefficients
    .map((term, power) => ({ text: formatPoint(rationalOf(term, values)), power }))
    .filter(({ text }) => text !== '0')
    .reverse()
    .map(
      ({ text, power }) => `${text.startsWith('-') ? '' : '+'}${text}${['', '*x'][power] ?? `*x^${power}`}`,
    );
  const at = points.map((term) => rationalOf(term, values)).sort(byModulus);
  return `x^${degree}${sum.join('')}@(${at.map(formatPoint).join(' ')})`;
}

/** By |x|, positive before negative. */
function byModulus([u, w]: Point, [v, x]: Point): number {
  return Math.abs(w) * v - Math.abs(x) * u || x - w;
}

/** The rational that a term stands for. */
export function rationalOf(term: Term, values: Values): Point {
  if ('fixed' in term) return term.fixed;
  const [u, w] = values[term.parameter]!;
  return u === 0 ? [0, 1] : [u, w === 0 ? 0 : term.sign * w];
}

/** What a product costs beyond its constants unless it is that of 0 or ∞, whose rows are nearly empty. */
const FULL_ROW = 3;

/** A guess at how many operations the moduli cost, good enough to leave most of them unsynthesized. */
export function complexity({ factors }: Structure, values: Values): number {
  const heights = (terms: readonly Term[]) => terms.map((term) => height(rationalOf(term, values)) - 1);
  return factors
    .flatMap(({ coefficients, points }) => [
      ...heights(coefficients),
      ...heights(points).map((each) => (each > 0 ? each + FULL_ROW : 0)),
    ])
    .reduce((sum, each) => sum + each, 0);
}
