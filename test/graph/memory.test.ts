import { describe, expect, it } from 'vitest';
import { colour, type Lifetime, leastBytes } from '../../src/graph/memory.js';
import { randomNumbers } from '../../synth/random.js';

/** Whether two things that live at the same time share a byte: checked pair by pair. */
function collide(lifetimes: readonly Lifetime[], offsets: readonly number[]): boolean {
  return lifetimes.some((a, i) =>
    lifetimes.some(
      (b, j) =>
        i < j &&
        a.first <= b.last &&
        b.first <= a.last &&
        offsets[i]! < offsets[j]! + b.bytes &&
        offsets[j]! < offsets[i]! + a.bytes,
    ),
  );
}

describe('colouring the arena', () => {
  it('lets tensors of a chain take turns in two places', () => {
    const chain = [0, 1, 2, 3, 4].map((step) => ({ bytes: 640, first: step, last: step + 1 }));
    expect(colour(chain).bytes).toBe(1280);
  });

  it('never places apart in time what lies together in space, and keeps whole cache lines', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const next = randomNumbers(seed);
      const below = (most: number) => Math.floor(next() * most);
      const lifetimes = Array.from({ length: 1 + below(40) }, () => {
        const first = below(30);
        return { bytes: below(5000), first, last: first + below(10) };
      });
      const { offsets, bytes } = colour(lifetimes);
      expect(collide(lifetimes, offsets), `seed ${seed}`).toBe(false);
      expect(offsets.every((offset) => offset % 64 === 0)).toBe(true);
      expect(bytes).toBeGreaterThanOrEqual(leastBytes(lifetimes));
      for (const [i, { bytes: size }] of lifetimes.entries())
        expect(offsets[i]! + size).toBeLessThanOrEqual(bytes);
    }
  });
});
