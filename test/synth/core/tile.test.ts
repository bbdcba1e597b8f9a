import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  PUBLISHED_TABLE_1,
  smallestTile,
  smallestTilePerAxis,
  synthesize,
  tileStatistics,
} from '../../../synth/index.js';

describe('smallestTile', () => {
  test('is the smallest D that saves products and fills vectors, found by trying every D', () => {
    for (const width of [1, 2, 3, 4, 8, 12, 16]) {
      for (const dims of [1, 2, 3, 4]) {
        for (let taps = 2; taps <= 9; taps += 1) {
          let D = taps;
          while (!((D - taps + 1) * taps > D && D ** dims % width === 0)) D += 1;
          expect(smallestTile(taps, dims, width)).toEqual({
            outputs: D - taps + 1,
            taps,
            inputs: D,
            products: D,
          });
        }
      }
    }
  });

  test('goes by T where moduli of higher degree make it differ from D', () => {
    const products = (outputs: number, taps: number) => outputs + taps;
    expect(smallestTile(3, 1, 8, products)).toEqual({ outputs: 5, taps: 3, inputs: 7, products: 8 });
    expect(smallestTile(3, 1, 8, () => 7)).toBeUndefined();
  });

  test('stays exact where T^N is beyond double precision', () => {
    expect(smallestTile(2, 16, 3)!.inputs).toBe(3);
    expect(smallestTile(3, 16, 7)!.inputs).toBe(7);
    expect(smallestTile(3, 16, 2 * 7)!.inputs).toBe(14);
  });

  test.each([
    [[0, 2, 8], /taps .* received 0/],
    [[3, 0, 8], /dims .* received 0/],
    [[3, 1e9, 8], /dims to be an integer from 1 to 16/],
    [[3, 1, 1e9], /width to be an integer from 1 to 1024/],
    [[3, 2, 2.5], /width .* received 2.5/],
  ] as const)('refuses %j', ([taps, dims, width], message) => {
    expect(() => smallestTile(taps, dims, width)).toThrow(message);
  });
});

describe('smallestTilePerAxis', () => {
  const volume = (tiles: readonly { products: number }[]) =>
    tiles.reduce((all, { products }) => all * products, 1);

  test('is never larger than the same tile along every axis, and fills vectors', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 7 }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(1, 2, 4, 6, 8, 16),
        (taps, width) => {
          const tiles = smallestTilePerAxis(taps, width)!;
          expect(tiles.map((tile) => tile.taps)).toEqual(taps);
          expect(volume(tiles) % width).toBe(0);
          for (const { outputs, taps: G, inputs } of tiles) expect((outputs * G) / inputs).toBeGreaterThan(1);
          if (new Set(taps).size === 1) {
            expect(volume(tiles)).toBeLessThanOrEqual(
              smallestTile(taps[0]!, taps.length, width)!.products ** taps.length,
            );
          }
        },
      ),
    );
  });

  test('is the best of all combinations', () => {
    const taps = [2, 3];
    for (const width of [4, 6, 8, 10, 16]) {
      let best = Number.POSITIVE_INFINITY;
      for (let D0 = 4; D0 <= 40; D0 += 1) {
        for (let D1 = 4; D1 <= 40; D1 += 1) {
          const saves = (D0 - 1) * 2 > D0 && (D1 - 2) * 3 > D1;
          if (saves && (D0 * D1) % width === 0) best = Math.min(best, D0 * D1);
        }
      }
      // F(2, 2) has D = 3, which the loop above must not miss.
      for (let D1 = 4; D1 <= 40; D1 += 1) if ((3 * D1) % width === 0) best = Math.min(best, 3 * D1);
      expect(volume(smallestTilePerAxis(taps, width)!)).toBe(best);
    }
  });

  test('lets an axis without a kernel be one input wide, or as wide as the vectors need', () => {
    expect(smallestTilePerAxis([1, 3, 3], 8)!.map(({ outputs, taps }) => [outputs, taps])).toEqual([
      [1, 1],
      [2, 3],
      [2, 3],
    ]);
    expect(smallestTilePerAxis([1, 1], 4)!.map(({ inputs }) => inputs)).toEqual([1, 4]);
  });

  test('refuses no axes', () => {
    expect(() => smallestTilePerAxis([], 8)).toThrow(/taps to be 1 to 16 sizes, one for every axis/);
  });
});

describe('Table 1 of Budden et al. 2017', () => {
  test.each(PUBLISHED_TABLE_1)(
    'F($outputs, $taps) has the published size, sparsity and speed-up',
    (published) => {
      const { outputs, taps } = published;
      expect(smallestTile(taps, 2, 8)).toMatchObject({ outputs, inputs: published.inputs });
      const row = tileStatistics(synthesize({ outputs, taps }));
      for (const name of ['A', 'B', 'C'] as const)
        expect(row.sparsity[name]).toBeCloseTo(published.sparsity[name], 2);
      for (const name of ['2D', '3D'] as const)
        expect(Math.abs(row.speedup[name] - published.speedup[name])).toBeLessThanOrEqual(0.005 + 1e-9);
    },
  );
});
