import type { Matrix } from '../core/transform.js';
import { type RationalId, Rationals } from './rationals.js';

/** A linear combination: which values with which coefficients. */
export type Sum = Map<number, RationalId>;

/**
 * A matrix being factored: each value after the inputs is a sum of other values. Values 0 … inputs−1 are the
 * inputs, the next `rows` the rows of the matrix, and the rest temporaries, whose scale is still free.
 */
export class Sums {
  readonly #sums: Sum[];

  private constructor(
    readonly rationals: Rationals,
    readonly inputs: number,
    readonly rows: number,
    sums: Sum[],
  ) {
    this.#sums = sums;
  }

  /** One sum of inputs per row of the matrix. */
  static of(matrix: Matrix, rationals = new Rationals()): Sums {
    const sums = matrix.map(
      (row) =>
        new Map(row.flatMap((entry, column) => (entry.equals(0) ? [] : [[column, rationals.id(entry)]]))),
    );
    return new Sums(rationals, matrix[0]?.length ?? 0, matrix.length, sums);
  }

  clone(): Sums {
    const sums = this.#sums.map((sum) => new Map(sum));
    return new Sums(this.rationals, this.inputs, this.rows, sums);
  }

  /** The values that are sums: the rows, then the temporaries that are in use. */
  get values(): number[] {
    const values: number[] = [];
    for (const [index, sum] of this.#sums.entries())
      if (index < this.rows || sum.size > 0) values.push(this.inputs + index);
    return values;
  }

  get temporaries(): number[] {
    return this.values.filter((value) => this.isTemporary(value));
  }

  isTemporary(value: number): boolean {
    return value >= this.inputs + this.rows;
  }

  sum(value: number): Sum {
    return this.#sums[value - this.inputs]!;
  }

  /** The sums in which a value occurs. */
  uses(value: number): number[] {
    return this.values.filter((user) => this.sum(user).has(value));
  }

  /** Additions left to do: a lower bound on the operations of any program made of these sums. */
  get additions(): number {
    return this.#sums.reduce((total, sum) => total + Math.max(sum.size - 1, 0), 0);
  }

  /**
   * Makes a temporary of the terms that `users` have in common in fixed proportions, and puts it in their place.
   *
   * @param columns the values of those terms; in each user their coefficients are in the same proportions
   */
  extract(columns: readonly number[], users: readonly number[]): void {
    const [pivot] = columns;
    const first = this.sum(users[0]!);
    const unit = first.get(pivot!)!;
    const shared: Sum = new Map(
      columns.map((column) => [column, this.rationals.quotient(first.get(column)!, unit)]),
    );
    const temporary = this.inputs + this.#sums.length;
    this.#sums.push(shared);
    for (const user of users) {
      const sum = this.sum(user);
      const coefficient = sum.get(pivot!)!;
      for (const column of columns) sum.delete(column);
      sum.set(temporary, coefficient);
    }
  }

  /** Puts a temporary's terms back into the sums that use it. The inverse of {@link extract}. */
  inline(temporary: number): void {
    for (const user of this.uses(temporary)) {
      const sum = this.sum(user);
      const scale = sum.get(temporary)!;
      sum.delete(temporary);
      // No two terms of a user reach the same input, as `extract` only regroups: nothing can collide or cancel.
      for (const [column, coefficient] of this.sum(temporary))
        sum.set(column, this.rationals.product(scale, coefficient));
    }
    this.sum(temporary).clear();
  }

  /** Puts back what only one sum uses: a longer sum leaves more freedom in the order of its terms. */
  inlineSingleUses(): void {
    for (const temporary of this.temporaries)
      if (this.sum(temporary).size === 1 || this.uses(temporary).length === 1) this.inline(temporary);
  }
}
