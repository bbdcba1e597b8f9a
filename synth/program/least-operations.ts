import type { Matrix } from '../core/transform.js';
import { type RationalId, Rationals } from './rationals.js';

/** The subsets of a row number 2ⁿ and their splits 3ⁿ: beyond this, too many to look at. */
const MAX_TERMS = 12;

/**
 * A lower bound on the operations of any program of a matrix in which no input reaches a value on two ways, so that
 * nothing merges or cancels: the programs that sharing sub-expressions can find. A search that reaches it is done.
 *
 * In such a program a row is built by a binary tree whose nodes are parts of the row, and a node can serve no other
 * rows than those that contain the same part up to a scale. With k such rows, 1/k of the node's one operation is
 * charged to each: the operations are at least the sum over the rows of the cheapest tree's charges. Products and the
 * scales of values are left out, which makes the bound only lower.
 *
 * @returns the bound; undefined when a row has more than 12 entries other than 0
 */
export function leastOperations(matrix: Matrix): number | undefined {
  const rationals = new Rationals();
  const rows = distinctRows(matrix, rationals);
  if (rows.some((row) => row.length > MAX_TERMS)) return undefined;
  const owners = new Map<string, number>();
  for (const row of rows)
    for (let part = 1; part < 1 << row.length; part++) {
      const key = keyOf(row, part, rationals);
      owners.set(key, (owners.get(key) ?? 0) + 1);
    }
  const charges = rows.map((row) => leastCharge(row, (part) => 1 / owners.get(keyOf(row, part, rationals))!));
  // Thirds and the like do not add up exactly.
  return Math.max(0, Math.ceil(charges.reduce((sum, charge) => sum + charge, 0) - 1e-6));
}

type Row = readonly (readonly [column: number, coefficient: RationalId])[];

/** The entries other than 0 of each row, and one row only of those that are multiples of each other. */
function distinctRows(matrix: Matrix, rationals: Rationals): Row[] {
  const rows = new Map<string, Row>();
  for (const entries of matrix) {
    const row = entries.flatMap((entry, column) =>
      entry.equals(0) ? [] : [[column, rationals.id(entry)] as const],
    );
    if (row.length > 0) rows.set(keyOf(row, (1 << row.length) - 1, rationals), row);
  }
  return [...rows.values()];
}

/** Names a part of a row, the same for all its multiples. A part is a set of the row's terms as bits. */
function keyOf(row: Row, part: number, rationals: Rationals): string {
  const terms = row.filter((_, index) => part & (1 << index));
  const scale = terms[0]![1];
  return terms.map(([column, coefficient]) => `${column}:${rationals.quotient(coefficient, scale)}`).join();
}

/** The least sum of charges over all binary trees with the row's terms as leaves. */
function leastCharge(row: Row, charge: (part: number) => number): number {
  const whole = (1 << row.length) - 1;
  const least = new Float64Array(whole + 1);
  for (let part = 1; part <= whole; part++) {
    if ((part & (part - 1)) === 0) continue;
    let best = Number.POSITIVE_INFINITY;
    // Every split of the part in two, once.
    for (let one = (part - 1) & part; one > (part & ~one); one = (one - 1) & part)
      best = Math.min(best, least[one]! + least[part & ~one]!);
    least[part] = best + charge(part);
  }
  return least[whole]!;
}
