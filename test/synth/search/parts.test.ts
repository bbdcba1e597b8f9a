import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Point, squaredGain } from '../../../synth/core/squared-gain.js';
import { synthesize } from '../../../synth/index.js';
import { noiseGain } from '../../../synth/noise/gain.js';
import { minimise } from '../../../synth/search/minimise.js';
import { formatModuli } from '../../../synth/search/moduli-text.js';
import { paretoFront } from '../../../synth/search/pareto.js';
import { chosenOnArc, dyadicBetween, height, simplestBetween } from '../../../synth/search/rationals.js';
import { instantiate, structures } from '../../../synth/search/structure.js';

describe('gain from moduli', () => {
  // Every structure of several sizes, at distinct small rationals, against the matrices of the exact synthesis.
  const sizes = [
    [2, 2, 3],
    [3, 2, 5],
    [2, 3, 5],
    [4, 3, 7],
    [4, 3, 8],
    [6, 3, 10],
    [5, 4, 11],
  ] as const;
  it.each(sizes)('of F(%i, %i) with %i products is that of the matrices', (outputs, taps, products) => {
    const all = structures(outputs, taps, products);
    expect(all.length).toBeGreaterThan(0);
    for (const structure of all) {
      const values = structure.parameters.map((_, index): Point => [7, 2 * index + 3]);
      const transform = synthesize({ outputs, taps, moduli: formatModuli(structure, values) });
      expect(transform.products).toBe(products);
      const gain = Math.sqrt(squaredGain(outputs, taps, instantiate(structure, values)));
      expect(gain / noiseGain(transform)).toBeCloseTo(1, 6);
    }
  });

  it('is infinite or undefined when moduli share a root', () => {
    const [structure] = structures(4, 3, 6).filter(({ symmetric }) => !symmetric);
    const values = structure!.parameters.map((): Point => [1, 1]);
    expect(Number.isFinite(squaredGain(4, 3, instantiate(structure!, values)))).toBe(false);
  });
});

describe('simplest rational', () => {
  const value = ([denominator, numerator]: Point) => numerator / denominator;

  it('lies in the interval, and no other one there is simpler', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -20, max: 20, noNaN: true }),
        fc.double({ min: 1e-3, max: 3, noNaN: true }),
        (low, width) => {
          const found = simplestBetween(low, low + width);
          expect(value(found)).toBeGreaterThanOrEqual(low - 1e-12);
          expect(value(found)).toBeLessThanOrEqual(low + width + 1e-12);
          for (let denominator = 1; denominator < found[0]; denominator++) {
            const numerator = Math.ceil(low * denominator);
            expect(numerator / denominator).toBeGreaterThan(low + width);
          }
        },
      ),
    );
  });

  it('may be asked for a power of two below', () => {
    expect(dyadicBetween(0.6, 0.7)).toEqual([8, 5]);
    expect(dyadicBetween(-0.7, -0.6)).toEqual([8, -5]);
    expect(dyadicBetween(1.2, 3.5)).toEqual([1, 2]);
    expect(dyadicBetween(-1, 3)).toEqual([1, 0]);
  });

  it('takes infinity for simple on an arc', () => {
    expect(chosenOnArc(1.5, 1.7, simplestBetween)).toEqual([0, 1]);
    expect(chosenOnArc(-0.1, 0.1, simplestBetween)).toEqual([1, 0]);
    expect(chosenOnArc(Math.PI + 0.7, Math.PI + 0.8, simplestBetween)).toEqual([1, 1]);
    expect(height([0, 1])).toBe(height([1, 0]));
  });
});

describe('minimise', () => {
  it('finds the bottom of a curved valley', () => {
    const rosenbrock = ([x, y]: readonly number[]) => (1 - x!) ** 2 + 100 * (y! - x! ** 2) ** 2;
    const { x, value } = minimise(rosenbrock, [-1.2, 1], { tolerance: 1e-14 });
    expect(value).toBeLessThan(1e-8);
    expect(x[0]).toBeCloseTo(1, 3);
  });

  it('treats what is not finite as a wall', () => {
    const f = ([x]: readonly number[]) => x! - Math.log(x!);
    expect(minimise(f, [5]).x[0]).toBeCloseTo(1, 4);
    expect(minimise(f, [-1])).toEqual({ x: [-1], value: Number.POSITIVE_INFINITY });
  });
});

describe('Pareto front', () => {
  it('is what is not beaten, whatever the order', () => {
    const costs = fc.array(fc.tuple(fc.nat(5), fc.nat(5), fc.nat(5)), { maxLength: 20 });
    fc.assert(
      fc.property(costs, (members) => {
        const front = paretoFront(members, (each) => each);
        const beats = (a: readonly number[], b: readonly number[]) => a.every((each, i) => each <= b[i]!);
        for (const member of members) expect(front.some((other) => beats(other, member))).toBe(true);
        for (const member of front)
          expect(front.some((other) => other !== member && beats(other, member))).toBe(false);
      }),
    );
  });

  it('ignores small differences where told to', () => {
    const members: [number, number][] = [
      [1, 10],
      [1.001, 5],
      [1.2, 4],
    ];
    expect(paretoFront(members, (each) => each)).toHaveLength(3);
    expect(paretoFront(members, ([a, b]) => [b, a], [0, 0.005])).toHaveLength(2);
  });
});
