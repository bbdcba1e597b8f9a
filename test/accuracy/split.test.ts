import { Fraction } from 'fraction.js';
import { describe, expect, it } from 'vitest';
import { measureSplit } from '../../src/accuracy/split.js';
import { searchSplit } from '../../synth/split/search.js';

describe('measureSplit', () => {
  it.each([
    [2, 2, 16],
    [4, 2, 64],
    [4, 3, 16],
  ])('F(%i, 3) in %i dimensions errs as the matrices say, transforms added', (outputs, dims, channels) => {
    for (const { points, layerError } of searchSplit({ outputs, taps: 3, dims, starts: 1 })) {
      const { ratio } = measureSplit({ outputs, taps: 3, dims, points, channels, runs: 25, seed: 2 });
      expect(ratio).toBeGreaterThan(0.8 * layerError);
      expect(ratio).toBeLessThan(layerError + 0.5);
    }
  });

  it('refuses points that are not enough', () => {
    const options = { outputs: 2, taps: 3, dims: 2, points: ['inf' as const], channels: 1, runs: 1, seed: 1 };
    expect(() => measureSplit(options)).toThrow('Expected points for D = 4');
  });

  it('takes points as they are, however bad: an error far above shows', () => {
    const points = [1, 2, 3, 40].map((re) => ({ re: new Fraction(re), im: new Fraction(0) }));
    const { ratio } = measureSplit({
      ...{ outputs: 2, taps: 3, dims: 2, points },
      ...{ channels: 4, runs: 25, seed: 1 },
    });
    expect(ratio).toBeGreaterThan(100);
  });
});
