import type { Fraction } from 'fraction.js';
import { isOpposite, isSame, isZero, ZERO } from '../algebra/rational.js';
import type { Matrix } from '../core/transform.js';

/** A row or a part of one. */
type Row = readonly Fraction[];

/** The index of the even or of the odd half. */
export type Half = 0 | 1;
export const EVEN = 0;
export const ODD = 1;

/** A row as its even and its odd entries: both as long as the row, zero at the entries of the other. */
export type Halves = readonly [even: Row, odd: Row];

/** Which rows of a matrix are made of one even half E and one odd half O: E alone, O alone, E + O and E − O. */
export interface RowPair {
  readonly even?: number;
  readonly odd?: number;
  readonly sum?: number;
  readonly difference?: number;
}

/** Rows that share their halves. */
export interface SharedHalves {
  readonly rows: RowPair;
  readonly halves: Halves;
}

/** A matrix whose rows come in pairs E ± O, as those of points ±p do. */
export interface HalvedRows {
  /** The columns that are even, and those that are odd. */
  readonly columns: readonly [even: readonly number[], odd: readonly number[]];
  /** Every row is in one of them, once. */
  readonly pairs: readonly SharedHalves[];
}

/**
 * Finds which rows differ by the signs of some entries alone, calls these entries odd, and puts rows together that share
 * their halves. Any matrix can be written so; where no rows pair, each has halves of its own.
 */
export function halveRows(matrix: Matrix): HalvedRows {
  const parities = paritiesOf(matrix);
  const columns = ([EVEN, ODD] as const).map((half) =>
    [...parities.keys()].filter((column) => parities[column] === half),
  ) as [number[], number[]];
  const halves = matrix.map(
    (row): Halves => [
      row.map((value, column) => (parities[column] === EVEN ? value : ZERO)),
      row.map((value, column) => (parities[column] === ODD ? value : ZERO)),
    ],
  );
  // Rows of both halves come first, then even ones, then odd ones, which fill up pairs that have no odd half.
  const kinds: readonly Kind[] = ['both', 'even', 'odd'];
  const pairs = kinds.flatMap((kind) => [...halves.keys()].filter((row) => kindOf(halves[row]!) === kind));
  return { columns, pairs: pairs.reduce<SharedHalves[]>((all, row) => place(row, halves[row]!, all), []) };
}

type Parity = Half | undefined;

/** Whether each column is even or odd: from pairs of rows, then from rows of one half, else by its index. */
function paritiesOf(matrix: Matrix): readonly Half[] {
  let parities: readonly Parity[] = matrix[0]!.map(() => undefined);
  matrix.forEach((first, i) => {
    for (const second of matrix.slice(i + 1)) parities = withPair(parities, first, second);
  });
  for (const row of matrix) parities = withRow(parities, row);
  return parities.map((parity, column) => parity ?? (column % 2 === 0 ? EVEN : ODD));
}

/** Of two rows that differ by signs alone, entries whose signs differ are odd. Unchanged where known ones contradict. */
function withPair(parities: readonly Parity[], first: Row, second: Row): readonly Parity[] {
  if (equals(first, second)) return parities;
  const learnt = [...parities];
  for (const [column, value] of first.entries()) {
    const [other, known] = [second[column]!, parities[column]];
    if (isZero(value) && isZero(other)) continue;
    const found = isSame(value, other) ? EVEN : isOpposite(value, other) ? ODD : undefined;
    if (found === undefined || (known !== undefined && known !== found)) return parities;
    learnt[column] = found;
  }
  return learnt;
}

/** Entries that no pair of rows has are as those beside them in a row that is otherwise even, or otherwise odd. */
function withRow(parities: readonly Parity[], row: Row): readonly Parity[] {
  const found = new Set(parities.filter((parity, column) => parity !== undefined && !isZero(row[column]!)));
  if (found.size !== 1) return parities;
  const [only] = found;
  return parities.map((parity, column) => (parity === undefined && !isZero(row[column]!) ? only : parity));
}

type Kind = 'both' | 'even' | 'odd';

function kindOf([even, odd]: Halves): Kind {
  if (odd.every(isZero)) return 'even';
  return even.every(isZero) ? 'odd' : 'both';
}

/** Adds a row to the first pair that shares its halves and has no such row yet, else as a new pair. */
function place(row: number, halves: Halves, pairs: readonly SharedHalves[]): SharedHalves[] {
  for (const { slot, fits } of slotsFor(halves)) {
    const found = pairs.find((pair) => pair.rows[slot] === undefined && fits(pair.halves));
    if (found === undefined) continue;
    const joined: SharedHalves = {
      rows: { ...found.rows, [slot]: row },
      halves: slot === 'odd' ? [found.halves[0], halves[1]] : found.halves,
    };
    return pairs.map((pair) => (pair === found ? joined : pair));
  }
  const kind = kindOf(halves);
  return [...pairs, { rows: { [kind === 'both' ? 'sum' : kind]: row }, halves }];
}

interface Slot {
  readonly slot: keyof RowPair;
  readonly fits: (other: Halves) => boolean;
}

/** Where a row may go, best first. */
function slotsFor(halves: Halves): readonly Slot[] {
  const [even, odd] = halves;
  switch (kindOf(halves)) {
    case 'even':
      return [{ slot: 'even', fits: ([other]) => equals(other, even) }];
    case 'odd':
      return [
        { slot: 'odd', fits: ([, other]) => equals(other, odd) },
        { slot: 'odd', fits: ([, other]) => other.every(isZero) },
      ];
    case 'both': {
      const opposite = odd.map((value) => value.neg());
      return [{ slot: 'difference', fits: (other) => equals(other[0], even) && equals(other[1], opposite) }];
    }
  }
}

function equals(first: Row, second: Row): boolean {
  return first.every((value, i) => isSame(value, second[i]!));
}
