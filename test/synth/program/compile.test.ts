import fc from 'fast-check';
import { Fraction } from 'fraction.js';
import { describe, expect, it } from 'vitest';
import { equal, matrix, transpose } from '../../../synth/algebra/matrix.js';
import { synthesize } from '../../../synth/core/synthesize.js';
import { compile } from '../../../synth/program/compile.js';
import { costOf, interpret, kindOf, matrixOf, naiveOperations } from '../../../synth/program/program.js';
import { compileTransform } from '../../../synth/program/programs.js';

const total = (rows: Parameters<typeof compile>[0]) => costOf(compile(rows)).total;

describe('compile', () => {
  /** Operations with paired rows, as published for hand-made programs: what the search must not exceed. */
  const paired: [outputs: number, moduli: string, B: number, A: number][] = [
    [2, '0, ±1, inf', 4, 4],
    [4, '0, ±1, ±2, inf', 13, 10],
    [6, '0, ±1, ±2, ±1/2, inf', 26, 20],
    [8, '0, ±1, ±2, ±1/2, ±4, inf', 44, 40],
    [6, '0, ±1, ±2, inf, x^2+1', 28, 23],
    [8, '0, ±1, ±2, ±1/2, inf, x^2+1', 43, 38],
  ];
  it.each(paired)(
    'needs no more operations than paired rows for F(%i, 3) with %s',
    (outputs, moduli, B, A) => {
      const { input, output } = compileTransform(synthesize({ outputs, taps: 3, moduli }));
      expect(costOf(input).total).toBeLessThanOrEqual(B);
      expect(costOf(output).total).toBeLessThanOrEqual(A);
    },
  );

  it('goes at least 10 % below paired rows with a quadratic modulus', () => {
    for (const [outputs, moduli, B, A] of paired.slice(4)) {
      const { input, output } = compileTransform(synthesize({ outputs, taps: 3, moduli }));
      expect(costOf(input).total).toBeLessThanOrEqual(0.9 * B);
      expect(costOf(output).total).toBeLessThanOrEqual(0.9 * A);
    }
  });

  it('computes its matrix exactly, whatever the matrix', () => {
    const entry = fc.constantFrom('0', '0', '1', '-1', '2', '-1/2', '3/4', '5');
    const rows = fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
      .chain(([r, c]) =>
        fc.array(fc.array(entry, { minLength: c, maxLength: c }), { minLength: r, maxLength: r }),
      );
    fc.assert(
      fc.property(rows, (strings) => {
        const wanted = matrix(strings);
        const program = compile(wanted, { attempts: 8 });
        expect(equal(matrixOf(program), wanted)).toBe(true);
        expect(costOf(program).total).toBeLessThanOrEqual(naiveOperations(wanted) + negations(strings));
        const input = wanted[0]!.map((_, k) => new Fraction(k * k + 1, 3));
        const direct = wanted.map((row) =>
          row.reduce((sum, x, k) => sum.add(x.mul(input[k]!)), new Fraction(0)),
        );
        expect(interpret(program, input).map(String)).toEqual(direct.map(String));
      }),
      { numRuns: 150 },
    );
  });

  it('finds pairs that agree only up to a scale', () => {
    // E + O and 3 E − O: two operations each for E and O, two to combine them.
    const rows = matrix([
      ['1', '1', '4', '3/2', '5', '7/2'],
      ['3', '-1', '12', '-3/2', '15', '-7/2'],
    ]);
    expect(total(rows)).toBe(6);
  });

  it('shares a part that three rows have in common', () => {
    expect(
      total(
        matrix([
          [1, 2, 3, 1, 0, 0],
          [2, 4, 6, 0, 1, 0],
          [-1, -2, -3, 0, 0, 1],
        ]),
      ),
    ).toBe(5);
  });

  it('spends nothing on rows of zeros, copies and repeated rows', () => {
    const program = compile(
      matrix([
        [0, 0],
        [1, 0],
        [0, 1],
        [0, 1],
      ]),
    );
    expect(costOf(program)).toMatchObject({ total: 0, depth: 0 });
    expect(program.outputs).toEqual([undefined, 0, 1, 1]);
  });

  it('spends one operation on a sum of negatives, and one on a sign', () => {
    expect(total(matrix([[-1, -1]]))).toBe(1);
    const program = compile(matrix([[-1]]));
    expect(program.operations.map(kindOf)).toEqual(['negate']);
  });

  it('gives the same program for the same seed', () => {
    const { B } = synthesize({ outputs: 4, taps: 3, moduli: '0, ±1, ±2, inf' });
    expect(compile(B, { seed: 7 })).toEqual(compile(B, { seed: 7 }));
  });

  it('keeps few values live', () => {
    const { A, B } = synthesize({ outputs: 6, taps: 3, moduli: '0, ±1, ±2, ±1/2, inf' });
    for (const rows of [A, B]) expect(costOf(compile(rows)).registers).toBeLessThanOrEqual(9);
  });

  it('also compiles transposed matrices', () => {
    const { A } = synthesize({ outputs: 4, taps: 3, moduli: '0, ±1, ±2, inf' });
    expect(total(transpose(A))).toBeLessThan(naiveOperations(transpose(A)));
  });

  it('refuses what is no matrix', () => {
    expect(() => compile([])).toThrow('Expected matrix to be rectangular and not empty');
    expect(() => compile(matrix([[1, 2], [3]]))).toThrow('but received [2, 1]');
  });
});

/** Rows whose only entry is −1: a sign that the plain count does not see. */
function negations(rows: string[][]): number {
  return rows.filter((row) => row.filter((entry) => entry !== '0').join() === '-1').length;
}
