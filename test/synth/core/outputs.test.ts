import { describe, expect, test } from 'vitest';
import { defaultProducts, settleOutputs, synthesize } from '../../../synth/index.js';

describe('synthesize without outputs', () => {
  test('takes the smallest tile that saves products and fills vectors, found by trying every S', () => {
    for (const vectorWidth of [1, 4, 8, 16]) {
      for (const dims of [1, 2, 3]) {
        for (const taps of [2, 3, 4, 5]) {
          let outputs = 1;
          const fits = () => {
            const products = defaultProducts(outputs, taps);
            return outputs * taps > products && products ** dims % vectorWidth === 0;
          };
          while (!fits() && outputs < 40) outputs += 1;
          const request = { taps, dims, vectorWidth };
          if (outputs === 40)
            expect(() => settleOutputs(request)).toThrow('Expected vectorWidth to be one that');
          else expect(settleOutputs(request)).toBe(outputs);
        }
      }
    }
  });

  test('gives the algorithms of Table 1 of Budden et al. 2017 where moduli are linear', () => {
    for (const [taps, outputs] of [
      [2, 3],
      [3, 2],
      [4, 5],
      [5, 4],
      [6, 3],
    ])
      expect(synthesize({ taps: taps!, dims: 2, vectorWidth: 8 })).toEqual(
        synthesize({ outputs: outputs!, taps: taps! }),
      );
  });

  test('counts on two dimensions unless told, and on the products of the moduli', () => {
    expect(settleOutputs({ taps: 3, vectorWidth: 16 })).toBe(2);
    const { products } = synthesize({ taps: 3, vectorWidth: 16, dims: 1 });
    expect(products).toBe(16);
  });

  test('takes as many outputs as the moduli make', () => {
    const transform = synthesize({ taps: 3, moduli: '0, ±1, x^2+1, inf' });
    expect(transform).toEqual(synthesize({ outputs: 4, taps: 3, moduli: '0, ±1, x^2+1, inf' }));
  });

  test.each([
    [{ taps: 3 }, 'Expected outputs to be an integer from 1 to 64 but received undefined'],
    [{ taps: 3, dims: 2 }, 'Expected dims to be left out without vectorWidth but received 2'],
    [{ taps: 3, outputs: 2, vectorWidth: 8 }, 'Expected vectorWidth to be left out where outputs or moduli'],
    [{ taps: 3, moduli: '0, ±1, inf', vectorWidth: 8 }, 'Expected vectorWidth to be left out where outputs'],
    [{ taps: 3, vectorWidth: 0 }, 'Expected vectorWidth to be an integer from 1 to 1024 but received 0'],
    [{ taps: 3, vectorWidth: 8, dims: 1.5 }, 'Expected dims to be an integer from 1 to 16 but received 1.5'],
    [{ taps: 3, vectorWidth: 47, dims: 1 }, 'Expected vectorWidth to be one that T^1 of some F(S, 3)'],
    [{ taps: 3, moduli: '0, 1' }, 'Expected moduli to be of degrees that add up to 3 to 66'],
    [undefined, 'Expected the options of synthesize to be an object but received undefined'],
  ])('refuses %j', (options, message) => {
    expect(() => synthesize(options as { taps: number })).toThrow(message);
  });
});
