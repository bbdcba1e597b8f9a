import fc from 'fast-check';
import { Fraction } from 'fraction.js';
import { describe, expect, test } from 'vitest';
import { InputError, MAX_DEFAULT_INPUTS, synthesize, verify } from '../../../synth/index.js';
import { correlate, run, texts } from '../exact.js';

const rational = fc
  .tuple(fc.integer({ min: -60, max: 60 }), fc.integer({ min: 1, max: 12 }))
  .map(([n, d]) => new Fraction(n, d));

/** Pairwise coprime by construction: distinct points and ∞, powers of points of their own, irreducible polynomials. */
const pool: readonly (readonly [string, number])[] = [
  ['0', 1],
  ['1', 1],
  ['-1', 1],
  ['2', 1],
  ['-2', 1],
  ['1/2', 1],
  ['-5/8', 1],
  ['3/2', 1],
  ['inf', 1],
  ['(x-3)^2', 2],
  ['(x+3)^3', 3],
  ['(x-1/3)^4', 4],
  ['x^2+1', 2],
  ['x^2+x+1@(0 -1 inf)', 2],
  ['x^2-x+1@(0 1 2)', 2],
  ['x^2-3/2*x+1', 2],
  ['x^2+2', 2],
  ['x^3-2', 3],
  ['x^3+x+1@(0 1 -1 1/2 inf)', 3],
  ['x^4+1', 4],
  ['x^5-x-1', 5],
  ['x^6+x^3+1', 6],
];

/** Moduli, and one of the ways to split their degree into outputs and taps. */
const problem = fc
  .shuffledSubarray([...pool], { minLength: 1, maxLength: 6 })
  .map((chosen) => ({
    moduli: chosen.map(([modulus]) => modulus),
    inputs: chosen.reduce((sum, [, degree]) => sum + degree, 0),
  }))
  .filter(({ inputs }) => inputs <= 16)
  .chain(({ moduli, inputs }) =>
    fc.integer({ min: 1, max: inputs }).map((taps) => ({ outputs: inputs - taps + 1, taps, moduli })),
  );

describe('synthesize', () => {
  test('computes the correlation exactly, whatever coprime moduli it is given', () => {
    fc.assert(
      fc.property(problem, fc.infiniteStream(rational), (options, values) => {
        const transform = synthesize(options);
        const draw = (length: number) => Array.from({ length }, () => values.next().value as Fraction);
        const [g, d] = [draw(options.taps), draw(options.outputs + options.taps - 1)];
        expect(texts([run(transform, g, d)])).toEqual(texts([correlate(g, d)]));
      }),
      { numRuns: 150 },
    );
  });

  test('gives moduli that rebuild the same algorithm', () => {
    fc.assert(
      fc.property(problem, ({ outputs, taps, moduli }) => {
        const transform = synthesize({ outputs, taps, moduli });
        expect(synthesize({ outputs, taps, moduli: transform.moduli })).toEqual(transform);
        expect(synthesize({ outputs, taps, moduli: transform.moduli.join(', ') })).toEqual(transform);
      }),
      { numRuns: 40 },
    );
  });

  test('spends 2n − 1 products on a modulus of degree n, and fewer where a side is shorter than n', () => {
    expect(synthesize({ outputs: 4, taps: 4, moduli: 'x^3-2, x^2+1, 0, inf' }).products).toBe(5 + 3 + 1 + 1);
    expect(synthesize({ outputs: 5, taps: 2, moduli: 'x^4+1, x^2+1' }).products).toBe(5 + 3);
    expect(synthesize({ outputs: 6, taps: 1, moduli: 'x^4+1, x^2+1' }).products).toBe(4 + 2);
  });

  test('keeps B near the size of one, whatever the fractions in the moduli', () => {
    for (const [outputs, taps] of [
      [8, 5],
      [12, 5],
      [16, 9],
    ] as const) {
      const { B, C } = synthesize({ outputs, taps });
      const largest = (matrix: readonly (readonly Fraction[])[]) =>
        matrix.map((row) => Math.max(...row.map((entry) => Math.abs(entry.valueOf()))));
      // Left to themselves, rows of B hold integers beyond 10⁶ here, and rows of C fractions below 10⁻⁷.
      for (const size of largest(B)) expect(Math.abs(Math.log2(size))).toBeLessThan(5);
      for (const size of largest(C)) expect(size).toBeLessThan(2);
    }
  });

  test('leaves out products that add nothing', () => {
    const { products, B } = synthesize({ outputs: 3, taps: 3, moduli: 'x^2-1@(1 -1 inf), x^2+1, inf' });
    expect(products).toBe(2 + 3 + 1);
    expect(B.every((row) => row.some((entry) => !entry.equals(0)))).toBe(true);
  });

  test('has quick defaults for all S, G up to 16 with D up to 24, each with T = D + ⌈(D − 8)/3⌉ beyond D = 8', () => {
    let slowest = 0;
    for (let outputs = 1; outputs <= 16; outputs += 1) {
      for (let taps = 1; taps <= 16 && outputs + taps - 1 <= MAX_DEFAULT_INPUTS; taps += 1) {
        const start = performance.now();
        const { products } = synthesize({ outputs, taps });
        slowest = Math.max(slowest, performance.now() - start);
        const inputs = outputs + taps - 1;
        const plain = outputs === 1 || taps === 1;
        expect(products).toBe(plain ? inputs : inputs + Math.max(0, Math.ceil((inputs - 8) / 3)));
      }
    }
    expect(slowest).toBeLessThan(1000);
  });

  test('pairs the rows of p and −p in A, B and C alike: E + O and E − O', () => {
    const mirrored = (row: readonly Fraction[]) => row.map((entry, i) => (i % 2 === 0 ? entry : entry.neg()));
    for (const [outputs, taps] of [
      [3, 3],
      [4, 3],
      [5, 3],
      [8, 3],
      [6, 5],
      [10, 5],
    ] as const) {
      const { A, B, C, products } = synthesize({ outputs, taps });
      const column = (t: number) => A.map((row) => row[t]!);
      const isMirror = (t: number, u: number) =>
        [
          [column(t), column(u)],
          [B[t]!, B[u]!],
          [C[t]!, C[u]!],
        ].every(([row, other]) => texts([mirrored(row!)])[0] === texts([other!])[0]);
      const paired = Array.from({ length: products }, (_, t) => t).filter((t) =>
        Array.from({ length: products }, (_, u) => u).some((u) => u !== t && isMirror(t, u)),
      );
      // What has no partner mirrors onto itself: 0, ∞, and ∞ within x² + 1.
      expect(products - paired.length, `F(${outputs}, ${taps})`).toBeLessThanOrEqual(3);
    }
  });

  test('is proved', () => {
    expect(verify(synthesize({ outputs: 4, taps: 3 }))).toEqual({
      ok: true,
      outputs: 4,
      taps: 3,
      products: 6,
      equations: 72,
    });
  });

  test.each([
    [{ outputs: 0, taps: 3 }, /outputs .* but received 0/],
    [{ outputs: 2.5, taps: 3 }, /outputs .* but received 2.5/],
    [{ outputs: 2, taps: Number.NaN }, /taps .* but received NaN/],
    [{ outputs: 2, taps: '3' as unknown as number }, /taps .* but received "3"/],
    [{ outputs: 20, taps: 20 }, /moduli for F\(20, 20\)/],
    [{ outputs: 4, taps: 3, moduli: '0, 1, -1, 2, inf' }, /add up to 6 .* received 5 \(0, 1, -1, 2, inf\)/],
    [{ outputs: 2, taps: 3, moduli: '0, 1, 2/2, inf' }, /1 is given twice/],
    [{ outputs: 2, taps: 3, moduli: '0, inf, 1, ∞' }, /inf is given twice/],
    [{ outputs: 2, taps: 3, moduli: 'x^2-1, 1, inf' }, /x\^2-1 and 1 have the common factor x-1/],
    [{ outputs: 4, taps: 3, moduli: 'x^2+3x+2, x^2-1, 0, inf' }, /x\^2\+3\*x\+2 and x\^2-1 have .* x\+1/],
    [
      { outputs: 3, taps: 3, moduli: 'x^2+1@(0 1), 0, 1, inf' },
      /points of x\^2\+1 to be 3 in number but .* "0 1"/,
    ],
  ])('refuses %o', (options, message) => {
    expect(() => synthesize(options)).toThrow(message);
    expect(() => synthesize(options)).toThrow(InputError);
  });
});
