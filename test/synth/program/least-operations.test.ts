import { describe, expect, it } from 'vitest';
import { matrix } from '../../../synth/algebra/matrix.js';
import { synthesize } from '../../../synth/core/synthesize.js';
import { compile } from '../../../synth/program/compile.js';
import { leastOperations } from '../../../synth/program/least-operations.js';
import { costOf } from '../../../synth/program/program.js';

describe('leastOperations', () => {
  it('counts a row by its terms, and a shared part once', () => {
    expect(leastOperations(matrix([[1, 2, 3, 4]]))).toBe(3);
    expect(
      leastOperations(
        matrix([
          [1, 2, 3],
          [2, 4, 5],
        ]),
      ),
    ).toBe(3);
    expect(
      leastOperations(
        matrix([
          [1, 1],
          [1, -1],
        ]),
      ),
    ).toBe(2);
    // E + O and E − O with two terms each: one operation for each of E and O, two to combine them.
    expect(
      leastOperations(
        matrix([
          [1, 2, 3, 4],
          [1, 2, -3, -4],
        ]),
      ),
    ).toBe(4);
  });

  it('sees nothing to do in zeros, copies and multiples of another row', () => {
    expect(
      leastOperations(
        matrix([
          [0, 0],
          [0, 5],
        ]),
      ),
    ).toBe(0);
    expect(
      leastOperations(
        matrix([
          [1, 2],
          [3, 6],
        ]),
      ),
    ).toBe(1);
  });

  it('gives up on rows that are too long', () => {
    expect(leastOperations(matrix([Array.from({ length: 13 }, (_, k) => k + 1)]))).toBeUndefined();
  });

  it.each([
    [2, '0, ±1, inf'],
    [4, '0, ±1, ±2, inf'],
    [4, '0, ±1, x^2+1, inf'],
    [6, '0, ±1, ±2, ±1/2, inf'],
    [6, '0, ±1, ±2, inf, x^2+1'],
    [8, '0, ±1, ±2, ±1/2, inf, x^2+1'],
  ])('shows that no sharing beats the programs of F(%i, 3) with %s', (outputs, moduli) => {
    const { A, B } = synthesize({ outputs, taps: 3, moduli });
    for (const rows of [A, B]) expect(costOf(compile(rows)).total).toBe(leastOperations(rows));
  });
});
