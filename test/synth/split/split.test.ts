import { Fraction } from 'fraction.js';
import { describe, expect, it } from 'vitest';
import { layerErrorRatio, noiseGain } from '../../../synth/noise/gain.js';
import { search } from '../../../synth/search/search.js';
import type { SplitPoint } from '../../../synth/split/axis.js';
import { idealSquaredGain } from '../../../synth/split/ideal-gain.js';
import { searchSplit } from '../../../synth/split/search.js';
import { type SplitTransform, splitNoiseGain, splitTransform } from '../../../synth/split/split.js';

const point = (re: number | string, im: number | string = 0): SplitPoint => ({
  re: new Fraction(re),
  im: new Fraction(im),
});

/** Multiplies everything out: every output, tap and input of all axes, on indices of its own. */
function multiplyOut({ dims, outputs, taps, A, B, C }: SplitTransform): void {
  const inputs = outputs + taps - 1;
  const digits = (index: number, base: number) =>
    Array.from({ length: dims }, (_, axis) => Math.floor(index / base ** (dims - 1 - axis)) % base);
  for (let s = 0; s < outputs ** dims; s++)
    for (let g = 0; g < taps ** dims; g++) {
      const weights = C.map((row, t) => row[g]!.mul(A[s]![t]!));
      const wanted = digits(s, outputs).map((each, axis) => each + digits(g, taps)[axis]!);
      for (let d = 0; d < inputs ** dims; d++) {
        const sum = weights.reduce(
          (total, weight, t) =>
            weight.n === 0n || B[t]![d]!.n === 0n ? total : total.add(weight.mul(B[t]![d]!)),
          new Fraction(0),
        );
        const one = digits(d, inputs).every((each, axis) => each === wanted[axis]);
        if (!sum.equals(one ? 1 : 0))
          throw new Error(`output ${s}, tap ${g}, input ${d}: ${sum.toFraction()}`);
      }
    }
}

describe('split algorithms', () => {
  it.each([
    [2, 2, 2, [point(0, 1), point(1)], 13],
    [2, 3, 2, [point(1), point(-1), point(0, 1)], 22],
    [2, 3, 2, [point(0), point('3/5', '4/5'), 'inf' as const], 22],
    [3, 2, 2, [point('1/2', '6/7'), point('-1/2', '6/7')], 24],
    [1, 3, 3, [point(0, 1), 'inf' as const], 40],
    [2, 2, 3, [point(0, '1/2'), point(2)], 40],
  ] as const)(
    'F(%i, %i) in %i-D multiplied out is the correlation',
    (outputs, taps, dims, points, products) => {
      const transform = splitTransform({ outputs, taps, dims, points });
      expect(transform.products).toBe(products);
      multiplyOut(transform);
    },
  );

  it('cost six products where nested quadratics cost nine', () => {
    const points = [point(0), point(1), point(-1), point(0, 1), 'inf' as const];
    // F(4, 3) with x² + 1: four real points and one quadratic; 7² nested.
    expect(splitTransform({ outputs: 4, taps: 3, dims: 2, points }).products).toBe(16 + 2 * 4 * 3 + 6);
  });

  it.each([
    [[point(1), point(-1)], 'Expected points for D = 4 but received 2'],
    [[point(1), point(1), point(0, 1)], 'Expected distinct points but 1 is given twice'],
    [[point(0, 1), point(0, -1)], 'twice'],
  ])('refuses %#', (points, message) => {
    expect(() => splitTransform({ outputs: 2, taps: 3, dims: 2, points })).toThrow(message);
  });
});

describe('search for split algorithms', () => {
  it('reaches less error than direct convolution at two products per output', () => {
    const front = searchSplit({ outputs: 9, taps: 3, dims: 2, starts: 1 });
    expect(front.some((each) => each.productsPerOutput <= 2 && each.layerError <= 1)).toBe(true);
  });

  it('beats nesting in products and in error', () => {
    const nested = search({ outputs: 6, taps: 3, products: [10], starts: 1 });
    const error = Math.min(...nested.map(({ transform }) => layerErrorRatio([transform, transform])));
    const front = searchSplit({ outputs: 6, taps: 3, dims: 2 });
    expect(front.some((each) => each.productsPerOutput < 100 / 36 && each.layerError < error)).toBe(true);
    for (const { productsPerOutput } of front) expect(productsPerOutput).toBeLessThan(100 / 36);
  });

  it('is the same for the same seed', () => {
    const once = () => searchSplit({ outputs: 4, taps: 3, dims: 2, seed: 5 });
    expect(once()).toEqual(once());
  });

  it('has a noise that its model knows, but for the three points', () => {
    const options = {
      ...{ outputs: 4, taps: 3, dims: 2 },
      points: [point('3/5'), point('-3/5'), point('1/4', '6/7'), point('-1/4', '6/7')],
    };
    const ideal = idealSquaredGain({
      ...{ outputs: 4, taps: 3, dims: 2 },
      real: [
        [5, 3],
        [5, -3],
      ],
      complex: [
        [1 / 4, 6 / 7],
        [-1 / 4, 6 / 7],
      ],
    });
    expect(splitNoiseGain(options) / Math.sqrt(ideal)).toBeCloseTo(1, 1);
  });

  it.each([
    [4, 3, 2, [point(0), point('2/3', '3/4'), point(-1, 2), 'inf' as const]],
    [2, 3, 3, [point(1), point(-1), point('1/2', 1)]],
  ] as const)('F(%i, %i) in %i-D: gains are those of the matrices', (outputs, taps, dims, points) => {
    const options = { outputs, taps, dims, points };
    expect(splitNoiseGain(options) / noiseGain(splitTransform(options))).toBeCloseTo(1, 9);
  });

  it('needs two dimensions', () => {
    expect(() => searchSplit({ outputs: 4, taps: 3, dims: 1 })).toThrow('Expected dims to be');
  });
});
