import { describe, expect, it } from 'vitest';
import { stridedFamilies } from '../../../src/catalogue/catalogue.js';
import { axisFamily } from '../../../synth/forms/family.js';
import { polyphase } from '../../../synth/forms/polyphase.js';
import { stridedFamily } from '../../../synth/forms/strided.js';
import type { Transform } from '../../../synth/index.js';

/** Points for one tap, of which the library has no default. */
function tilesFor(outputs: readonly number[], taps: number): readonly Transform[] {
  const points = ['0', '1', '-1', 'inf'].slice(0, Math.max(...outputs));
  return axisFamily({ outputs, taps, ...(taps === 1 && { moduli: points.join(', ') }) }).members;
}

describe('strided tiles', () => {
  it.each([
    [3, 2, 4],
    [5, 2, 4],
    [7, 2, 4],
    [5, 3, 3],
    [4, 4, 2],
  ])(
    'of %i taps at stride %i share one kernel transform, and are those of polyphase',
    (taps, stride, most) => {
      const sizes = Array.from({ length: most }, (_, i) => most - i);
      const phases = Array.from({ length: stride }, (_, b) =>
        tilesFor(sizes, Math.ceil((taps - b) / stride)),
      );
      const family = stridedFamily(taps, phases);
      expect(family.products).toBe(stride * most + taps - stride);
      for (const member of family.members) {
        const { outputs, products, C } = member;
        expect(C).toEqual(family.C.slice(0, products));
        const alike = polyphase({ outputs, taps, stride });
        expect([member.inputs, products]).toEqual([alike.inputs, alike.products]);
      }
    },
  );

  it('are in the catalogue where they save products', () => {
    expect(stridedFamilies(3, 2).map(({ members }) => members[0]!.outputs)).toContain(4);
    for (const { products, members } of stridedFamilies(7, 2))
      expect(products).toBeLessThan(7 * members[0]!.outputs);
    expect(stridedFamilies(2, 2)).toEqual([]);
    expect(stridedFamilies(1, 2)).toEqual([]);
  });

  it('need as many phases as the stride, of the same sizes', () => {
    const [two, one] = [2, 1].map((taps) => tilesFor([3, 2], taps));
    expect(() => stridedFamily(3, [two!, one!.slice(1)])).toThrow(
      'Expected phase 1 to be tiles of 3, 2 outputs',
    );
    expect(() => stridedFamily(3, [one!, two!])).toThrow('Expected phase 0');
    expect(() => stridedFamily(5, [two!, one!])).toThrow('Expected phase 0');
  });
});
