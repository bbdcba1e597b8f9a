import type { Point } from './gain.js';
import { formatPoint, height } from './rationals.js';
import type { FactorTerms, Structure, Term, Values } from './structure.js';

/** The moduli of a structure with rational parameters, in the notation that `synthesize` reads. */
export function formatModuli({ factors }: Structure, values: Values): string[] {
  return factors.map((factor) => formatFactor(factor, values));
}

function formatFactor({ degree, coefficients, points }: FactorTerms, values: Values): string {
  const at = (term: Term) => formatPoint(rationalOf(term, values));
  if (degree === 1) return at(points[0]!);
  const sum = coefficients
    .map((term, power) => ({ text: at(term), power }))
    .filter(({ text }) => text !== '0')
    .reverse()
    .map(
      ({ text, power }) => `${text.startsWith('-') ? '' : '+'}${text}${['', '*x'][power] ?? `*x^${power}`}`,
    );
  return `x^${degree}${sum.join('')}@(${points.map(at).join(' ')})`;
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
