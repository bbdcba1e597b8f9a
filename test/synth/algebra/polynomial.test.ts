import fc from 'fast-check';
import { Fraction } from 'fraction.js';
import { describe, expect, test } from 'vitest';
import { parsePolynomial } from '../../../synth/algebra/parse.js';
import {
  add,
  degree,
  divide,
  extendedGcd,
  format,
  inverseModulo,
  linear,
  modulo,
  monic,
  multiply,
  type Polynomial,
  polynomial,
  subtract,
} from '../../../synth/algebra/polynomial.js';

const rational = fc
  .tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 1, max: 6 }))
  .map(([n, d]) => new Fraction(n, d));
const any = fc.array(rational, { maxLength: 6 }).map(polynomial);
const nonzero = any.filter((p) => p.length > 0);

/** Horner's rule: the independent meaning of coefficients. */
const at = (p: Polynomial, x: Fraction) => p.reduceRight((sum, c) => sum.mul(x).add(c), new Fraction(0));
const same = (p: Polynomial, q: Polynomial) => expect(format(p)).toBe(format(q));

describe('polynomials', () => {
  test('add, subtract and multiply as their values do', () => {
    fc.assert(
      fc.property(any, any, rational, (p, q, x) => {
        expect(at(add(p, q), x).equals(at(p, x).add(at(q, x)))).toBe(true);
        expect(at(subtract(p, q), x).equals(at(p, x).sub(at(q, x)))).toBe(true);
        expect(at(multiply(p, q), x).equals(at(p, x).mul(at(q, x)))).toBe(true);
      }),
    );
  });

  test('divide with a remainder of smaller degree', () => {
    fc.assert(
      fc.property(any, nonzero, (p, q) => {
        const { quotient, remainder } = divide(p, q);
        same(add(multiply(quotient, q), remainder), p);
        expect(degree(remainder)).toBeLessThan(degree(q));
      }),
    );
    expect(() => divide(linear(new Fraction(1)), [])).toThrow();
  });

  test('find greatest common divisors and inverses', () => {
    fc.assert(
      fc.property(nonzero, nonzero, nonzero, (p, q, common) => {
        const { gcd, cofactor } = extendedGcd(multiply(p, common), multiply(q, common));
        expect(modulo(multiply(p, common), gcd)).toEqual([]);
        expect(modulo(multiply(q, common), gcd)).toEqual([]);
        expect(modulo(gcd, monic(common))).toEqual([]);
        const difference = subtract(multiply(cofactor, multiply(p, common)), gcd);
        expect(modulo(difference, multiply(q, common))).toEqual([]);
        if (degree(gcd) === 0 && degree(q) > 0)
          same(modulo(multiply(inverseModulo(p, q), p), q), [new Fraction(1)]);
      }),
    );
    const x = linear(new Fraction(0));
    expect(() => inverseModulo(x, multiply(x, x))).toThrow(/no inverse/);
  });

  test('are read back from their text', () => {
    fc.assert(
      fc.property(any, (p) => {
        same(parsePolynomial(format(p)), p);
      }),
    );
  });

  test('are exact, however long their numbers', () => {
    expect(format(parsePolynomial('(x + 0.1) * 12345678901234567890'))).toBe(
      '12345678901234567890*x+1234567890123456789',
    );
  });

  test('mean the same to the quick reader and to mathjs', () => {
    fc.assert(
      fc.property(any, (p) => {
        same(parsePolynomial(`(${format(p)})`), p);
      }),
    );
  });
});
