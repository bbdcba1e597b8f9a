import fc from 'fast-check';
import { Fraction } from 'fraction.js';
import { describe, expect, it } from 'vitest';
import { nearestDouble } from '../../../synth/algebra/nearest-double.js';

const buffer = new DataView(new ArrayBuffer(8));

/** The double whose bits are next to those of a positive one. */
function neighbour(value: number, step: 1n | -1n): number {
  buffer.setFloat64(0, value);
  buffer.setBigUint64(0, buffer.getBigUint64(0) + step);
  return buffer.getFloat64(0);
}

/** A double as the rational it is. */
function exact(value: number): Fraction {
  let [numerator, shift] = [value, 0n];
  while (!Number.isInteger(numerator)) [numerator, shift] = [numerator * 2, shift + 1n];
  return new Fraction(BigInt(numerator), 2n ** shift);
}

describe('nearestDouble', () => {
  it('is no farther from the rational than the doubles beside it', () => {
    const digits = fc.bigInt({ min: 1n, max: 2n ** 120n });
    fc.assert(
      fc.property(digits, digits, fc.boolean(), (n, d, negative) => {
        const value = new Fraction(n, d);
        const found = nearestDouble(negative ? value.neg() : value);
        expect(Math.sign(found)).toBe(negative ? -1 : 1);
        const distance = (double: number) => exact(double).sub(value).abs();
        const own = distance(Math.abs(found));
        for (const step of [1n, -1n] as const)
          expect(own.compare(distance(neighbour(Math.abs(found), step)))).toBeLessThanOrEqual(0);
      }),
      { numRuns: 300, seed: 2 },
    );
  });

  it('rounds ties to even, and knows zero', () => {
    expect(nearestDouble(new Fraction(2n ** 53n + 1n))).toBe(2 ** 53);
    expect(nearestDouble(new Fraction(2n ** 53n + 3n))).toBe(2 ** 53 + 4);
    expect(nearestDouble(new Fraction(0))).toBe(0);
    expect(nearestDouble(new Fraction('1/3'))).toBe(1 / 3);
  });
});
