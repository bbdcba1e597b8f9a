import type { Fraction } from 'fraction.js';
import { dot } from '../algebra/matrix.js';
import {
  degree,
  divide,
  inverseModulo,
  linear,
  modulo,
  multiply,
  type Polynomial,
  power,
  UNIT,
} from '../algebra/polynomial.js';
import { content, ONE, scale, ZERO } from '../algebra/rational.js';
import { type FiniteModulus, INFINITY, type Modulus, type Point } from './moduli.js';

/**
 * One scalar product of a bilinear algorithm for the linear convolution s(x) = a(x) g(x):
 * s(x) = Σₜ (leftₜ · a) (rightₜ · g) backₜ(x).
 */
export interface Product {
  /** One weight per coefficient of a. */
  readonly left: readonly Fraction[];
  /** One weight per coefficient of g. */
  readonly right: readonly Fraction[];
  readonly back: Polynomial;
}

/**
 * Theorem 1 and Algorithm 1 of Budden et al. 2017: the convolution of lengths S and G from its residues modulo
 * pairwise coprime m⁽ᵏ⁾. Residue products of degree ≥ 2 are themselves small convolutions (Toom), reduced.
 *
 * @param moduli as `validateModuli` accepts them for D = S + G − 1
 */
export function convolution(S: number, G: number, moduli: readonly Modulus[]): Product[] {
  const finite = moduli.filter((modulus) => modulus !== INFINITY);
  const m = finite.reduce<Polynomial>((all, { polynomial }) => multiply(all, polynomial), UNIT);
  return moduli.flatMap((modulus) =>
    modulus === INFINITY ? [leadingProduct(S, G, m)] : residueProducts(S, G, m, modulus),
  );
}

/** s(x) = [s(x) mod m(x)] + s_{D−1} m(x), for m of degree D − 1: infinity contributes the leading product times m. */
function leadingProduct(S: number, G: number, m: Polynomial): Product {
  return { left: power(S - 1), right: power(G - 1), back: m };
}

/**
 * Modulo m⁽ᵏ⁾: steps (1) residues, (2) their product, (3) its share in s(x), which is
 * [s⁽ᵏ⁾(x) (m/m⁽ᵏ⁾)⁻¹ mod m⁽ᵏ⁾] (m/m⁽ᵏ⁾). A scale of the bracket is moved to the kernel's side, which is transformed
 * once: B stays simple and C carries the denominators, as is customary. Where a modulus is reducible and its points
 * are its roots, a bracket can be zero, and its product is left out.
 */
function residueProducts(S: number, G: number, m: Polynomial, modulus: FiniteModulus): Product[] {
  const mk = modulus.polynomial;
  const others = divide(m, mk).quotient;
  const inverse = inverseModulo(others, mk);
  const [reduceLeft, reduceRight] = [reduction(mk, S), reduction(mk, G)];
  return residueConvolution(reduceLeft.length, reduceRight.length, modulus).flatMap(
    ({ left, right, back }) => {
      const bracket = modulo(multiply(back, inverse), mk);
      if (bracket.length === 0) return [];
      const share = bracketScale(bracket);
      return {
        left: weights(left, reduceLeft),
        right: scale(weights(right, reduceRight), share),
        back: multiply(scale(bracket, share.inverse()), others),
      };
    },
  );
}

/** Brackets of larger integers are brought to the size of one instead, by a power of two, which rounds nothing. */
const LARGEST_INTEGER = 8;

/** What to divide a bracket by: its content, so that coprime integers are left, with the leading one positive. */
function bracketScale(bracket: Polynomial): Fraction {
  const unit = content(bracket).mul(bracket.at(-1)!.s);
  const largest = Math.max(...bracket.map((coefficient) => coefficient.div(unit).abs().valueOf()));
  return largest <= LARGEST_INTEGER ? unit : unit.mul(2n ** BigInt(Math.floor(Math.log2(largest))));
}

/** The residues' convolution: plain when one of them is a scalar, else by evaluation at points (Toom). */
function residueConvolution(left: number, right: number, { points }: FiniteModulus): Product[] {
  return left === 1 || right === 1
    ? scalarProducts(left, right)
    : convolution(left, right, (points ?? []).map(pointModulus));
}

function pointModulus(point: Point): Modulus {
  return point === INFINITY ? point : { polynomial: linear(point) };
}

function scalarProducts(left: number, right: number): Product[] {
  return Array.from({ length: Math.max(left, right) }, (_, i) => ({
    left: left === 1 ? [ONE] : unit(left, i),
    right: right === 1 ? [ONE] : unit(right, i),
    back: power(i),
  }));
}

function unit(length: number, index: number): Fraction[] {
  return Array.from({ length }, (_, i) => (i === index ? ONE : ZERO));
}

/** The map from a polynomial with `length` coefficients to its residue modulo m, as rows: min(length, deg m) of them. */
function reduction(m: Polynomial, length: number): Fraction[][] {
  const residues = Array.from({ length }, (_, exponent) => modulo(power(exponent), m));
  const rows = Math.min(length, degree(m));
  return Array.from({ length: rows }, (_, i) => residues.map((residue) => residue[i] ?? ZERO));
}

/** Weights on the residue's coefficients, as weights on the polynomial's. */
function weights(onResidue: readonly Fraction[], reduce: readonly (readonly Fraction[])[]): Fraction[] {
  return reduce[0]!.map((_, column) =>
    dot(
      onResidue,
      reduce.map((row) => row[column]!),
    ),
  );
}
