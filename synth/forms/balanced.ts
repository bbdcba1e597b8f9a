import { Fraction } from 'fraction.js';
import { divide, linear, multiply, type Polynomial, power, UNIT } from '../algebra/polynomial.js';
import { ONE, scale, ZERO } from '../algebra/rational.js';

/** One product of a trilinear form Σ x_i y_j z_k: three rows of weights, for x, y and z. */
export type TrilinearProduct = readonly [x: Fraction[], y: Fraction[], z: Fraction[]];

/**
 * Roots of P − h and of P + h for a polynomial P of degree n − 1 and a number h, by n: two sets whose sums of powers
 * agree up to the (n−2)-nd (ideal solutions of the Prouhet–Tarry–Escott problem), here each other's negatives or
 * symmetric. Of those with small denominators the ones with the least noise.
 */
const ROOTS: Readonly<Record<number, readonly [readonly string[], readonly string[]]>> = {
  3: [
    ['3/4', '-3/4'],
    ['3/2', '-3/2'],
  ],
  4: [
    ['1/2', '3/2', '-2'],
    ['-1/2', '-3/2', '2'],
  ],
  5: [
    ['1/4', '-1/4', '2', '-2'],
    ['1', '-1', '7/4', '-7/4'],
  ],
};

/** The lengths n for which `balancedProducts` has an answer. */
export const BALANCED_LENGTHS: readonly number[] = Object.keys(ROOTS).map(Number);

/** The points at which the algorithm for length n evaluates. */
export function balancedPoints(n: number): readonly Fraction[] {
  return ROOTS[n]!.flat().map((root) => new Fraction(root));
}

/**
 * Σ x_i y_j z_k over i + j + k = 2n − 3, all indices from 0 to n − 1, in 2n − 2 products: one less than multiplying two
 * of the polynomials takes, and with far less noise.
 *
 * x and y are taken in a basis P₀ … Pₙ₋₁ instead of powers, P_k = xᵏ + (k−1) b xᵏ⁻² and Pₙ₋₁ with a free constant. Then
 * P_j P_k depends on j + k alone but for terms of degree below n − 2. Modulo M = Pₙ₋₁² − h² the one product of degree
 * 2n − 2 is of that kind as well: a constant. So the sums over j + k = n − 2 … 2n − 3, all that is wanted, come
 * out clean in ℚ[x]/M, of dimension 2n − 2, and M = (Pₙ₋₁ − h)(Pₙ₋₁ + h) splits into rational points.
 *
 * @param n one of `BALANCED_LENGTHS`
 */
export function balancedProducts(n: number): TrilinearProduct[] {
  const points = balancedPoints(n);
  const [low, high] = ROOTS[n]!.map((roots) => fromRoots(roots.map((root) => new Fraction(root))));
  const top = low!.map((coefficient, i) => coefficient.add(high![i]!).div(2));
  const b = top[n - 3]!.div(n - 2);
  const basis = Array.from({ length: n }, (_, k) => (k === n - 1 ? top : basisPolynomial(k, b)));
  const all = multiply(low!, high!);
  return points.map((point) => {
    const others = divide(all, linear(point)).quotient;
    const lagrange = scale(others, evaluate(others, point).inverse());
    const row = basis.map((each) => evaluate(each, point));
    return [row, [...row], weightsOfSums(lagrange, basis)];
  });
}

function fromRoots(roots: readonly Fraction[]): Polynomial {
  return roots.reduce<Polynomial>((product, root) => multiply(product, linear(root)), UNIT);
}

/** xᵏ + (k−1) b xᵏ⁻². */
function basisPolynomial(k: number, b: Fraction): Polynomial {
  return power(k).map((coefficient, i) => (i === k - 2 ? b.mul(k - 1) : coefficient));
}

function evaluate(polynomial: Polynomial, point: Fraction): Fraction {
  return polynomial.reduceRight((value, coefficient) => value.mul(point).add(coefficient), ZERO);
}

/**
 * How much of P_j P_k, j + k = 2n−3, 2n−4 … n−2, is in a residue modulo M, from the top down; the rest is of lower degree
 * and unwanted. The k-th of them is the weight of z_k.
 */
function weightsOfSums(residue: Polynomial, basis: readonly Polynomial[]): Fraction[] {
  const n = basis.length;
  let rest = Array.from({ length: 2 * n - 2 }, (_, i) => residue[i] ?? ZERO);
  return Array.from({ length: n }, (_, k) => {
    const sum = 2 * n - 3 - k;
    const product = multiply(basis[Math.min(sum, n - 1)]!, basis[sum - Math.min(sum, n - 1)] ?? [ONE]);
    const weight = rest[sum]!;
    rest = rest.map((value, i) => value.sub(weight.mul(product[i] ?? ZERO)));
    return weight;
  });
}
