import { Fraction } from 'fraction.js';
import { ONE, ZERO } from '../algebra/rational.js';
import type { Matrix } from '../core/transform.js';
import { type AxisPoint, formatSplitPoint, provedAxis, type SplitOptions } from './axis.js';
import { add, equals, type Gaussian, inverse, multiply, NOTHING, UNIT } from './gaussian.js';
import { type Complex, ONE_SUMS, realNorm, type Sums, sumsOf, times } from './sums.js';

/**
 * A bilinear algorithm for N-D correlation, y = A[(C g) ⊙ (B d)] on flattened arrays (row by row): like `Transform`, but
 * its products do not factor into those of the axes.
 */
export interface SplitTransform {
  readonly dims: number;
  /** S and G, the same along each axis. */
  readonly outputs: number;
  readonly taps: number;
  /** T, of all axes together. */
  readonly products: number;
  /** The points of each axis; of two conjugate ones only that with a positive imaginary part. */
  readonly points: readonly string[];
  /** Sᴺ × T. */
  readonly A: Matrix;
  /** T × Dᴺ. */
  readonly B: Matrix;
  /** T × Gᴺ. */
  readonly C: Matrix;
}

/**
 * The evaluation points of the complex product modulo x² + 1: near 0, ±√3, which are spread evenly and thus add least
 * noise.
 */
const TRIPLE = [0, 2, -2].map((point) => new Fraction(point));

/**
 * Cook–Toom in N dimensions at points of ℚ(i), where a real quadratic modulus is a pair of conjugate points. Nested
 * over the axes, two residues modulo quadratics would be multiplied with 3ᴺ products. Yet ℂ ⊗ ℂ = ℂ ⊕ ℂ: at a tuple of
 * points and at its conjugate the values are conjugate as well, and so one complex product of three real ones serves
 * both: with r real and 2q complex points of an axis T = rᴺ + 3/2 (Dᴺ − rᴺ), 6 instead of 9 for two quadratics.
 *
 * The construction is proved: the 1-D identity Σ_z a_z c_z b_z = [d = s + g] and the product of three are checked over
 * ℚ(i); the first holds for tuples because it is multiplied over the axes, and each tuple or its conjugate is taken
 * once.
 *
 * @throws InputError when sizes are not positive, or the points are not distinct or of the wrong number
 */
export function splitTransform(options: SplitOptions): SplitTransform {
  const { outputs, taps, dims, points } = options;
  const axis = provedAxis(options);
  const lifts = tripleLifts();
  const products = tuples(axis.length, dims).flatMap((tuple) => tupleProducts(tuple, axis, lifts));
  return {
    ...{ dims, outputs, taps, products: products.length, points: points.map(formatSplitPoint) },
    A: products[0]!.a.map((_, s) => products.map(({ a }) => a[s]!)),
    B: products.map(({ b }) => [...b]),
    C: products.map(({ c }) => [...c]),
  };
}

/**
 * The noise gain Q of `splitTransform` without its large matrices; what it would build is proved all the same. Over a
 * tuple of points vectors are Kronecker products, so that Σ|v|² and Σv², from which the norm of every real combination
 * of real and imaginary parts follows, are products over the axes.
 *
 * @throws InputError as `splitTransform` does
 */
export function splitNoiseGain(options: SplitOptions): number {
  const { outputs, dims } = options;
  const axis = provedAxis(options).map(({ a, b, c, mate }, index) => ({
    ...{ a: sumsOf(a), b: sumsOf(b), c: sumsOf(c) },
    isReal: mate === index,
  }));
  const triple = complexProduct().map(({ at, lift: [re, im] }): [Complex, Complex] => [
    [1, -at],
    [2 * re, 2 * im],
  ]);
  const visit = (depth: number, isReal: boolean, a: Sums, b: Sums, c: Sums): number => {
    if (depth < dims)
      return axis.reduce(
        (total, each) =>
          total +
          visit(depth + 1, isReal && each.isReal, times(a, each.a), times(b, each.b), times(c, each.c)),
        0,
      );
    if (isReal) return a.norm * b.norm * c.norm;
    // A tuple and its conjugate share three products: each has half of them.
    return triple.reduce(
      (total, [at, lift]) => total + (realNorm(a, at) * realNorm(b, lift) * realNorm(c, at)) / 2,
      0,
    );
  };
  return Math.sqrt(visit(0, true, ONE_SUMS, ONE_SUMS, ONE_SUMS) / outputs ** dims);
}

/** The rows of one real product, over all axes. */
interface Product {
  readonly a: readonly Fraction[];
  readonly b: readonly Fraction[];
  readonly c: readonly Fraction[];
}

/** The products at a tuple of points: one if it is real, three if not, none if its conjugate has them. */
function tupleProducts(
  tuple: readonly number[],
  axis: readonly AxisPoint[],
  lifts: readonly Gaussian[],
): Product[] {
  const mates = tuple.map((index) => axis[index]!.mate);
  const order = mates.findIndex((mate, k) => mate !== tuple[k]);
  if (order >= 0 && mates[order]! < tuple[order]!) return [];
  const [a, b, c] = (['a', 'b', 'c'] as const).map((part) =>
    kronecker(tuple.map((index) => axis[index]![part])),
  );
  if (order < 0) return [{ a: a!.map(({ re }) => re), b: b!.map(({ re }) => re), c: c!.map(({ re }) => re) }];
  return TRIPLE.map((point, k) => ({
    a: a!.map((each) => residueAt(each, point)),
    // The tuple and its conjugate together give twice the real part.
    b: b!.map((each) => multiply(each, lifts[k]!).re.mul(2)),
    c: c!.map((each) => residueAt(each, point)),
  }));
}

/** u + v·i as the residue u + v·x modulo x² + 1, at x. */
function residueAt({ re, im }: Gaussian, x: Fraction): Fraction {
  return re.add(im.mul(x));
}

/** The complex product of three real ones in double precision: where residues are evaluated, and what the products are worth. */
export function complexProduct(): readonly { readonly at: number; readonly lift: Complex }[] {
  return tripleLifts().map(({ re, im }, k) => ({
    at: TRIPLE[k]!.valueOf(),
    lift: [re.valueOf(), im.valueOf()],
  }));
}

/**
 * The complex numbers ℓ with u·v = Σ ℓ_k u(x_k) v(x_k): Lagrange polynomials at x = i. Proved on a basis of the bilinear
 * forms.
 */
function tripleLifts(): Gaussian[] {
  const i: Gaussian = { re: ZERO, im: ONE };
  const lifts = TRIPLE.map((point) =>
    TRIPLE.filter((other) => other !== point).reduce(
      (product, other) =>
        multiply(product, multiply(add(i, real(other.neg())), inverse(real(point.sub(other))))),
      UNIT,
    ),
  );
  for (const u of [UNIT, i])
    for (const v of [UNIT, i]) {
      const sum = TRIPLE.reduce(
        (total, x, k) => add(total, multiply(lifts[k]!, real(residueAt(u, x).mul(residueAt(v, x))))),
        NOTHING,
      );
      if (!equals(sum, multiply(u, v))) throw new Error('The product of three is not the complex product');
    }
  return lifts;
}

function real(re: Fraction): Gaussian {
  return { re, im: ZERO };
}

function tuples(count: number, dims: number): number[][] {
  return Array.from({ length: dims }).reduce<number[][]>(
    (heads) => heads.flatMap((head) => Array.from({ length: count }, (_, index) => [...head, index])),
    [[]],
  );
}

/** The Kronecker product of vectors, the last axis running fastest. */
function kronecker(vectors: readonly (readonly Gaussian[])[]): Gaussian[] {
  return vectors.reduce<Gaussian[]>(
    (product, vector) => product.flatMap((each) => vector.map((other) => multiply(each, other))),
    [UNIT],
  );
}
