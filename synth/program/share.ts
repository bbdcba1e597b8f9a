import type { RationalId } from './rationals.js';
import type { Sums } from './sums.js';

/** Terms that several sums have in common, up to a scale: a rank-one block of the matrix of coefficients. */
export interface Block {
  readonly columns: readonly number[];
  readonly users: readonly number[];
  /** Additions that computing the block once would save: (users − 1)(columns − 1). */
  readonly gain: number;
}

/**
 * Every block worth sharing that is as large as it can be in one direction: the largest common part of each two
 * sums (paired rows E + O and E − O have two, whose second is the odd part), and each pair of terms with all the
 * sums that contain it in the same proportion.
 */
export function sharedBlocks(sums: Sums): Block[] {
  const found = new Map<string, Block>();
  const values = sums.values.filter((value) => sums.sum(value).size >= 2);
  for (const columns of commonParts(sums, values)) keep(found, columns, usersOf(sums, values, columns));
  for (const { columns, users } of pairsOfTerms(sums, values)) keep(found, columns, users);
  return [...found.values()];
}

/**
 * Shares blocks until none is left.
 *
 * @param random uniform in [0, 1): breaks ties, and lets a smaller gain go before a larger one now and then
 * @param temperature 0 always takes the largest gain; higher is bolder
 */
export function shareAll(sums: Sums, random: () => number, temperature: number): void {
  for (;;) {
    const blocks = sharedBlocks(sums);
    if (blocks.length === 0) return;
    const { columns, users } = draw(blocks, random, temperature);
    sums.extract(columns, users);
  }
}

function draw(blocks: readonly Block[], random: () => number, temperature: number): Block {
  const best = Math.max(...blocks.map(({ gain }) => gain));
  const weights = blocks.map(({ gain }) =>
    gain === best ? 1 : temperature === 0 ? 0 : Math.exp((gain - best) / temperature),
  );
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return blocks[index]!;
  }
  return blocks[weights.lastIndexOf(1)]!;
}

function keep(found: Map<string, Block>, columns: readonly number[], users: readonly number[]): void {
  const key = `${columns}/${users}`;
  if (!found.has(key)) found.set(key, { columns, users, gain: (users.length - 1) * (columns.length - 1) });
}

/** For each two sums the sets of three or more terms whose coefficients are in one proportion. */
function* commonParts(sums: Sums, values: readonly number[]): Generator<number[]> {
  for (const [index, second] of values.entries()) {
    for (const first of values.slice(0, index)) {
      const groups = new Map<RationalId, number[]>();
      for (const [column, coefficient] of sums.sum(first)) {
        const other = sums.sum(second).get(column);
        if (other !== undefined) append(groups, sums.rationals.quotient(other, coefficient), column);
      }
      for (const group of groups.values()) if (group.length >= 3) yield group.sort((a, b) => a - b);
    }
  }
}

/** All the sums that contain the given terms in the proportions of the first two that do. */
function usersOf(sums: Sums, values: readonly number[], columns: readonly number[]): number[] {
  const shapes = new Map<string, number[]>();
  for (const value of values) {
    const shape = proportions(sums, value, columns);
    if (shape !== undefined) append(shapes, shape, value);
  }
  return [...shapes.values()].reduce((most, users) => (users.length > most.length ? users : most));
}

function proportions(sums: Sums, value: number, columns: readonly number[]): string | undefined {
  const sum = sums.sum(value);
  const coefficients = columns.map((column) => sum.get(column));
  if (coefficients.includes(undefined)) return undefined;
  return coefficients.map((each) => sums.rationals.quotient(each!, coefficients[0]!)).join();
}

function* pairsOfTerms(sums: Sums, values: readonly number[]) {
  const pairs = new Map<string, { columns: number[]; users: number[] }>();
  for (const value of values) {
    const terms = [...sums.sum(value)].sort(([a], [b]) => a - b);
    for (const [index, [second, coefficient]] of terms.entries()) {
      for (const [first, other] of terms.slice(0, index)) {
        const key = `${first},${second},${sums.rationals.quotient(coefficient, other)}`;
        const pair = pairs.get(key);
        if (pair) pair.users.push(value);
        else pairs.set(key, { columns: [first, second], users: [value] });
      }
    }
  }
  for (const pair of pairs.values()) if (pair.users.length >= 2) yield pair;
}

function append<K>(groups: Map<K, number[]>, key: K, member: number): void {
  const group = groups.get(key);
  if (group) group.push(member);
  else groups.set(key, [member]);
}
