import { lower } from './program/lower.js';
import { operandsOf, type Program } from './program/program.js';
import { Rationals } from './program/rationals.js';
import { ROUNDING_VARIANCE } from './program/rounding.js';
import { chooseScales } from './program/scale.js';
import { Sums } from './program/sums.js';
import type { Matrix, Transform } from './transform.js';

/** How one axis is computed: its algorithm, and the programs that carry out the transforms, if these are known. */
export interface AxisArithmetic {
  readonly transform: Transform;
  /** Programs for B, A and C; by default each row on its own, fused, small terms first. */
  readonly programs?: { readonly input?: Program; readonly output?: Program; readonly kernel?: Program };
}

/**
 * Variances along one axis, one entry per output s, for data and kernel entries that are independent and of variance
 * one. Those of roundings are in units of 2⁻⁴⁸, the square of half an ulp of 1.
 */
export interface AxisNoise {
  /** Of the output itself: G, the same for every s. */
  readonly signal: number;
  /** Of an error that each product carries on its own, as large as the product: Σₖ Aₛₖ² ‖Bₖ‖² ‖Cₖ‖². */
  readonly gain: readonly number[];
  /** The sum over products of the squares of the terms of `gain`: the fewer products carry it, the larger. */
  readonly gainSquares: readonly number[];
  /** The part of `gain` from products whose kernel factor is a kernel entry times a power of two, thus exact. */
  readonly exactKernelGain: readonly number[];
  /** Of the roundings inside the input, the kernel and the output transform, seen at the output. */
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly output: readonly number[];
}

/**
 * Follows every rounding of one axis to the outputs. Roundings are taken as independent of each other; what one
 * rounding does to several products is not, and neither are the products that an output sums.
 */
export function axisNoise({ transform, programs = {} }: AxisArithmetic): AxisNoise {
  const [A, B, C] = [toNumbers(transform.A), toNumbers(transform.B), toNumbers(transform.C)];
  const [data, kernel] = [gram(B), gram(C)];
  const products = data.map((row, t) => row.map((each, u) => each * kernel[t]![u]!));
  const { input = plainProgram(transform.B), output = plainProgram(transform.A) } = programs;
  const kernelProgram = programs.kernel ?? plainProgram(transform.C);
  const gains = A.map((row) => row.map((a, t) => a * a * products[t]![t]!));
  const exact = C.map(
    (row) => row.filter((c) => c !== 0).length === 1 && row.every((c) => c === 0 || isPowerOfTwo(c)),
  );
  return {
    signal: transform.taps,
    gain: gains.map(sum),
    gainSquares: gains.map((row) => sum(row.map((each) => each * each))),
    exactKernelGain: gains.map((row) => sum(row.filter((_, t) => exact[t]))),
    input: throughProducts(input, A, kernel),
    kernel: throughProducts(kernelProgram, A, data),
    output: outputRounding(output, products),
  };
}

type Rows = readonly (readonly number[])[];

/** A matrix as a program: each row a sum of its own, nothing shared. */
export function plainProgram(matrix: Matrix): Program {
  const sums = Sums.of(matrix, new Rationals());
  return lower(sums, chooseScales(sums).scales);
}

/**
 * Variance at each output of the roundings of a program whose results become one factor of the products.
 *
 * @param other the covariances of the other factor
 */
function throughProducts(program: Program, A: Rows, other: Rows): number[] {
  const totals = A.map(() => 0);
  for (const { variance, gains } of roundings(program, undefined)) {
    A.forEach((row, s) => {
      const weights = row.map((a, t) => a * gains[t]!);
      totals[s]! += variance * quadratic(other, weights);
    });
  }
  return totals;
}

function outputRounding(program: Program, products: Rows): number[] {
  const totals = program.outputs.map(() => 0);
  for (const { variance, gains } of roundings(program, products))
    gains.forEach((gain, s) => {
      totals[s]! += variance * gain * gain;
    });
  return totals;
}

/** One operation's error: its variance, and how much of it reaches each row. */
interface Rounding {
  readonly variance: number;
  readonly gains: readonly number[];
}

/** @param covariance of the inputs; undefined for independent ones of variance one */
function roundings(program: Program, covariance: Rows | undefined): Rounding[] {
  const power = (image: readonly number[]) =>
    covariance === undefined ? sum(image.map((each) => each * each)) : quadratic(covariance, image);
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
