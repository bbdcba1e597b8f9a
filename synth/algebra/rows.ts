import type { Fraction } from 'fraction.js';
import type { Transform } from '../core/transform.js';
import { isZero, ONE, scale } from './rational.js';

/** Factors of one product: for its column of A, its row of B and its row of C. Together they multiply to 1. */
export interface RowFactors {
  readonly a: Fraction;
  readonly b: Fraction;
  readonly c: Fraction;
}

const NEUTRAL: RowFactors = { a: ONE, b: ONE, c: ONE };
const MINUS = ONE.neg();

/**
 * The same algorithm with its products rescaled: column t of A times aₜ, row t of B times bₜ, row t of C times cₜ.
 * Algorithms of several sizes whose rows of C are scaled alike can share one kernel transform.
 *
 * @throws Error when the factors of a product do not multiply to 1, which would be another algorithm
 */
export function scaleRows(transform: Transform, factors: readonly RowFactors[]): Transform {
  factors.forEach(({ a, b, c }, t) => {
    if (!a.mul(b).mul(c).equals(ONE)) throw new Error(`The factors of product ${t} do not multiply to 1`);
  });
  return {
    ...transform,
    A: transform.A.map((row) => row.map((value, t) => value.mul(factors[t]!.a))),
    B: transform.B.map((row, t) => scale(row, factors[t]!.b)),
    C: transform.C.map((row, t) => scale(row, factors[t]!.c)),
  };
}

/**
 * Chooses signs as the literature does and as programs like them:
 * the products of 0 and ∞ have a B row that starts positive, and a positive C row (Budden et al. 2017, section 2.2);
 * of two products that mirror each other (those of p and −p, say) the second gets the signs that make its rows
 * E − O where the first has E + O, in A, B and C alike, E and O being their parts of even and odd index.
 */
export function normalizeSigns(transform: Transform): Transform {
  const ends = scaleRows(
    transform,
    productsOf(transform).map((product) => endSigns(product)),
  );
  return scaleRows(ends, mirrorSigns(productsOf(ends)));
}

/** The three vectors of one scalar product. */
interface ProductRows {
  readonly a: readonly Fraction[];
  readonly b: readonly Fraction[];
  readonly c: readonly Fraction[];
}

function productsOf({ A, B, C }: Transform): ProductRows[] {
  return B.map((b, t) => ({ a: A.map((row) => row[t]!), b, c: C[t]! }));
}

function endSigns({ a, b, c }: ProductRows): RowFactors {
  const single = [a, c].every((row) => row.filter((value) => !isZero(value)).length === 1);
  if (!single || b.find((value) => !isZero(value))!.s > 0n) return NEUTRAL;
  const kernelIsNegative = c.some(({ s }) => s < 0n);
  return kernelIsNegative ? { a: ONE, b: MINUS, c: MINUS } : { a: MINUS, b: MINUS, c: ONE };
}

function mirrorSigns(products: readonly ProductRows[]): RowFactors[] {
  return products.map((product, t) => {
    for (const earlier of products.slice(0, t)) {
      const factors = mirrorFactors(earlier, product);
      if (factors) return factors;
    }
    return NEUTRAL;
  });
}

/** The signs that make `second` the mirror image of `first`; undefined when it is none. */
function mirrorFactors(first: ProductRows, second: ProductRows): RowFactors | undefined {
  const [a, b, c] = [
    mirrorSign(first.a, second.a),
    mirrorSign(first.b, second.b),
    mirrorSign(first.c, second.c),
  ];
  return a && b && c && a.mul(b).mul(c).equals(ONE) ? { a, b, c } : undefined;
}

function mirrorSign(first: readonly Fraction[], second: readonly Fraction[]): Fraction | undefined {
  const mirrored = first.map((value, i) => (i % 2 === 0 ? value : value.neg()));
  if (mirrored.every((value, i) => value.equals(second[i]!))) return ONE;
  return mirrored.every((value, i) => value.equals(second[i]!.neg())) ? MINUS : undefined;
}
