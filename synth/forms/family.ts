import type { Fraction } from 'fraction.js';
import { defaultModuli, resolvePoints } from '../defaults.js';
import { expected, InputError } from '../errors.js';
import { equal } from '../matrix.js';
import {
  formatModulus,
  INFINITY,
  type ModuliInput,
  type Modulus,
  modulusDegree,
  type Point,
  parseModuli,
  validateModuli,
} from '../moduli.js';
import { isZero, ONE } from '../rational.js';
import { scaleRows } from '../rows.js';
import { type Factor, linear, squaredGain } from '../search/gain.js';
import { synthesize } from '../synthesize.js';
import type { Matrix, Transform } from '../transform.js';
import { verify } from '../verify.js';

/** What tiles a family should have. */
export interface FamilyOptions {
  /** S of each member: distinct sizes, in any order. */
  readonly outputs: readonly number[];
  /** G: taps of the kernel. */
  readonly taps: number;
  /** Moduli of the biggest member, the others choose among them; by default those of `defaultModuli`. */
  readonly moduli?: ModuliInput | undefined;
}

/**
 * Algorithms F(S₁, G), F(S₂, G), … with one kernel transform: kernels are transformed once, and tiles of several
 * sizes run on them, so that an axis of 14 can be 4 + 4 + 4 + 2.
 */
export interface AxisFamily {
  readonly taps: number;
  /** T of the biggest member. */
  readonly products: number;
  /** The biggest member's moduli, in the order of its products. */
  readonly moduli: readonly string[];
  /** The kernel transform of all members; each uses its first `member.products` rows. */
  readonly C: Matrix;
  /** Biggest first. Each is proved, and its C is the prefix of the shared one. */
  readonly members: readonly Transform[];
}

/**
 * Derives a family from the biggest member's moduli. C evaluates the kernel's residues, which do not depend on S: a
 * member on a subset of the moduli has the same rows of C but for factors, which move to its A. Starting from the
 * biggest, each next member takes the subset of its predecessor's moduli with the least noise gain, so that
 * the products nest.
 *
 * @throws InputError when sizes repeat, the moduli are unusable, or no subset of them fits a member
 */
export function axisFamily({ outputs, taps, moduli }: FamilyOptions): AxisFamily {
  const sizes = checkSizes(outputs);
  const all = moduli === undefined ? defaultModuli(sizes[0]!, taps) : parseModuli(moduli);
  validateModuli(all, sizes[0]! + taps - 1);

  const nested = [all];
  for (const size of sizes.slice(1)) nested.push(quietestSubset(nested.at(-1)!, sizes[0]!, size, taps));
  const ordered = nestingOrder(nested);
  const biggest = synthesize({ outputs: sizes[0]!, taps, moduli: ordered.map(formatModulus) });
  const members = sizes.map((size, i) =>
    i === 0 ? biggest : member(biggest, size, ordered.slice(0, nested[i]!.length)),
  );
  return { taps, products: biggest.products, moduli: biggest.moduli, C: biggest.C, members };
}

function checkSizes(outputs: readonly number[]): number[] {
  const distinct = Array.isArray(outputs) && outputs.length > 0 && new Set(outputs).size === outputs.length;
  if (distinct) return [...outputs].sort((a, b) => b - a);
  throw expected('outputs', 'an array of one or more distinct sizes', outputs);
}

/**
 * Of the subsets of the moduli that make an F(size, taps), the one with the least noise gain. A modulus of degree ≥ 2
 * is eligible only if the small member needs all of its residue products: their number falls with S below the degree.
 */
function quietestSubset(moduli: readonly Modulus[], biggest: number, size: number, taps: number): Modulus[] {
  const eligible = moduli.filter((modulus) => {
    const n = modulusDegree(modulus);
    return Math.min(size, n) === Math.min(biggest, n);
  });
  let best: { subset: Modulus[]; gain: number } | undefined;
  for (const subset of subsetsOfDegree(eligible, size + taps - 1)) {
    const factors = subset.map((modulus) => factorOf(resolvePoints(modulus, size, taps)));
    const gain = squaredGain(size, taps, factors);
    if (best === undefined || gain < best.gain) best = { subset, gain };
  }
  if (best) return best.subset;
  throw new InputError(
    `Expected a subset of the moduli ${moduli.map(formatModulus).join(', ')} that makes F(${size}, ${taps}), ` +
      `of degrees that add up to ${size + taps - 1}, but there is none`,
  );
}

function* subsetsOfDegree(moduli: readonly Modulus[], degree: number): Generator<Modulus[]> {
  if (degree === 0) yield [];
  const [first, ...rest] = moduli;
  if (first === undefined || degree <= 0) return;
  for (const subset of subsetsOfDegree(rest, degree - modulusDegree(first))) yield [first, ...subset];
  yield* subsetsOfDegree(rest, degree);
}

/** The moduli of the last set first, then what each bigger one adds. */
function nestingOrder(nested: readonly Modulus[][]): Modulus[] {
  return [...new Set([...nested].reverse().flat())];
}

function factorOf(modulus: Modulus): Factor {
  if (modulus === INFINITY) return linear([0, 1]);
  const polynomial = modulus.polynomial.map((coefficient) => coefficient.valueOf());
  if (polynomial.length === 2) return linear([1, -polynomial[0]!]);
  return { polynomial, points: (modulus.points ?? []).map(projective) };
}

function projective(point: Point): [number, number] {
  return point === INFINITY ? [0, 1] : [1, point.valueOf()];
}

/** F(size, taps) on the first moduli of the biggest member, scaled to its rows of C. */
function member(biggest: Transform, size: number, moduli: readonly Modulus[]): Transform {
  const { taps } = biggest;
  const own = synthesize({ outputs: size, taps, moduli: moduli.map(formatModulus) });
  // The factor goes to A, where a multiply-add takes it for nothing.
  const shared = scaleRows(
    own,
    own.C.map((row, t) => {
      const c = ratio(biggest.C[t]!, row);
      return { a: c.inverse(), b: ONE, c };
    }),
  );
  if (!equal(shared.C, biggest.C.slice(0, shared.products)))
    throw new Error(
      `F(${size}, ${taps}) does not share the kernel transform of F(${biggest.outputs}, ${taps})`,
    );
  verify(shared);
  return shared;
}

function ratio(wanted: readonly Fraction[], row: readonly Fraction[]): Fraction {
  const pivot = row.findIndex((value) => !isZero(value));
  return wanted[pivot]!.div(row[pivot]!);
}
