import { Fraction } from 'fraction.js';

/** A rational of a {@link Rationals} table. */
export type RationalId = number;

const LIMIT = 2 ** 20;

/**
 * Gives each rational a small number, and remembers quotients and products, so that the search compares
 * coefficients exactly and yet as fast as integers. Zero is never a coefficient and has no place here.
 */
export class Rationals {
  static readonly one: RationalId = 0;
  static readonly minusOne: RationalId = 1;

  readonly #values: Fraction[] = [];
  readonly #ids = new Map<string, RationalId>();
  readonly #quotients = new Map<number, RationalId>();
  readonly #products = new Map<number, RationalId>();

  constructor() {
    this.id(new Fraction(1));
    this.id(new Fraction(-1));
  }

  /** The number of a rational other than zero, a new one if it was not seen before. */
  id(value: Fraction): RationalId {
    const key = value.toFraction();
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#values.length;
    if (id >= LIMIT) throw new Error('Expected fewer than a million different coefficients');
    this.#values.push(value);
    this.#ids.set(key, id);
    return id;
  }

  /** The rational behind a number. */
  value(id: RationalId): Fraction {
    return this.#values[id]!;
  }

  quotient(dividend: RationalId, divisor: RationalId): RationalId {
    if (divisor === Rationals.one) return dividend;
    return this.#remember(this.#quotients, dividend, divisor, (a, b) => a.div(b));
  }

  product(left: RationalId, right: RationalId): RationalId {
    if (left === Rationals.one) return right;
    if (right === Rationals.one) return left;
    return this.#remember(this.#products, left, right, (a, b) => a.mul(b));
  }

  /** True for 1 and −1, the coefficients that cost no product. */
  isUnit(id: RationalId): boolean {
    return id <= Rationals.minusOne;
  }

  /** True when single precision holds the rational exactly. */
  isSingle(id: RationalId): boolean {
    const value = this.value(id).valueOf();
    return Math.fround(value) === value;
  }

  #remember(
    table: Map<number, RationalId>,
    left: RationalId,
    right: RationalId,
    compute: (left: Fraction, right: Fraction) => Fraction,
  ): RationalId {
    const key = left * LIMIT + right;
    const known = table.get(key);
    if (known !== undefined) return known;
    const id = this.id(compute(this.value(left), this.value(right)));
    table.set(key, id);
    return id;
  }
}
