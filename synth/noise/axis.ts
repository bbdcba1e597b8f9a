import type { Matrix, Transform } from '../core/transform.js';
import { operandsOf, type Program } from '../program/program.js';
import { Rationals } from '../program/rationals.js';
import { ROUNDING_VARIANCE } from '../program/rounding.js';
import { chooseScales } from '../program/scale.js';
import { Sums } from '../program/sums.js';
import { toProgram } from '../program/sums-to-program.js';

/** How one axis is computed: its algorithm, and the programs that carry out the transforms, if these are known. */
export interface AxisArithmetic {
  readonly transform: Transform;
  /** Programs for B, A and C; by default each row on its own, fused, small terms first. */
  readonly programs?: { readonly input?: Program; readonly output?: Program; readonly kernel?: Program };
}

/** The transform of an axis, with or without its programs; whatever it is, for the check that follows. */
export function transformOf(axis: Transform | AxisArithmetic): unknown {
  return typeof axis === 'object' && axis !== null && 'transform' in axis ? axis.transform : axis;
}

/**
 * Variances of an output along one axis, for data and kernel entries that are independent and of variance one. Those of
 * roundings are in units of 2⁻⁴⁸, the square of half an ulp of 1.
 */
export interface AxisNoise {
  /** Of the output itself: the number of its taps, those on padding left out. */
  readonly signal: number;
  /** Of an error that each product carries on its own, as large as the product: Σₖ Aₛₖ² ‖Bₖ‖² ‖Cₖ‖². */
  readonly gain: number;
  /** The sum over products of the squares of the terms of `gain`: the fewer products carry it, the larger. */
  readonly gainSquares: number;
  /** The part of `gain` from products whose kernel factor is a kernel entry times a power of two, thus exact. */
  readonly exactKernelGain: number;
  /** Of the roundings inside the input, the kernel and the output transform, seen at the output. */
  readonly input: number;
  readonly kernel: number;
  readonly output: number;
}

/** What of a tile lies within the layer. */
export interface TilePart {
  /** The inputs from the first to before the last are there, the others are zeros of padding. */
  readonly inputs: readonly [first: number, last: number];
  /** The outputs before this one are wanted. */
  readonly outputs: number;
}

/** Follows every rounding of a whole tile to each of its outputs. */
export function axisNoise(arithmetic: AxisArithmetic): readonly AxisNoise[] {
  const { A, B } = arithmetic.transform;
  const whole: TilePart = { inputs: [0, B[0]!.length], outputs: A.length };
  return noiseOf(
    arithmetic,
    whole,
    [...A.keys()].map((s) => [s]),
  );
}

/** The same for a part of a tile, summed over its outputs. */
export function totalNoise(arithmetic: AxisArithmetic, part: TilePart): AxisNoise {
  return noiseOf(arithmetic, part, [Array.from({ length: part.outputs }, (_, s) => s)])[0]!;
}

type Rows = readonly (readonly number[])[];

/**
 * Roundings are taken as independent of each other; what one rounding does to several products is not, and neither are
 * the products that an output sums.
 *
 * @param groups of outputs, over each of which the result is summed
 */
function noiseOf(
  { transform, programs = {} }: AxisArithmetic,
  { inputs: [first, last] }: TilePart,
  groups: readonly (readonly number[])[],
): AxisNoise[] {
  const [A, B, C] = [toNumbers(transform.A), toNumbers(transform.B), toNumbers(transform.C)];
  const [data, kernel] = [gram(B.map((row) => row.slice(first, last))), gram(C)];
  const products = hadamard(data, kernel);
  const exact = C.map(
    (row) => row.filter((c) => c !== 0).length === 1 && row.every((c) => c === 0 || isPowerOfTwo(c)),
  );
  const there = (input: number) => input >= first && input < last;
  const inputRoundings = roundings(
    programs.input ?? plainProgram(transform.B),
    identity(B[0]!.length, there),
  );
  const kernelRoundings = roundings(programs.kernel ?? plainProgram(transform.C), identity(C[0]!.length));
  const outputRoundings = roundings(programs.output ?? plainProgram(transform.A), products);
  return groups.map((outputs) => {
    // Σ A A' over the outputs: how much the covariance of each pair of products counts.
    const weights = gram(transposed(outputs.map((s) => A[s]!)));
    const gains = weights.map((row, t) => row[t]! * products[t]![t]!);
    const through = (made: readonly Rounding[], other: Rows) => {
      const form = hadamard(weights, other);
      return sum(made.map(({ variance, gains }) => variance * quadratic(form, gains)));
    };
    return {
      signal: sum(hadamard(weights, products).map(sum)),
      gain: sum(gains),
      gainSquares: sum(gains.map((each) => each * each)),
      exactKernelGain: sum(gains.filter((_, t) => exact[t])),
      input: through(inputRoundings, kernel),
      kernel: through(kernelRoundings, data),
      output: sum(
        outputRoundings.map(({ variance, gains }) => variance * sum(outputs.map((s) => gains[s]! ** 2))),
      ),
    };
  });
}

const plainPrograms = new WeakMap<Matrix, Program>();

/** A matrix as a program: each row a sum of its own, nothing shared. */
export function plainProgram(matrix: Matrix): Program {
  const known = plainPrograms.get(matrix);
  if (known !== undefined) return known;
  const sums = Sums.of(matrix, new Rationals());
  const program = toProgram(sums, chooseScales(sums).scales);
  plainPrograms.set(matrix, program);
  return program;
}

/** One operation's error: its variance, and how much of it reaches each row. */
interface Rounding {
  readonly variance: number;
  readonly gains: readonly number[];
}

/** @param covariance of the program's inputs */
function roundings(program: Program, covariance: Rows): Rounding[] {
  const power = (image: readonly number[]) => quadratic(covariance, image);
  const images = imagesOf(program);
  const reaching = gainsOf(program);
  return program.operations.map((each, index) => {
    const made = program.inputs + index;
    const factor = each.factor.valueOf();
    const rounds = each.right !== undefined || !isPowerOfTwo(factor);
    const constantError = (Math.fround(factor) - factor) * 2 ** 24;
    const variance =
      (rounds ? ROUNDING_VARIANCE * power(images[made]!) : 0) +
      constantError ** 2 * power(images[each.left]!);
    return { variance, gains: reaching[made]! };
  });
}

/** What each value is as a combination of the inputs. */
function imagesOf({ inputs, operations }: Program): number[][] {
  const images: number[][] = Array.from({ length: inputs }, (_, i) =>
    Array.from({ length: inputs }, (_, k) => (k === i ? 1 : 0)),
  );
  for (const { factor, left, sign, right } of operations) {
    const scale = factor.valueOf();
    images.push(
      images[left]!.map((each, k) => scale * each + (right === undefined ? 0 : sign * images[right]![k]!)),
    );
  }
  return images;
}

/** How much of an error of each value reaches each row. */
function gainsOf({ inputs, operations, outputs }: Program): number[][] {
  const gains = Array.from({ length: inputs + operations.length }, () => outputs.map(() => 0));
  outputs.forEach((value, row) => {
    if (value !== undefined) gains[value]![row]! += 1;
  });
  for (let index = operations.length - 1; index >= 0; index--) {
    const each = operations[index]!;
    const own = gains[inputs + index]!;
    for (const operand of operandsOf(each)) {
      const weight =
        (operand === each.left ? each.factor.valueOf() : 0) + (operand === each.right ? each.sign : 0);
      own.forEach((gain, row) => {
        gains[operand]![row]! += weight * gain;
      });
    }
  }
  return gains;
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(Math.abs(value)));
}

function toNumbers(matrix: Matrix): number[][] {
  return matrix.map((row) => row.map((each) => each.valueOf()));
}

function identity(size: number, keeps = (_: number) => true): number[][] {
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, k) => Number(i === k && keeps(i))),
  );
}

function transposed(rows: Rows): number[][] {
  return rows[0]!.map((_, t) => rows.map((row) => row[t]!));
}

/** Entry by entry. */
function hadamard(a: Rows, b: Rows): number[][] {
  return a.map((row, i) => row.map((each, k) => each * b[i]![k]!));
}

/** M Mᵀ. */
function gram(rows: Rows): number[][] {
  return rows.map((a) => rows.map((b) => sum(a.map((each, k) => each * b[k]!))));
}

function quadratic(form: Rows, vector: readonly number[]): number {
  let total = 0;
  for (let i = 0; i < vector.length; i++) {
    if (vector[i] === 0) continue;
    for (let j = 0; j < vector.length; j++) total += vector[i]! * form[i]![j]! * vector[j]!;
  }
  return total;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}
