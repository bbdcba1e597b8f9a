import { Fraction } from 'fraction.js';
import type { Matrix } from '../core/transform.js';
import { expected } from '../errors.js';

/**
 * Names a value of a program: 0 … inputs−1 are its inputs, and operation k makes value inputs+k.
 */
export type Value = number;

/**
 * One machine operation, `factor · left + sign · right`: with `right` a sum when the factor is 1, else a fused
 * multiply-add; without it a product. As either sign is free, negation never costs an operation of its own.
 */
export interface Operation {
  readonly factor: Fraction;
  readonly left: Value;
  readonly sign: 1 | -1;
  readonly right: Value | undefined;
}

/** A linear map y = M x as straight-line code: every operation uses only values made before it. */
export interface Program {
  /** Number of inputs: the columns of M. */
  readonly inputs: number;
  readonly operations: readonly Operation[];
  /** The value of each row of M; undefined for a row of zeros. */
  readonly outputs: readonly (Value | undefined)[];
}

/** How one operation is carried out. A product with −1 is a `negate`. */
export type OperationKind = 'add' | 'subtract' | 'multiply' | 'negate' | 'fma';

/** What a program costs. */
export interface Cost {
  /** Additions and subtractions. */
  readonly adds: number;
  /** Products by a constant, negations included. */
  readonly multiplies: number;
  /** Fused multiply-adds, each counted once. */
  readonly fmas: number;
  readonly total: number;
  /** The most values that are live at once when each input is loaded at its first use. Constants not counted. */
  readonly registers: number;
  /** Operations on the longest path from an input to an output. */
  readonly depth: number;
}

const ONE = new Fraction(1);

/** Makes an operation in its simplest form: `−1 · a + b` becomes `b − a`. */
export function operation(factor: Fraction, left: Value, sign: 1 | -1 = 1, right?: Value): Operation {
  if (right !== undefined && sign === 1 && factor.equals(-1))
    return { factor: ONE, left: right, sign: -1, right: left };
  return { factor, left, sign, right };
}

/** Which instruction serves an operation. */
export function kindOf({ factor, sign, right }: Operation): OperationKind {
  if (right === undefined) return factor.equals(-1) ? 'negate' : 'multiply';
  if (!factor.equals(1)) return 'fma';
  return sign === 1 ? 'add' : 'subtract';
}

/** The values that an operation reads. */
export function operandsOf({ left, right }: Operation): readonly Value[] {
  return right === undefined || right === left ? [left] : [left, right];
}

/**
 * Runs a program exactly.
 *
 * @param input one rational per input
 * @returns one rational per row
 * @throws InputError when the number of inputs is wrong
 */
export function interpret(program: Program, input: readonly Fraction[]): Fraction[] {
  if (input.length !== program.inputs)
    throw expected('input', `an array of ${program.inputs} fractions`, input.length);
  const values = [...input];
  for (const { factor, left, sign, right } of program.operations) {
    const product = values[left]!.mul(factor);
    values.push(right === undefined ? product : product.add(values[right]!.mul(sign)));
  }
  return program.outputs.map((value) => (value === undefined ? new Fraction(0) : values[value]!));
}

/** The matrix that a program computes: its columns are the images of the unit vectors. */
export function matrixOf(program: Program): Matrix {
  const unit = (k: number) =>
    Array.from({ length: program.inputs }, (_, index) => new Fraction(index === k ? 1 : 0));
  const columns = Array.from({ length: program.inputs }, (_, k) => interpret(program, unit(k)));
  return program.outputs.map((_, row) => columns.map((column) => column[row]!));
}

/**
 * Proves over ℚ that a program computes a matrix. Both are linear, so agreement on the unit vectors is agreement
 * everywhere.
 *
 * @throws Error naming the first entry that differs: a bug of the search, never of its caller
 */
export function prove(program: Program, matrix: Matrix): void {
  const computed = matrixOf(program);
  if (computed.length !== matrix.length)
    throw new Error(`Expected a program of ${matrix.length} rows but it has ${computed.length}`);
  matrix.forEach((row, i) => {
    row.forEach((entry, j) => {
      const got = computed[i]![j]!;
      if (!got.equals(entry))
        throw new Error(
          `Expected the program's entry (${i}, ${j}) to be ${entry.toFraction()} but it is ${got.toFraction()}`,
        );
    });
  });
}

/** Counts what a program costs; see {@link Cost}. */
export function costOf(program: Program): Cost {
  const count = (...kinds: OperationKind[]) =>
    program.operations.filter((each) => kinds.includes(kindOf(each))).length;
  return {
    adds: count('add', 'subtract'),
    multiplies: count('multiply', 'negate'),
    fmas: count('fma'),
    total: program.operations.length,
    registers: registersOf(program),
    depth: depthOf(program),
  };
}

/**
 * Additions plus products of the matrix-vector product as it stands: nothing shared, nothing fused, entries ±1 free
 * of a product. The yardstick of a program.
 */
export function naiveOperations(matrix: Matrix): number {
  const operations = matrix.map((row) => {
    const entries = row.filter((entry) => !entry.equals(0));
    const products = entries.filter((entry) => !entry.abs().equals(1)).length;
    return Math.max(entries.length - 1, 0) + products;
  });
  return operations.reduce((sum, each) => sum + each, 0);
}

function registersOf(program: Program): number {
  const lastUse = new Map<Value, number>();
  program.operations.forEach((each, at) => {
    for (const operand of operandsOf(each)) lastUse.set(operand, at);
  });
  const stored = new Set(program.outputs);
  const live = new Set<Value>();
  let most = 0;
  program.operations.forEach((each, at) => {
    for (const operand of operandsOf(each)) live.add(operand);
    most = Math.max(most, live.size);
    for (const operand of operandsOf(each)) if (lastUse.get(operand) === at) live.delete(operand);
    const made = program.inputs + at;
    // A result without a later use is stored at once and needs a register only for that moment.
    if (lastUse.has(made)) live.add(made);
    most = Math.max(most, live.size + (stored.has(made) && !lastUse.has(made) ? 1 : 0));
  });
  return Math.max(most, program.outputs.some((value) => value !== undefined) ? 1 : 0);
}

function depthOf({ inputs, operations, outputs }: Program): number {
  const depth: number[] = Array(inputs).fill(0);
  for (const each of operations) depth.push(1 + Math.max(...operandsOf(each).map((value) => depth[value]!)));
  return Math.max(0, ...outputs.map((value) => (value === undefined ? 0 : depth[value]!)));
}
