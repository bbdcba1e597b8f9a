import { describe, expect, it } from 'vitest';
import { InputError, toJSON, verify } from '../../../synth/index.js';
import { noiseGain } from '../../../synth/noise/gain.js';
import { type SearchOptions, search } from '../../../synth/search/search.js';
import { unrestrictedOptimum } from '../../../synth/search/unrestricted.js';

const best = (options: SearchOptions) => Math.min(...search(options).map(({ noiseGain }) => noiseGain));

describe('search', () => {
  const front = search({ outputs: 4, taps: 3, dims: 3 });

  it('gives proved algorithms with the figures they are listed with', () => {
    expect(front.length).toBeGreaterThan(3);
    for (const { transform, noiseGain: gain, layerError, productsPerOutput, evidence } of front) {
      expect(verify(transform).ok).toBe(true);
      expect(gain).toBe(noiseGain(transform));
      expect(layerError).toBeCloseTo((gain / 3) ** 3, 12);
      expect(productsPerOutput).toBeCloseTo((transform.products / 4) ** 3, 12);
      // Rationals cannot beat the reals they were rounded from.
      expect(gain).toBeGreaterThan(evidence.continuousGain * (1 - 1e-6));
      expect(evidence.agreeing).toBeGreaterThan(0);
    }
  });

  it('lists no member that another one beats', () => {
    for (const a of front)
      for (const b of front) {
        const beaten =
          b !== a &&
          b.productsPerOutput <= a.productsPerOutput &&
          b.noiseGain <= a.noiseGain &&
          b.operations.A + b.operations.B <= a.operations.A + a.operations.B;
        expect(beaten).toBe(false);
      }
  });

  it('is the same for the same seed, and as good for another one', () => {
    const plain = (seed: number) =>
      search({ outputs: 3, taps: 3, seed }).map(({ transform, ...rest }) => ({
        ...toJSON(transform),
        ...rest,
      }));
    expect(plain(4)).toEqual(plain(4));
    expect(best({ outputs: 6, taps: 3, products: [9], seed: 99, starts: 2 })).toBeLessThan(2.8);
  });

  // Least noise gains published or known for real points, and for moduli of degree 2: (Q/G)² in 2-D.
  const real: Readonly<Record<number, readonly number[]>> = {
    3: [2.225, 2.802, 3.772, 5.345, 7.864, 11.9, 18.38, 28.87, 45.94],
    5: [5.16, 6.9, 9.764, 14.37, 21.74, 33.61, 52.8, 84.03, 135.2],
  };
  it.each([3, 5])('reaches the best real points for %i taps', (taps) => {
    real[taps]!.forEach((known, index) => {
      const outputs = index + 2;
      const reached = best({ outputs, taps, products: [outputs + taps - 1], starts: 2 });
      expect(reached / known).toBeLessThan(1.005);
    });
  });

  it.each([
    [4, 7, 0.56],
    [6, 9, 0.97],
    [7, 10, 1.5],
    [8, 11, 2.85],
    [9, 12, 5.66],
    [10, 14, 2.07],
  ])('F(%i, 3) with %i products: layer error at most %f', (outputs, products, known) => {
    expect((best({ outputs, taps: 3, products: [products], starts: 1 }) / 3) ** 2).toBeLessThan(known);
  });

  it('finds no bilinear algorithm with less noise than the best moduli', () => {
    const [member] = search({ outputs: 4, taps: 3, products: [7], starts: 1, unrestrictedStarts: 2 });
    const { continuousGain, unrestricted } = member!.evidence;
    expect(unrestricted!.gain! / continuousGain).toBeCloseTo(1, 3);
    expect(unrestricted!.agreeing).toBe(2);
  });

  it('finds no algorithm with fewer products than D', () => {
    expect(unrestrictedOptimum({ outputs: 2, taps: 3, products: 3, starts: 2 }).gain).toBeUndefined();
  });

  it('goes straight when there is nothing to save', () => {
    const [member, ...others] = search({ outputs: 5, taps: 1 });
    expect(others).toEqual([]);
    expect(member!.transform.products).toBe(5);
    expect(member!.noiseGain).toBeCloseTo(1, 12);
  });

  it('reports its progress, and ends early when asked to', () => {
    const shares: number[] = [];
    const hurried = search({
      outputs: 3,
      taps: 3,
      starts: 50,
      onProgress: (share) => shares.push(share),
      keepGoing: () => false,
    });
    expect(hurried.length).toBeGreaterThan(0);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBeLessThanOrEqual(1);
    expect(hurried[0]!.evidence.starts).toBeLessThan(50);
  });

  it.each([
    [{ outputs: 0, taps: 3 }, 'outputs'],
    [{ outputs: 2, taps: 2.5 }, 'taps'],
    [{ outputs: 2, taps: 3, dims: 0 }, 'dims'],
    [{ outputs: 2, taps: 3, starts: 0 }, 'starts'],
    [{ outputs: 2, taps: 3, products: [3] }, 'products'],
  ])('refuses %o', (options, name) => {
    expect(() => search(options)).toThrow(InputError);
    expect(() => search(options)).toThrow(`Expected ${name} to be`);
  });
});
