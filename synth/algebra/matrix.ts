import { Fraction } from 'fraction.js';
import type { Matrix } from '../core/transform.js';
import { isZero, ZERO } from './rational.js';

/** The rows as columns. An empty matrix stays empty. */
export function transpose(matrix: Matrix): Matrix {
  return (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column]!));
}

/** Matrix times vector, exactly. The vector's length must be the number of columns. */
export function apply(matrix: Matrix, vector: readonly Fraction[]): Fraction[] {
  return matrix.map((row) => dot(row, vector));
}

/** The product of two matrices, exactly. */
export function product(left: Matrix, right: Matrix): Matrix {
  const columns = transpose(right);
  return left.map((row) => columns.map((column) => dot(row, column)));
}

/** Σ aᵢ bᵢ, exactly; zeros cost nothing. */
export function dot(a: readonly Fraction[], b: readonly Fraction[]): Fraction {
  return a.reduce(
    (sum, value, i) => (isZero(value) || isZero(b[i]!) ? sum : sum.add(value.mul(b[i]!))),
    ZERO,
  );
}

/** The share of entries that are zero: the sparsity of Table 1 (Budden et al. 2017). */
export function sparsity(matrix: Matrix): number {
  const entries = matrix.flat();
  return entries.filter(isZero).length / entries.length;
}

/** A matrix from anything that fraction.js reads; for literals in code and tests. */
export function matrix(rows: readonly (readonly (number | string)[])[]): Matrix {
  return rows.map((row) => row.map((value) => new Fraction(value)));
}

/** True when both have the same shape and entries. */
export function equal(left: Matrix, right: Matrix): boolean {
  return (
    left.length === right.length &&
    left.every((row, i) => row.length === right[i]!.length && row.every((v, j) => v.equals(right[i]![j]!)))
  );
}
