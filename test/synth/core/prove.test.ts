import fc from 'fast-check';
import { Fraction } from 'fraction.js';
import { describe, expect, test } from 'vitest';
import {
  expand,
  InputError,
  proveTransform,
  scaleRows,
  synthesize,
  type Transform,
  VerificationError,
} from '../../../synth/index.js';
import { texts } from '../exact.js';

const f43 = synthesize({ outputs: 4, taps: 3 });

/** A copy with one entry replaced. */
function tamper(
  transform: Transform,
  name: 'A' | 'B' | 'C',
  row: number,
  column: number,
  value: Fraction,
): Transform {
  const matrix = transform[name].map((line) => [...line]);
  matrix[row]![column] = value;
  return { ...transform, [name]: matrix };
}

describe('proveTransform', () => {
  test('finds every single wrong entry that matters', () => {
    const entry = fc.constantFrom('A' as const, 'B' as const, 'C' as const).chain((name) =>
      fc.record({
        name: fc.constant(name),
        row: fc.nat(f43[name].length - 1),
        column: fc.nat(f43[name][0]!.length - 1),
        error: fc.integer({ min: 1, max: 5 }).map((n) => new Fraction(n, 1000)),
      }),
    );
    fc.assert(
      fc.property(entry, ({ name, row, column, error }) => {
        const wrong = tamper(f43, name, row, column, f43[name][row]![column]!.add(error));
        // No product of F(4, 3) is idle, so every entry matters.
        expect(() => proveTransform(wrong)).toThrow(VerificationError);
      }),
    );
  });

  test('names the entry, its value and what it should be', () => {
    const f23 = synthesize({ outputs: 2, taps: 3 });
    try {
      proveTransform(tamper(f23, 'B', 3, 1, new Fraction(5, 2)));
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ name: 'VerificationError', output: 1, tap: 2, input: 1, wanted: 0 });
      expect((error as VerificationError).value.toFraction()).toBe('-3/2');
      expect((error as Error).message).toBe(
        'The identity fails at output 1, tap 2, input 1: Σₜ A[1,t] C[t,2] B[t,1] is -3/2 but must be 0',
      );
    }
  });

  test.each([
    [{ products: 5 }, /A to be a matrix of 4 × 5 but received "4 × 6"/],
    [{ taps: 4 }, /B to be a matrix of 6 × 7/],
    [{ A: f43.A.slice(1) }, /A to be a matrix of 4 × 6 but received "3 × 6"/],
    [
      { C: f43.C.map((row, t) => (t === 2 ? row.slice(1) : row)) },
      /C to be a matrix of 6 × 3 .* "6 × 3 or 2"/,
    ],
    [{ B: [] }, /B to be a matrix/],
  ])('refuses matrices of other shapes: %#', (change, message) => {
    expect(() => proveTransform({ ...f43, ...change })).toThrow(message);
    expect(() => proveTransform({ ...f43, ...change })).toThrow(InputError);
  });
});

describe('expand', () => {
  test('multiplies out to one coefficient of 1 per output and tap', () => {
    const nonzero = [...expand(f43)].filter(({ value }) => !value.equals(0));
    expect(nonzero).toHaveLength(12);
    for (const { output, tap, input, value } of nonzero) {
      expect(input).toBe(output + tap);
      expect(value.equals(1)).toBe(true);
    }
  });
});

describe('scaleRows', () => {
  const factor = (n: number, d: number) => new Fraction(n, d);

  test('keeps the algorithm and scales what it is told', () => {
    const factors = f43.B.map((_, t) => ({ a: factor(1, t + 2), b: factor(2, 1), c: factor(t + 2, 2) }));
    const scaled = scaleRows(f43, factors);
    proveTransform(scaled);
    expect(texts(scaled.B)).toEqual(texts(f43.B.map((row) => row.map((entry) => entry.mul(2)))));
    expect(scaled.A[0]![3]!.equals(f43.A[0]![3]!.div(5))).toBe(true);
  });

  test('refuses factors that make another algorithm', () => {
    const factors = f43.B.map(() => ({ a: factor(1, 1), b: factor(2, 1), c: factor(1, 1) }));
    expect(() => scaleRows(f43, factors)).toThrow(/product 0 do not multiply to 1/);
  });
});
