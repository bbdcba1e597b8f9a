import type { Fraction } from 'fraction.js';
import { nearestDouble } from '../algebra/nearest-double.js';
import { ZERO } from '../algebra/rational.js';
import type { Matrix } from '../core/transform.js';
import { EVEN, type Half, ODD, type RowPair } from './halves.js';

/** Two inputs: E takes the first and O the second; crossed, E takes their sum and O their difference. */
export interface ColumnPair {
  readonly first: number;
  readonly second: number;
}

/** A single input of a half. */
export interface Term {
  readonly column: number;
  readonly coefficient: Fraction;
}

/** What E or O of a pair of rows sums: a coefficient for every pair of columns, and single terms. */
export interface HalfSum {
  readonly coefficients: readonly Fraction[];
  readonly terms: readonly Term[];
}

/** Rows of the result, and the two sums they are made of. */
export interface PairedRows {
  readonly rows: RowPair;
  readonly halves: readonly [even: HalfSum, odd: HalfSum];
}

/**
 * A matrix as the engine's generic kernel applies it. Points come as ±p, so that rows of an input transform come as
 * E ± O, and columns of an output transform are used by their sum in some rows and by their difference in the others:
 * either way two rows take two sums over halves. The sums are dense over pairs of columns; columns that few rows use, or
 * that have no partner, are single terms.
 */
export interface PairedTransform {
  readonly crossed: boolean;
  readonly columns: readonly ColumnPair[];
  readonly pairs: readonly PairedRows[];
}

/** Most pairs of columns that the generic kernel keeps in registers. */
export const MAX_COLUMN_PAIRS = 8;

/** The matrix that a paired transform applies, multiplied out over ℚ. */
export function matrixOfPaired(
  { crossed, columns, pairs }: PairedTransform,
  rows: number,
  width: number,
): Matrix {
  const matrix: Matrix = Array.from({ length: rows }, () => Array<Fraction>(width).fill(ZERO));
  const sumOf = ({ coefficients, terms }: HalfSum, half: Half): Fraction[] => {
    const sum = Array<Fraction>(width).fill(ZERO);
    const add = (column: number, value: Fraction) => {
      sum[column] = sum[column]!.add(value);
    };
    coefficients.forEach((value, k) => {
      const { first, second } = columns[k]!;
      if (crossed || half === EVEN) add(first, value);
      if (crossed || half === ODD) add(second, crossed && half === ODD ? value.neg() : value);
    });
    for (const { column, coefficient } of terms) add(column, coefficient);
    return sum;
  };
  for (const { rows: to, halves } of pairs) {
    const [even, odd] = [sumOf(halves[EVEN], EVEN), sumOf(halves[ODD], ODD)];
    if (to.even !== undefined) matrix[to.even] = even;
    if (to.odd !== undefined) matrix[to.odd] = odd;
    if (to.sum !== undefined) matrix[to.sum] = even.map((value, i) => value.add(odd[i]!));
    if (to.difference !== undefined) matrix[to.difference] = even.map((value, i) => value.sub(odd[i]!));
  }
  return matrix;
}

/** A paired transform as the flat arrays that the generic kernel takes. */
export interface PairedArrays {
  readonly crossed: boolean;
  /** [pair of rows][even, odd, sum, difference]: the rows; −1 for none. */
  readonly rows: Int32Array;
  /** [pair of columns][first, second]. */
  readonly columns: Int32Array;
  /** [pair of rows][even, odd][pair of columns], the floats nearest to the doubles nearest to the rationals. */
  readonly coefficients: Float32Array;
  /** [pair of rows][even, odd]: where its terms end; the first begin at 0. */
  readonly termEnds: Int32Array;
  readonly termColumns: Int32Array;
  readonly termCoefficients: Float32Array;
}

/** Rounds the coefficients to floats, once, and lays everything out flat. */
export function pairedArrays({ crossed, columns, pairs }: PairedTransform): PairedArrays {
  const halves = pairs.flatMap((pair) => pair.halves);
  const terms = halves.flatMap((half) => half.terms);
  let end = 0;
  return {
    crossed,
    rows: Int32Array.from(
      pairs.flatMap(({ rows }) => [rows.even, rows.odd, rows.sum, rows.difference].map((row) => row ?? -1)),
    ),
    columns: Int32Array.from(columns.flatMap(({ first, second }) => [first, second])),
    coefficients: Float32Array.from(halves.flatMap((half) => half.coefficients.map(nearestDouble))),
    termEnds: Int32Array.from(halves, (half) => {
      end += half.terms.length;
      return end;
    }),
    termColumns: Int32Array.from(terms, ({ column }) => column),
    termCoefficients: Float32Array.from(terms, ({ coefficient }) => nearestDouble(coefficient)),
  };
}
