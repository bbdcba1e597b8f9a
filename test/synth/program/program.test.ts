import { Fraction } from 'fraction.js';
import { describe, expect, it } from 'vitest';
import { matrix } from '../../../synth/algebra/matrix.js';
import {
  costOf,
  interpret,
  kindOf,
  naiveOperations,
  operation,
  type Program,
  prove,
} from '../../../synth/program/program.js';
import { roundingOf } from '../../../synth/program/rounding.js';
import { schedule } from '../../../synth/program/schedule.js';

const fraction = (value: string | number) => new Fraction(value);

/** y = [a + b, a − b, 2a + 3b] */
const butterfly: Program = {
  inputs: 2,
  operations: [
    operation(fraction(1), 0, 1, 1),
    operation(fraction(1), 0, -1, 1),
    operation(fraction(1), 1, 1, 2),
    operation(fraction(2), 2, 1, 1),
  ],
  outputs: [2, 3, 5],
};

describe('program', () => {
  it('interprets over the rationals', () => {
    expect(interpret(butterfly, [fraction('1/3'), fraction('1/2')]).map((y) => y.toFraction())).toEqual([
      '5/6',
      '-1/6',
      '13/6',
    ]);
  });

  it('refuses another number of inputs', () => {
    expect(() => interpret(butterfly, [fraction(1)])).toThrow('Expected input to be an array of 2 fractions');
  });

  it('proves a right program and names the entry of a wrong one', () => {
    prove(
      butterfly,
      matrix([
        [1, 1],
        [1, -1],
        [2, 3],
      ]),
    );
    expect(() =>
      prove(
        butterfly,
        matrix([
          [1, 1],
          [1, -1],
          [2, 4],
        ]),
      ),
    ).toThrow("Expected the program's entry (2, 1) to be 4 but it is 3");
    expect(() => prove(butterfly, matrix([[1, 1]]))).toThrow('Expected a program of 1 rows but it has 3');
  });

  it('counts each kind of operation', () => {
    expect(costOf(butterfly)).toEqual({ adds: 3, multiplies: 0, fmas: 1, total: 4, registers: 3, depth: 2 });
    expect(kindOf(operation(fraction(-1), 0, 1, 1))).toBe('subtract');
    expect(kindOf(operation(fraction(-1), 0, -1, 1))).toBe('fma');
    expect(kindOf(operation(fraction(3), 0))).toBe('multiply');
    expect(kindOf(operation(fraction(-1), 0))).toBe('negate');
  });

  it('counts the plain product of a matrix as published', () => {
    // F(4, 3) with 0, ±1, ±2, ∞: 28 for B and 20 for A.
    const B = [
      [4, 0, -5, 0, 1, 0],
      [0, -4, -4, 1, 1, 0],
      [0, 4, -4, -1, 1, 0],
      [0, -2, -1, 2, 1, 0],
      [0, 2, -1, -2, 1, 0],
      [0, 4, 0, -5, 0, 1],
    ];
    const A = [
      [1, 1, 1, 1, 1, 0],
      [0, 1, -1, 2, -2, 0],
      [0, 1, 1, 4, 4, 0],
      [0, 1, -1, 8, -8, 1],
    ];
    expect(naiveOperations(matrix(B))).toBe(28);
    expect(naiveOperations(matrix(A))).toBe(20);
  });
});

describe('schedule', () => {
  it('shortens lives without changing the map', () => {
    // All sums first, then all differences of neighbours: every sum waits for its partner.
    const inputs = 8;
    const sums = Array.from({ length: inputs - 1 }, (_, k) => operation(fraction(1), k, 1, k + 1));
    const next = sums.slice(1).map((_, k) => operation(fraction(1), inputs + k, -1, inputs + k + 1));
    const outputs = next.map((_, k) => inputs + sums.length + k);
    const program: Program = { inputs, operations: [...sums, ...next], outputs };
    const ordered = schedule(program);
    expect(costOf(ordered).registers).toBeLessThan(costOf(program).registers);
    expect(costOf(ordered).total).toBe(costOf(program).total);
    const unit = Array.from({ length: inputs }, (_, k) => fraction(k * k));
    expect(interpret(ordered, unit).map(String)).toEqual(interpret(program, unit).map(String));
  });
});

describe('rounding', () => {
  it('predicts the rounding error of a single-precision run', () => {
    const program: Program = {
      inputs: 3,
      operations: [
        operation(fraction('1/3'), 0),
        operation(fraction('5/8'), 1, 1, 3),
        operation(fraction('9/4'), 2, 1, 4),
      ],
      outputs: [5],
    };
    let state = 1;
    const uniform = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.fround((state / 2 ** 31 - 1) * Math.sqrt(3));
    };
    const runs = 20_000;
    let squares = 0;
    for (let run = 0; run < runs; run++) {
      const x = [uniform(), uniform(), uniform()];
      let single = Math.fround(Math.fround(1 / 3) * x[0]!);
      single = Math.fround(0.625 * x[1]! + single);
      single = Math.fround(2.25 * x[2]! + single);
      squares += (single - (x[0]! / 3 + 0.625 * x[1]! + 2.25 * x[2]!)) ** 2;
    }
    const size = Math.hypot(1 / 3, 5 / 8, 9 / 4);
    const measured = (Math.sqrt(squares / runs) / size) * 2 ** 24;
    // The mantissas of uniform data are not quite evenly spread over the logarithm, which the model assumes.
    expect(roundingOf(program) / measured).toBeGreaterThan(0.8);
    expect(roundingOf(program) / measured).toBeLessThan(1.25);
  });
});
