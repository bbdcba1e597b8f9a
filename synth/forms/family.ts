import type { Fraction } from 'fraction.js';
import { equal } from '../algebra/matrix.js';
import { isZero, ONE } from '../algebra/rational.js';
import { scaleRows } from '../algebra/rows.js';
import { defaultModuli } from '../core/defaults.js';
import {
  formatModulus,
  type ModuliInput,
  type Modulus,
  modulusDegree,
  parseModuli,
  validateModuli,
} from '../core/moduli.js';
import { type NestedModuli, nestedCount, quietest, sharesProducts } from '../core/nesting.js';
import { proveTransform } from '../core/prove.js';
import { synthesize } from '../core/synthesize.js';
import type { Matrix, Transform } from '../core/transform.js';
import { expected, InputError } from '../errors.js';
import { checkOptions } from '../options.js';

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
export function axisFamily(options: FamilyOptions): AxisFamily {
  checkOptions('axisFamily', options, { outputs: true, taps: true, moduli: true });
  const { outputs, taps, moduli } = options;
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
 * The family of some of the tiles that nest, proved. Whichever they are, the kernel transform is the same.
 *
 * @param outputs sizes from `sizes`; by default all
 */
export function nestedFamily(
  { taps, moduli, sizes }: NestedModuli,
  outputs: readonly number[] = sizes.map((size) => size.outputs),
): AxisFamily {
  const biggest = synthesize({ outputs: sizes[0]!.outputs, taps, moduli: moduli.map(formatModulus) });
  const members = checkSizes(outputs).map((size) =>
    size === biggest.outputs
      ? biggest
      : member(biggest, size, moduli.slice(0, nestedCount(moduli, size + taps - 1))),
  );
  return { taps, products: biggest.products, moduli: biggest.moduli, C: biggest.C, members };
}

/** Of the subsets of the moduli that make an F(size, taps), the one with the least noise gain. */
function quietestSubset(moduli: readonly Modulus[], biggest: number, size: number, taps: number): Modulus[] {
  const eligible = moduli.filter((modulus) => sharesProducts(modulus, biggest, size));
  const subsets = [...subsetsOfDegree(eligible, size + taps - 1)];
  if (subsets.length > 0) return quietest(subsets, size, taps);
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
  proveTransform(shared);
  return shared;
}

function ratio(wanted: readonly Fraction[], row: readonly Fraction[]): Fraction {
  const pivot = row.findIndex((value) => !isZero(value));
  return wanted[pivot]!.div(row[pivot]!);
}
