import { Fraction } from 'fraction.js';
import { expected, InputError } from '../errors.js';
import { isZero, ONE, ZERO } from '../rational.js';
import type { Matrix } from '../transform.js';
import {
  add,
  conjugate,
  equals,
  format,
  type Gaussian,
  inverse,
  multiply,
  NOTHING,
  negate,
  UNIT,
} from './gaussian.js';

/** A point of an axis: a number of ℚ(i), or infinity. */
export type SplitPoint = Gaussian | 'inf';

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

/** What to build. */
export interface SplitOptions {
  readonly outputs: number;
  readonly taps: number;
  readonly dims: number;
  /** Distinct points, D in number when those with an imaginary part count twice: their conjugates come along. */
  readonly points: readonly SplitPoint[];
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
export function splitTransform({ outputs, taps, dims, points }: SplitOptions): SplitTransform {
  for (const [name, value] of Object.entries({ outputs, taps, dims }))
    if (!Number.isInteger(value) || value < 1) throw expected(name, 'a positive integer', value);
  const axis = axisPoints(outputs, taps, points);
  proveAxis(axis, outputs, taps);
  const lifts = tripleLifts();
  const products = tuples(axis.length, dims).flatMap((tuple) => tupleProducts(tuple, axis, lifts));
  return {
    ...{ dims, outputs, taps, products: products.length, points: points.map(formatPoint) },
    A: products[0]!.a.map((_, s) => products.map(({ a }) => a[s]!)),
    B: products.map(({ b }) => [...b]),
    C: products.map(({ c }) => [...c]),
  };
}

/** One point of an axis: powers for outputs and taps, and the coefficients of its Lagrange polynomial. */
interface AxisPoint {
  readonly a: readonly Gaussian[];
  readonly b: readonly Gaussian[];
  readonly c: readonly Gaussian[];
  /** Index of the conjugate point; its own for a real one. */
  readonly mate: number;
}

function axisPoints(outputs: number, taps: number, points: readonly SplitPoint[]): AxisPoint[] {
  const all = points.flatMap((point) => (isReal(point) ? [point] : [point, mateOf(point)]));
  const size = outputs + taps - 1;
  if (all.length !== size)
    throw new InputError(`Expected points for D = ${size} but received ${all.length}, conjugates included`);
  all.forEach((point, index) => {
    if (all.slice(0, index).some((other) => same(point, other)))
      throw new InputError(`Expected distinct points but ${formatPoint(point)} is given twice`);
  });
  return all.map((point) => ({
    a: powers(point, outputs),
    c: powers(point, taps),
    b: lagrange(point, all),
    mate: all.findIndex((other) => same(other, mateOf(point))),
  }));
}

function isReal(point: SplitPoint): boolean {
  return point === 'inf' || isZero(point.im);
}

function mateOf(point: SplitPoint): SplitPoint {
  return point === 'inf' ? point : conjugate(point);
}

function same(a: SplitPoint, b: SplitPoint): boolean {
  return a === 'inf' || b === 'inf' ? a === b : equals(a, b);
}

function formatPoint(point: SplitPoint): string {
  return point === 'inf' ? point : format(point);
}

/** 1, z, z², …; at infinity only the last counts. */
function powers(point: SplitPoint, count: number): Gaussian[] {
  if (point === 'inf') return Array.from({ length: count }, (_, i) => (i === count - 1 ? UNIT : NOTHING));
  const list = [UNIT];
  while (list.length < count) list.push(multiply(list.at(-1)!, point));
  return list;
}

/** The polynomial of degree D − 1 that is 1 at the point and 0 at the others; its value at infinity is the last coefficient. */
function lagrange(point: SplitPoint, all: readonly SplitPoint[]): Gaussian[] {
  const others = all.filter((other): other is Gaussian => other !== 'inf' && !same(other, point));
  let product = [UNIT];
  for (const root of others) {
    const lower = product;
    product = Array.from({ length: lower.length + 1 }, (_, i) =>
      add(lower[i - 1] ?? NOTHING, negate(multiply(root, lower[i] ?? NOTHING))),
    );
  }
  while (product.length < all.length) product.push(NOTHING);
  if (point === 'inf') return product;
  const value = product.reduceRight((sum, each) => add(multiply(sum, point), each), NOTHING);
  const scale = inverse(value);
  return product.map((each) => multiply(each, scale));
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

/** Checks Σ_z a_z[s] c_z[g] b_z[d] = [d = s + g] over ℚ(i). */
function proveAxis(axis: readonly AxisPoint[], outputs: number, taps: number): void {
  for (let s = 0; s < outputs; s++)
    for (let g = 0; g < taps; g++)
      for (let d = 0; d < axis.length; d++) {
        const sum = axis.reduce(
          (total, { a, b, c }) => add(total, multiply(multiply(a[s]!, c[g]!), b[d]!)),
          NOTHING,
        );
        if (!equals(sum, d === s + g ? UNIT : NOTHING))
          throw new Error(`The identity fails at output ${s}, tap ${g}, input ${d}`);
      }
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
