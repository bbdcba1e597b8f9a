import type { Fraction } from 'fraction.js';
import { equal, transpose } from '../algebra/matrix.js';
import { isZero, ONE, ZERO } from '../algebra/rational.js';
import type { Matrix } from '../core/transform.js';
import {
  EVEN,
  type Half,
  type HalvedRows,
  halveRows,
  ODD,
  type RowPair,
  type SharedHalves,
} from './halves.js';
import { type HalfSum, MAX_COLUMN_PAIRS, matrixOfPaired, type PairedTransform, type Term } from './paired.js';

/**
 * Writes a matrix for the generic kernel, by pairs of rows or by pairs of columns, whichever is less work. Proved: what
 * it computes, multiplied out over ℚ, is the matrix.
 *
 * @param matrix of one or more rows and columns
 */
export function pairedTransform(matrix: Matrix): PairedTransform {
  const [rows, columns] = [halveRows(matrix), halveRows(transpose(matrix))];
  const operands = work(rows) <= work(columns) ? byRows(rows) : byColumns(columns);
  const paired = assemble(limitPairs(operands));
  if (!equal(matrixOfPaired(paired, matrix.length, matrix[0]!.length), matrix))
    throw new Error('A paired transform does not compute its matrix');
  return paired;
}

const HALVES = [EVEN, ODD] as const;

/** What one half of every pair of rows takes of some columns: these with their signs, times a coefficient for each. */
interface Operand {
  readonly half: Half;
  readonly columns: readonly Term[];
  /** One per pair of rows. */
  readonly coefficients: readonly Fraction[];
}

/** A matrix on its way to being paired. */
interface Operands {
  readonly crossed: boolean;
  readonly rows: readonly RowPair[];
  readonly pairs: readonly (readonly [even: Operand, odd: Operand])[];
  readonly singles: readonly Operand[];
}

/** Multiply-adds of a line if all columns were dense. */
function work({ columns, pairs }: HalvedRows): number {
  return pairs.length * Math.max(columns[EVEN].length, columns[ODD].length);
}

/** For an input transform, whose rows are sums and differences. */
function byRows({ columns, pairs }: HalvedRows): Operands {
  const operands = HALVES.map((half) =>
    columns[half].map(
      (column): Operand => ({
        half,
        columns: [{ column, coefficient: ONE }],
        coefficients: pairs.map(({ halves }) => halves[half][column]!),
      }),
    ),
  );
  // A column that few pairs of rows use stays single, though every use of it takes a load more.
  const isRare = ({ coefficients }: Operand) => 2 * coefficients.filter(isZero).length >= pairs.length;
  const [even, odd] = operands.map((half) => half.filter((operand) => !isRare(operand))) as [
    Operand[],
    Operand[],
  ];
  const length = Math.max(even.length, odd.length);
  return {
    crossed: false,
    rows: pairs.map(({ rows }) => rows),
    pairs: Array.from({ length }, (_, i) => [
      even[i] ?? timesZero(odd[i]!, EVEN),
      odd[i] ?? timesZero(even[i]!, ODD),
    ]),
    singles: operands.flat().filter(isRare),
  };
}

/** The partner of a column whose half has one more than the other. */
function timesZero({ columns, coefficients }: Operand, half: Half): Operand {
  return { half, columns, coefficients: coefficients.map(() => ZERO) };
}

/** For an output transform, the transpose of such a matrix: its columns are used by their sums and differences. */
function byColumns({ columns: halvedRows, pairs }: HalvedRows): Operands {
  const [even, odd] = halvedRows;
  const length = Math.max(even.length, odd.length);
  const rows = Array.from(
    { length },
    (_, i): RowPair => ({
      ...(i < even.length ? { even: even[i]! } : {}),
      ...(i < odd.length ? { odd: odd[i]! } : {}),
    }),
  );
  const operand = ({ halves }: SharedHalves, half: Half, columns: readonly Term[]): Operand => ({
    half,
    columns,
    coefficients: rows.map(({ even: evenRow, odd: oddRow }) => {
      const row = half === EVEN ? evenRow : oddRow;
      return row === undefined ? ZERO : halves[half][row]!;
    }),
  });
  const once = (column: number): Term => ({ column, coefficient: ONE });
  const negated = (column: number): Term => ({ column, coefficient: ONE.neg() });
  const singles: Operand[] = [];
  const crossed: [Operand, Operand][] = [];
  for (const pair of pairs) {
    const { even: evenOnly, odd: oddOnly, sum, difference } = pair.rows;
    if (evenOnly !== undefined) singles.push(operand(pair, EVEN, [once(evenOnly)]));
    if (oddOnly !== undefined) singles.push(operand(pair, ODD, [once(oddOnly)]));
    if (sum === undefined) continue;
    if (difference === undefined) singles.push(...HALVES.map((half) => operand(pair, half, [once(sum)])));
    else
      crossed.push([
        operand(pair, EVEN, [once(sum), once(difference)]),
        operand(pair, ODD, [once(sum), negated(difference)]),
      ]);
  }
  return { crossed: true, rows, pairs: crossed, singles };
}

/** Pairs that do not fit the kernel's registers become single. */
function limitPairs(operands: Operands): Operands {
  const beyond = operands.pairs.slice(MAX_COLUMN_PAIRS).reverse().flat();
  return {
    ...operands,
    pairs: operands.pairs.slice(0, MAX_COLUMN_PAIRS),
    singles: [...operands.singles, ...beyond],
  };
}

function assemble({ crossed, rows, pairs, singles }: Operands): PairedTransform {
  const halfSum = (row: number, half: Half): HalfSum => ({
    coefficients: pairs.map((pair) => pair[half].coefficients[row]!),
    terms: singles
      .filter((operand) => operand.half === half && !isZero(operand.coefficients[row]!))
      .flatMap(({ columns, coefficients }) =>
        columns.map(({ column, coefficient: sign }) => ({
          column,
          coefficient: sign.mul(coefficients[row]!),
        })),
      ),
  });
  return {
    crossed,
    columns: pairs.map(([even, odd]) => ({
      first: even.columns[0]!.column,
      second: odd.columns.at(-1)!.column,
    })),
    pairs: rows.map((pair, row) => ({ rows: pair, halves: [halfSum(row, EVEN), halfSum(row, ODD)] })),
  };
}
