import { isZero } from '../algebra/rational.js';
import { expected, InputError } from '../errors.js';
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

/** What to build. */
export interface SplitOptions {
  readonly outputs: number;
  readonly taps: number;
  readonly dims: number;
  /** Distinct points, D in number when those with an imaginary part count twice: their conjugates come along. */
  readonly points: readonly SplitPoint[];
}

/** One point of an axis: powers for outputs and taps, and the coefficients of its Lagrange polynomial. */
export interface AxisPoint {
  readonly a: readonly Gaussian[];
  readonly b: readonly Gaussian[];
  readonly c: readonly Gaussian[];
  /** Index of the conjugate point; its own for a real one. */
  readonly mate: number;
}

/**
 * The points of an axis with their conjugates, and the proof of Cook–Toom at them:
 * Σ_z a_z[s] c_z[g] b_z[d] = [d = s + g] over ℚ(i).
 *
 * @throws InputError when sizes are not positive, or the points are not distinct or of the wrong number
 */
export function provedAxis({ outputs, taps, dims, points }: SplitOptions): AxisPoint[] {
  for (const [name, value] of Object.entries({ outputs, taps, dims }))
    if (!Number.isInteger(value) || value < 1) throw expected(name, 'a positive integer', value);
  const axis = axisPoints(outputs, taps, points);
  proveAxis(axis, outputs, taps);
  return axis;
}

function axisPoints(outputs: number, taps: number, points: readonly SplitPoint[]): AxisPoint[] {
  const all = points.flatMap((point) => (isReal(point) ? [point] : [point, mateOf(point)]));
  const size = outputs + taps - 1;
  if (all.length !== size)
    throw new InputError(`Expected points for D = ${size} but received ${all.length}, conjugates included`);
  all.forEach((point, index) => {
    if (all.slice(0, index).some((other) => same(point, other)))
      throw new InputError(`Expected distinct points but ${formatSplitPoint(point)} is given twice`);
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

/** `-3/5`, `1/2+6/7i` or `inf`. */
export function formatSplitPoint(point: SplitPoint): string {
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
