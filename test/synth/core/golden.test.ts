import type { Fraction } from 'fraction.js';
import { describe, expect, test } from 'vitest';
import { synthesize, type Transform } from '../../../synth/index.js';
import { isProportional, rows, texts } from '../exact.js';

function expectMatrices({ A, B, C }: Transform, golden: Record<'A' | 'B' | 'C', Fraction[][]>): void {
  expect({ A: texts(A), B: texts(B), C: texts(C) }).toEqual({
    A: texts(golden.A),
    B: texts(golden.B),
    C: texts(golden.C),
  });
}

/** Products may be scaled as one likes: column t of A times row t of B times row t of C is what counts. */
function expectUpToScaling(transform: Transform, golden: Record<'A' | 'B' | 'C', Fraction[][]>): void {
  transform.B.forEach((row, t) => {
    const [a, goldenA] = [transform.A, golden.A].map((matrix) => matrix.map((line) => line[t]!));
    expect(isProportional(a!, goldenA!), `column ${t} of A`).toBe(true);
    expect(isProportional(row, golden.B[t]!), `row ${t} of B`).toBe(true);
    expect(isProportional(transform.C[t]!, golden.C[t]!), `row ${t} of C`).toBe(true);
    const product = (vectors: Fraction[][]) =>
      vectors
        .map((vector) => vector.find((entry) => !entry.equals(0))!)
        .reduce((all, entry) => all.mul(entry));
    expect(product([a!, row, transform.C[t]!]).toFraction()).toBe(
      product([goldenA!, golden.B[t]!, golden.C[t]!]).toFraction(),
    );
  });
}

describe('published algorithms', () => {
  test('F(2, 3) of Budden et al. 2017, section 2.2, entry by entry', () => {
    expectMatrices(synthesize({ outputs: 2, taps: 3, moduli: '0, 1, -1, inf' }), {
      A: rows('1 1 1 0', '0 1 -1 -1'),
      B: rows('1 0 -1 0', '0 1 1 0', '0 -1 1 0', '0 1 0 -1'),
      C: rows('1 0 0', '1/2 1/2 1/2', '1/2 -1/2 1/2', '0 0 1'),
    });
  });

  test('F(2, 3) is also the default', () => {
    expect(synthesize({ outputs: 2, taps: 3 })).toEqual(
      synthesize({ outputs: 2, taps: 3, moduli: '0, 1, -1, inf' }),
    );
  });

  test('the C3D example of Budden et al. 2017, section 3.3: 0, ±1, ±1/3, ∞', () => {
    // The text of the paper loses the places of some signs; these rows follow from its points, and all of its
    // entries that can be placed are among them: 1/9, −10/9, 1/3 in B, 9, 9/16, −81/16, −27/16, −9/16 in C.
    expectMatrices(synthesize({ outputs: 4, taps: 3, moduli: '0, 1, -1, 1/3, -1/3, inf' }), {
      A: rows('1 1 1 1 1 0', '0 1 -1 1/3 -1/3 0', '0 1 1 1/9 1/9 0', '0 1 -1 1/27 -1/27 1'),
      B: rows(
        '1/9 0 -10/9 0 1 0',
        '0 -1/9 -1/9 1 1 0',
        '0 1/9 -1/9 -1 1 0',
        '0 -1/3 -1 1/3 1 0',
        '0 1/3 -1 -1/3 1 0',
        '0 1/9 0 -10/9 0 1',
      ),
      C: rows(
        '9 0 0',
        '9/16 9/16 9/16',
        '9/16 -9/16 9/16',
        '-81/16 -27/16 -9/16',
        '-81/16 27/16 -9/16',
        '0 0 1',
      ),
    });
  });

  test('F(4, 3) of Lavin and Gray 2016, entry by entry', () => {
    expectMatrices(synthesize({ outputs: 4, taps: 3, moduli: '0, 1, -1, 2, -2, inf' }), {
      A: rows('1 1 1 1 1 0', '0 1 -1 2 -2 0', '0 1 1 4 4 0', '0 1 -1 8 -8 1'),
      B: rows(
        '4 0 -5 0 1 0',
        '0 -4 -4 1 1 0',
        '0 4 -4 -1 1 0',
        '0 -2 -1 2 1 0',
        '0 2 -1 -2 1 0',
        '0 4 0 -5 0 1',
      ),
      C: rows('1/4 0 0', '-1/6 -1/6 -1/6', '-1/6 1/6 -1/6', '1/24 1/12 1/6', '1/24 -1/12 1/6', '0 0 1'),
    });
  });

  test("F(6, 3) as Lavin's wincnn and NNPACK have it, up to the scale of products", () => {
    expectUpToScaling(synthesize({ outputs: 6, taps: 3, moduli: '0, 1, -1, 2, -2, 1/2, -1/2, inf' }), {
      A: rows(
        '1 1 1 1 1 32 32 0',
        '0 1 -1 2 -2 16 -16 0',
        '0 1 1 4 4 8 8 0',
        '0 1 -1 8 -8 4 -4 0',
        '0 1 1 16 16 2 2 0',
        '0 1 -1 32 -32 1 -1 1',
      ),
      B: rows(
        '1 0 -21/4 0 21/4 0 -1 0',
        '0 1 1 -17/4 -17/4 1 1 0',
        '0 -1 1 17/4 -17/4 -1 1 0',
        '0 1/2 1/4 -5/2 -5/4 2 1 0',
        '0 -1/2 1/4 5/2 -5/4 -2 1 0',
        '0 2 4 -5/2 -5 1/2 1 0',
        '0 -2 4 5/2 -5 -1/2 1 0',
        '0 -1 0 21/4 0 -21/4 0 1',
      ),
      C: rows(
        '1 0 0',
        '-2/9 -2/9 -2/9',
        '-2/9 2/9 -2/9',
        '1/90 1/45 2/45',
        '1/90 -1/45 2/45',
        '1/45 1/90 1/180',
        '1/45 -1/90 1/180',
        '0 0 1',
      ),
    });
  });

  test('a quadratic F(4, 3) whose B holds only 0, 1 and −1', () => {
    const { B, products } = synthesize({ outputs: 4, taps: 3, moduli: '0, ±1, x^2+1, inf' });
    expect(products).toBe(7);
    expect(B.flat().every((entry) => entry.abs().lte(1) && entry.d === 1n)).toBe(true);
  });
});

describe('algorithms with nothing to save', () => {
  test.each([
    [1, 1],
    [1, 5],
    [5, 1],
  ])('F(%i, %i) takes S·G products with 0 and 1 alone', (outputs, taps) => {
    const { products, A, B, C } = synthesize({ outputs, taps });
    expect(products).toBe(outputs * taps);
    expect([A, B, C].flat(2).every((entry) => entry.equals(0) || entry.equals(1))).toBe(true);
  });
});
