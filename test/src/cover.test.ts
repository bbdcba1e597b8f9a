import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { familyAlgorithm, paddedAlgorithm, plainAlgorithm } from '../../src/axis.js';
import { cover, coverName, coverText, tilingOf } from '../../src/cover.js';
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
});
