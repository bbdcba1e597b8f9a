import { describe, expect, it } from 'vitest';
import { ZERO } from '../../../synth/algebra/rational.js';
import { BALANCED_LENGTHS, balancedPoints, balancedProducts } from '../../../synth/forms/balanced.js';
import { paddedTransform } from '../../../synth/forms/padded.js';
import { synthesize } from '../../../synth/index.js';
import { noiseGain } from '../../../synth/noise/gain.js';

const range = (length: number) => Array.from({ length }, (_, i) => i);

describe('balancedProducts', () => {
  it.each(BALANCED_LENGTHS)('is the sum over i + j + k = 2n − 3 for n = %i, in 2n − 2 products', (n) => {
    const products = balancedProducts(n);
    expect(products).toHaveLength(2 * n - 2);
    for (const i of range(n))
      for (const j of range(n))
        for (const k of range(n)) {
          const sum = products.reduce((all, [x, y, z]) => all.add(x[i]!.mul(y[j]!).mul(z[k]!)), ZERO);
          expect(sum.valueOf()).toBe(i + j + k === 2 * n - 3 ? 1 : 0);
        }
  });

  it.each(BALANCED_LENGTHS)('splits into points whose sums of powers agree, for n = %i', (n) => {
    const points = balancedPoints(n);
    const [low, high] = [points.slice(0, n - 1), points.slice(n - 1)];
    for (let power = 1; power <= n - 2; power++) {
      const sum = (values: typeof low) => values.reduce((all, each) => all.add(each.pow(power)!), ZERO);
      expect(sum(low).equals(sum(high))).toBe(true);
    }
    expect(new Set(points.map(String)).size).toBe(2 * n - 2);
  });
});

describe('paddedTransform by balanced products', () => {
  it('takes 4 products for 3 inputs, padding 1 and 3 taps, where multiplying two sides takes 5', () => {
    const balanced = paddedTransform({ inputs: 3, padding: [1, 1], taps: 3 });
    const multiplied = paddedTransform({
      inputs: 3,
      padding: [1, 1],
      taps: 3,
      moduli: '±3/8, ±5/4, inf',
    });
    expect([balanced.products, multiplied.products]).toEqual([4, 5]);
    expect(noiseGain(balanced)).toBeLessThan(0.65 * noiseGain(multiplied));
  });

  it('takes 6 products for an even kernel of 4 on 4 inputs', () => {
    for (const padding of [[1, 2] as const, [2, 1] as const])
      expect(paddedTransform({ inputs: 4, padding, taps: 4 }).products).toBe(6);
  });

  it('halves the noise of F(4, 3) at equal products on 4 inputs with padding 1', () => {
    const whole = paddedTransform({ inputs: 4, padding: [1, 1], taps: 3 });
    expect(whole.products).toBe(6);
    expect(noiseGain(whole)).toBeLessThan(0.5 * noiseGain(synthesize({ outputs: 4, taps: 3 })));
  });
});
