import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paddedTransform } from '../../../synth/forms/padded.js';
import { run } from './run.js';

/** y[s] = Σ_g g[g] d[s+g−begin], from the definition. */
function direct(
  data: readonly number[],
  kernel: readonly number[],
  begin: number,
  outputs: number,
): number[] {
  return Array.from({ length: outputs }, (_, s) =>
    kernel.reduce((sum, tap, g) => sum + tap * (data[s + g - begin] ?? 0), 0),
  );
}

const sizes = fc
  .record({
    inputs: fc.integer({ min: 1, max: 7 }),
    padding: fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })),
    taps: fc.integer({ min: 1, max: 7 }),
  })
  .filter(({ inputs, padding, taps }) => inputs + padding[0] + padding[1] >= taps);

describe('paddedTransform', () => {
  it('takes 3 products for 2 inputs, padding 1 and 3 taps, the fewest possible', () => {
    const short = paddedTransform({ inputs: 2, padding: [1, 1], taps: 3 });
    expect(short).toMatchObject({ outputs: 2, products: 3, leastProducts: 3 });
    expect(short.B.map((row) => row.length)).toEqual([2, 2, 2]);
  });

  it('is F(S, G) without padding, as few products as there are inputs', () => {
    expect(paddedTransform({ inputs: 6, padding: [0, 0], taps: 3 })).toMatchObject({
      outputs: 4,
      products: 6,
      leastProducts: 6,
    });
  });

  it('is the full convolution with whole padding', () => {
    expect(paddedTransform({ inputs: 4, padding: [2, 2], taps: 3 })).toMatchObject({
      outputs: 6,
      products: 6,
      leastProducts: 6,
    });
  });

  it('drops taps and outputs that lie in padding alone', () => {
    const lone = paddedTransform({ inputs: 1, padding: [3, 3], taps: 3 });
    expect(lone).toMatchObject({ outputs: 5, products: 3, leastProducts: 3 });
    expect(lone.A.filter((row) => row.every((value) => value.equals(0)))).toHaveLength(2);
  });

  it('computes what the definition says for any length, padding and taps', () => {
    const values = (length: number) =>
      fc.array(fc.integer({ min: -9, max: 9 }), { minLength: length, maxLength: length });
    const cases = sizes.chain((options) =>
      fc.tuple(fc.constant(options), values(options.inputs), values(options.taps)),
    );
    fc.assert(
      fc.property(cases, ([options, data, kernel]) => {
        const transform = paddedTransform(options);
        expect(run(transform, kernel, data)).toEqual(
          direct(data, kernel, options.padding[0], transform.outputs),
        );
      }),
      { numRuns: 150, seed: 5 },
    );
  });

  it('needs no more products than tiles that ignore the padding, nor fewer than the bound', () => {
    fc.assert(
      fc.property(sizes, (options) => {
        const { products, leastProducts, outputs } = paddedTransform(options);
        const real = outputs + options.taps - 1 <= 8;
        expect(products).toBeGreaterThanOrEqual(leastProducts);
        if (real) expect(products).toBeLessThanOrEqual(outputs + options.taps - 1);
      }),
      { numRuns: 150, seed: 6 },
    );
  });

  it('takes moduli for the two shortest sides', () => {
    const { moduli } = paddedTransform({ inputs: 2, padding: [1, 1], taps: 3, moduli: '0, 1, inf' });
    expect(moduli).toEqual(['0', '1', 'inf']);
  });

  it.each([
    [{ inputs: 0, padding: [1, 1], taps: 1 }, 'Expected inputs to be a positive integer but received 0'],
    [
      { inputs: 2, padding: [1], taps: 3 },
      'Expected padding to be a pair of non-negative integers but received [1]',
    ],
    [{ inputs: 2, padding: [1, -1], taps: 3 }, 'Expected padding to be a pair of non-negative integers'],
    [
      { inputs: 2, padding: [1, 1], taps: 5 },
      'Expected taps to be at most 4, the inputs with their padding but received 5',
    ],
    [{ inputs: 2, padding: [1, 1], taps: 3, moduli: '0, ±1, inf' }, 'add up to 3'],
  ])('refuses %j', (options, message) => {
    expect(() => paddedTransform(options as never)).toThrow(message);
  });
});
