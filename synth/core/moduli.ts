import type { Fraction } from 'fraction.js';
import { parsePolynomial, parseRational } from '../algebra/parse.js';
import { degree, extendedGcd, format, linear, monic, type Polynomial } from '../algebra/polynomial.js';
import { expected, InputError } from '../errors.js';

/** The point at infinity: the residue there is the leading coefficient. */
export const INFINITY = 'inf';

/** Where a polynomial is evaluated: a rational, or infinity. */
export type Point = Fraction | typeof INFINITY;

/** A monic polynomial m⁽ᵏ⁾(x) of Theorem 1 (Budden et al. 2017), or the point at infinity. */
export type Modulus = typeof INFINITY | FiniteModulus;

/** A monic polynomial m⁽ᵏ⁾(x), with the points of its residue product where its degree is 2 or more. */
export interface FiniteModulus {
  readonly polynomial: Polynomial;
  /** Up to 2n − 1 points for degree n; see `resolvePoints`. */
  readonly points?: readonly Point[];
}

/** Moduli as users write them: `'0, ±5/8, x^2+1, inf'`, or one array element each. */
export type ModuliInput = string | readonly (string | number)[];

/**
 * Reads moduli. A rational r stands for x − r, `±r` for both signs, `inf` (or ∞) for the point at infinity, anything
 * else is a polynomial in x; `x^2+1@(0 1 inf)` names the points at which its residue product is evaluated.
 *
 * @throws InputError when a part cannot be read
 */
export function parseModuli(input: ModuliInput): Modulus[] {
  if (typeof input !== 'string' && !Array.isArray(input)) {
    throw expected('moduli', 'text such as "0, ±1, x^2+1, inf" or an array of such', input);
  }
  const parts = typeof input === 'string' ? split(input) : input.flatMap((part) => split(String(part)));
  return parts.flatMap((part) => expandSigns(part.replaceAll('−', '-'))).map(parseModulus);
}

/** Splits at commas that stand outside parentheses; `x^2+1@0,1,inf` alone keeps its points. */
function split(text: string): string[] {
  if (/^[^,()]*@[^()]*$/.test(text)) return [text.trim()];
  const parts = text.split(/,(?![^()]*\))/).map((part) => part.trim());
  if (parts.includes('')) throw expected('moduli', 'a list separated by commas', text);
  return parts;
}

/** `±` stands for both signs, in a rational (`±3/2`) or a polynomial (`x^2±x+1`), but not in a list of points. */
function expandSigns(part: string): string[] {
  const text = part.replace(/^\+\/?-/, '±');
  const [before, after, ...rest] = text.split('@')[0]!.split('±');
  if (after === undefined) return [part];
  if (rest.length > 0) throw expected('modulus', 'a rational or polynomial with at most one ±', part);
  const points = text.slice(before!.length + after.length + 1);
  return ['+', '-'].map((sign) => `${before}${sign}${after}${points}`.replace(/^\+/, ''));
}

function parseModulus(text: string): Modulus {
  const point = parsePoint(text);
  if (point !== undefined) return point === INFINITY ? point : { polynomial: linear(point) };
  const [expression, list, ...rest] = text.split('@');
  if (rest.length > 0)
    throw expected('modulus', 'a polynomial with at most one list of points after @', text);
  const polynomial = monic(parsePolynomial(expression!));
  if (degree(polynomial) < 1) throw expected('modulus', 'a polynomial of degree 1 or more', text);
  return list === undefined ? { polynomial } : { polynomial, points: parsePoints(list, polynomial) };
}

function parsePoints(list: string, modulus: Polynomial): Point[] {
  const texts = list
    .replace(/[()]/g, ' ')
    .trim()
    .split(/[\s,]+/)
    .flatMap(expandSigns);
  const points = texts.map((text) => {
    const point = parsePoint(text);
    if (point === undefined) throw expected(`every point of ${format(modulus)}`, 'a rational or inf', text);
    return point;
  });
  const names = points.map(formatPoint);
  const repeated = names.find((name, i) => names.indexOf(name) < i);
  if (repeated !== undefined) {
    throw new InputError(`Expected distinct points for ${format(modulus)} but ${repeated} is given twice`);
  }
  return points;
}

function parsePoint(text: string): Point | undefined {
  return /^\+?(inf|∞|infinity)$/i.test(text) ? INFINITY : parseRational(text);
}

/**
 * Checks the conditions of Theorem 1: pairwise coprime, and degrees (1 for infinity) that add up to D.
 *
 * @param total D = outputs + taps − 1
 * @throws InputError naming the moduli that break a condition
 */
export function validateModuli(moduli: readonly Modulus[], total: number): void {
  moduli.forEach((modulus, i) => {
    for (const earlier of moduli.slice(0, i)) checkCoprime(earlier, modulus);
  });
  const sum = moduli.reduce((degrees, modulus) => degrees + modulusDegree(modulus), 0);
  if (sum !== total) {
    const names = moduli.map((modulus) => formatName(modulus)).join(', ');
    throw new InputError(
      `Expected the degrees of the moduli to add up to ${total} (outputs + taps − 1) ` +
        `but received ${sum} (${names || 'none'})`,
    );
  }
}

function checkCoprime(first: Modulus, second: Modulus): void {
  const [a, b] = [formatName(first), formatName(second)];
  if (a === b) throw new InputError(`Expected moduli to be pairwise coprime but ${a} is given twice`);
  if (first === INFINITY || second === INFINITY) return;
  const { gcd } = extendedGcd(first.polynomial, second.polynomial);
  if (degree(gcd) > 0) {
    throw new InputError(
      `Expected moduli to be pairwise coprime but ${a} and ${b} have the common factor ${format(gcd)}`,
    );
  }
}

/** The degree a modulus adds to m(x): 1 for infinity. */
export function modulusDegree(modulus: Modulus): number {
  return modulus === INFINITY ? 1 : degree(modulus.polynomial);
}

/**
 * The scalar products that a modulus costs in F(S, G): min(S, n) + min(G, n) − 1 for degree n, since residues are
 * convolved that have as many coefficients.
 */
export function modulusProducts(modulus: Modulus, outputs: number, taps: number): number {
  const n = modulusDegree(modulus);
  return Math.min(outputs, n) + Math.min(taps, n) - 1;
}

/** The canonical text of a modulus, with its points where it names any: `5/8`, `inf`, `x^2+1@(0 1 inf)`. */
export function formatModulus(modulus: Modulus): string {
  if (modulus === INFINITY || modulus.points === undefined) return formatName(modulus);
  return `${formatName(modulus)}@(${modulus.points.map(formatPoint).join(' ')})`;
}

function formatName(modulus: Modulus): string {
  if (modulus === INFINITY) return INFINITY;
  const { polynomial } = modulus;
  return degree(polynomial) === 1 ? polynomial[0]!.neg().toFraction() : format(polynomial);
}

/** The text of a point: `5/8`, `inf`. */
export function formatPoint(point: Point): string {
  return point === INFINITY ? point : point.toFraction();
}

/**
 * Compares moduli for `sort`: points by magnitude, then polynomials by degree and by the magnitudes of their coefficients,
 * + before −, infinity last. Moduli that are pairwise coprime never compare as equal.
 */
export function compareModuli(left: Modulus, right: Modulus): number {
  const [a, b] = [sortKey(left), sortKey(right)];
  const differing = a.findIndex((each, i) => each !== b[i]);
  return differing === -1 ? 0 : a[differing]! - b[differing]!;
}

/** Degree, magnitudes, signs. */
function sortKey(modulus: Modulus): readonly number[] {
  if (modulus === INFINITY) return [Number.POSITIVE_INFINITY];
  const { polynomial } = modulus;
  // The point of x − r is r.
  const values = degree(polynomial) === 1 ? [polynomial[0]!.neg()] : polynomial.toReversed();
  return [
    degree(polynomial),
    ...values.map((value) => value.abs().valueOf()),
    ...values.map((value) => -Number(value.s)),
  ];
}
