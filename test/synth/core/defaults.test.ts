import { describe, expect, test } from 'vitest';
import { formatModulus, linearModuli, MAX_DEFAULT_INPUTS, synthesize } from '../../../synth/index.js';
import { noiseGain } from '../../../synth/noise/gain.js';

describe('default moduli', () => {
  // The least noise gains known for real points, found by continuous search; fractions cannot reach them quite.
  test.each([
    [3, [2.225, 2.802, 3.772, 5.345, 7.864]],
    [5, [5.16, 6.9, 9.764]],
  ])('are within 1 %% of the best real points known for %i taps, up to D = 8', (taps, best) => {
    best.forEach((known, i) => {
      const gain = noiseGain(synthesize({ outputs: i + 2, taps }));
      expect(gain / known).toBeLessThan(1.01);
    });
  });

  test('are never noisier than F(6, 3) on the points of NNPACK, but for kernels of two taps and D = 17', () => {
    const accepted = noiseGain(synthesize({ outputs: 6, taps: 3 })) / 3;
    for (let taps = 3; taps <= 16; taps += 1) {
      for (let outputs = 1; outputs <= 16 && outputs + taps - 1 <= MAX_DEFAULT_INPUTS; outputs += 1) {
        if (outputs + taps - 1 === 17) continue;
        const relative = noiseGain(synthesize({ outputs, taps })) / taps;
        expect(relative, `F(${outputs}, ${taps})`).toBeLessThanOrEqual(accepted);
      }
    }
  });
});

describe('linearModuli', () => {
  test('give T = D for any D', () => {
    for (let inputs = 1; inputs <= 24; inputs += 1) {
      const taps = Math.ceil(inputs / 2);
      const outputs = inputs - taps + 1;
      const moduli = linearModuli(outputs, taps).map(formatModulus);
      expect(moduli).toHaveLength(inputs);
      expect(synthesize({ outputs, taps, moduli }).products).toBe(inputs);
    }
  });
});
