import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { familyAlgorithm, paddedAlgorithm, plainAlgorithm } from '../../src/catalogue/axis-algorithm.js';
import { cover, coverName, coverText, fewestProducts, tilingOf } from '../../src/catalogue/cover.js';
import type { TileSize } from '../../synth/core/nesting.js';
import { axisFamily } from '../../synth/forms/family.js';
import { paddedTransform } from '../../synth/forms/padded.js';
import { synthesize } from '../../synth/index.js';

const plain = plainAlgorithm(synthesize({ outputs: 4, taps: 3 }));
const family = familyAlgorithm(axisFamily({ outputs: [4, 2, 1], taps: 3 }));

describe('cover', () => {
  it.each([
    [plain, 14, '14 = 4 × 4', 'F(4, 3)', 24],
    [plain, 8, '8 = 2 × 4', 'F(4, 3)', 12],
    [plain, 1, '1 = 4', 'F(4, 3)', 6],
    [family, 14, '14 = 3 × 4 + 2', 'F(4, 3) + F(2, 3)', 22],
    [family, 13, '13 = 3 × 4 + 1', 'F(4, 3) + F(1, 3)', 21],
    [family, 8, '8 = 2 × 4', 'F(4, 3)', 12],
    [family, 2, '2 = 2', 'F(2, 3)', 4],
    // 4 + 2 + 1 would take 13 products, one more than two tiles of 4.
    [family, 7, '7 = 2 × 4', 'F(4, 3)', 12],
  ])('takes the fewest products (%#)', (algorithm, extent, text, name, products) => {
    const found = cover(algorithm, extent);
    expect([coverText(found), coverName(found), found.totals.products]).toEqual([text, name, products]);
  });

  it('takes a short padded axis whole', () => {
    const found = cover(paddedAlgorithm(paddedTransform({ inputs: 2, padding: [1, 1], taps: 3 })), 2);
    expect(coverName(found)).toBe('2 padded inputs');
    expect(found.totals).toEqual({ tiles: 1, inputs: 2, products: 3, outputs: 2 });
    expect(tilingOf(found).forms[0]).toMatchObject({ offset: 1, inputs: 2, outputs: 2, products: 3 });
  });

  it('knows how many tiles take each product', () => {
    expect(cover(family, 14).levels).toEqual([
      { products: 2, tiles: 3 },
      { products: 4, tiles: 4 },
    ]);
    expect(cover(family, 8).levels).toEqual([{ products: 6, tiles: 2 }]);
    for (let extent = 1; extent < 40; extent++) {
      const { levels, totals } = cover(family, extent);
      const taken = levels.reduce((sum, { products, tiles }) => sum + products * tiles, 0);
      expect(taken).toBe(totals.products);
    }
  });

  it('covers every axis with tiles of which only the last may overhang', () => {
    fc.assert(
      fc.property(fc.constantFrom(plain, family), fc.integer({ min: 1, max: 300 }), (algorithm, extent) => {
        const found = cover(algorithm, extent);
        const { forms, sequence } = tilingOf(found);
        const sizes = [...sequence].map((form) => forms[form]!.outputs);
        const covered = sizes.reduce((sum, size) => sum + size, 0);
        expect(covered).toBeGreaterThanOrEqual(extent);
        expect(covered - sizes.at(-1)!).toBeLessThan(extent);
        expect(found.totals.outputs).toBe(covered);
        expect(found.totals.products).toBeLessThanOrEqual(6 * Math.ceil(extent / 4));
      }),
    );
  });

  it('takes no more products, then no more tiles, than any other cover, however long the axis', () => {
    const sizes = fc.uniqueArray(
      fc.record({ outputs: fc.integer({ min: 1, max: 9 }), products: fc.integer({ min: 1, max: 12 }) }),
      { minLength: 1, maxLength: 4, selector: ({ outputs }) => outputs },
    );
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 400 }), (all, extent) => {
        const counts = fewestProducts(all, extent);
        const total = (of: (size: TileSize) => number) =>
          all.reduce((sum, size, i) => sum + counts[i]! * of(size), 0);
        expect(total(({ outputs }) => outputs)).toBeGreaterThanOrEqual(extent);
        expect([total(({ products }) => products), total(() => 1)]).toEqual(fewest(all, extent));
      }),
    );
    const [big, small] = fewestProducts(
      [
        { outputs: 7, products: 10 },
        { outputs: 4, products: 6 },
      ],
      7e6 + 1,
    );
    expect([big, small]).toEqual([1e6 - 1, 2]);
  });
});

/** Products and tiles of the best cover, by the recurrence over every length. */
function fewest(sizes: readonly TileSize[], extent: number): number[] {
  const best = [[0, 0]];
  for (let length = 1; length <= extent; length++) {
    const found = sizes.map(({ outputs, products }) => {
      const [before, tiles] = best[Math.max(0, length - outputs)]!;
      return [before! + products, tiles! + 1];
    });
    best.push(found.sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!)[0]!);
  }
  return best[extent]!;
}
