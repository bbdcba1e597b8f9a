import fc from 'fast-check';
import { Fraction } from 'fraction.js';
import { describe, expect, it } from 'vitest';
import { shippedFamilies } from '../../../src/catalogue/families.js';
import { matrix, transpose } from '../../../synth/algebra/matrix.js';
import { nearestDouble } from '../../../synth/algebra/nearest-double.js';
import { type Matrix, paddedTransform, synthesize } from '../../../synth/index.js';
import { halveRows } from '../../../synth/program/halves.js';
import { pairedTransform } from '../../../synth/program/pair.js';
import {
  MAX_COLUMN_PAIRS,
  matrixOfPaired,
  type PairedArrays,
  pairedArrays,
} from '../../../synth/program/paired.js';
import { texts } from '../exact.js';

/** What the generic kernel does with the arrays, in double precision: the columns of the result are the unit vectors'. */
function run(
  { crossed, rows, columns, coefficients, termEnds, ...terms }: PairedArrays,
  size: [number, number],
) {
  const [height, width] = size;
  const pairs = columns.length / 2;
  const result = Array.from({ length: height }, () => Array<number>(width).fill(Number.NaN));
  for (let input = 0; input < width; input++) {
    const x = Array.from({ length: width }, (_, i) => Number(i === input));
    let term = 0;
    for (let r = 0; r < rows.length / 4; r++) {
      const sums = [0, 1].map((half) => {
        let sum = 0;
        for (; term < termEnds[2 * r + half]!; term++)
          sum += terms.termCoefficients[term]! * x[terms.termColumns[term]!]!;
        for (let k = 0; k < pairs; k++) {
          const [a, b] = [x[columns[2 * k]!]!, x[columns[2 * k + 1]!]!];
          const operand = crossed ? [a + b, a - b][half]! : [a, b][half]!;
          sum += coefficients[(2 * r + half) * pairs + k]! * operand;
        }
        return sum;
      });
      const [even, odd] = sums as [number, number];
      [even, odd, even + odd, even - odd].forEach((value, slot) => {
        const row = rows[4 * r + slot]!;
        if (row >= 0) result[row]![input] = value;
      });
    }
  }
  return result;
}

const entry = fc
  .tuple(fc.integer({ min: -6, max: 6 }), fc.constantFrom(1, 2, 3, 8))
  .map(([n, d]) => new Fraction(n, d));

/** Any matrix, and rows or columns made out of the halves of others. */
const matrices: fc.Arbitrary<Matrix> = fc
  .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }))
  .chain(([height, width]) =>
    fc.tuple(
      fc.array(fc.array(entry, { minLength: width, maxLength: width }), {
        minLength: height,
        maxLength: height,
      }),
      fc.array(fc.boolean(), { minLength: width, maxLength: width }),
      fc.array(fc.tuple(fc.nat(5), fc.nat()), { minLength: height, maxLength: height }),
      fc.boolean(),
    ),
  )
  .map(([rows, odd, kinds, turned]) => {
    const paired = [...rows];
    kinds.forEach(([kind, pick], r) => {
      if (r === 0 || kind > 3) return;
      const other = paired[pick % r]!;
      paired[r] = other.map((value, column) => {
        if (kind === 0) return odd[column] ? value.neg() : value;
        if (kind === 1) return odd[column] ? value : value.neg();
        return odd[column] === (kind === 2) ? new Fraction(0) : value;
      });
    });
    return turned ? transpose(paired) : paired;
  });

describe('pairedTransform', () => {
  const expectPaired = (wanted: Matrix) => {
    const paired = pairedTransform(wanted);
    const size: [number, number] = [wanted.length, wanted[0]!.length];
    expect(texts(matrixOfPaired(paired, ...size))).toEqual(texts(wanted));
    expect(paired.columns.length).toBeLessThanOrEqual(MAX_COLUMN_PAIRS);
    const rows = paired.pairs.flatMap((pair) => Object.values(pair.rows) as number[]);
    expect(rows.sort((a, b) => a - b)).toEqual([...wanted.keys()]);
    const got = run(pairedArrays(paired), size);
    // Every entry is one coefficient, rounded once; adding 0 makes −0 of a negated zero +0.
    expect(got.map((row) => row.map((value) => value + 0))).toEqual(
      wanted.map((row) => row.map((value) => Math.fround(nearestDouble(value)) + 0)),
    );
  };

  it.each([2, 3, 4, 5, 6, 7, 8])('computes every shipped matrix for %i taps', (taps) => {
    for (const { sizes, member } of shippedFamilies(taps)) {
      for (const { outputs } of sizes) {
        expectPaired(member(outputs).A);
        expectPaired(member(outputs).B);
      }
    }
  });

  it('computes the matrices of short padded axes', () => {
    for (const inputs of [2, 3, 4]) {
      const { A, B } = paddedTransform({ inputs, padding: [1, 1], taps: 3 });
      expectPaired(A);
      expectPaired(B);
    }
  });

  it('computes any matrix', () => {
    fc.assert(fc.property(matrices, expectPaired), { numRuns: 150, seed: 9 });
  });

  it('finds the pairs of points ±p, in rows of B and in columns of A', () => {
    const { A, B } = synthesize({ outputs: 4, taps: 3, moduli: '0, ±1, ±2, inf' });
    const input = pairedTransform(B);
    expect(input.crossed).toBe(false);
    expect(input.pairs.map(({ rows }) => rows)).toEqual([
      { sum: 1, difference: 2 },
      { sum: 3, difference: 4 },
      { even: 0, odd: 5 },
    ]);
    const output = pairedTransform(A);
    expect(output.crossed).toBe(true);
    expect(output.columns).toEqual([
      { first: 1, second: 2 },
      { first: 3, second: 4 },
    ]);
    // Two sums over halves for two outputs.
    expect(output.pairs).toHaveLength(2);
  });
});

describe('halveRows', () => {
  it('calls the entries odd whose signs differ', () => {
    const { columns, pairs } = halveRows(
      matrix([
        [1, 2, 3, 4],
        [1, -2, 3, -4],
        [0, 5, 0, 7],
      ]),
    );
    expect(columns).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(pairs.map(({ rows }) => rows)).toEqual([{ sum: 0, difference: 1 }, { odd: 2 }]);
  });

  it('leaves what contradicts itself unpaired', () => {
    const { pairs } = halveRows(
      matrix([
        [1, 2],
        [1, -2],
        [-1, 2],
        [1, 3],
      ]),
    );
    expect(pairs.flatMap(({ rows }) => Object.values(rows)).sort()).toEqual([0, 1, 2, 3]);
  });
});
