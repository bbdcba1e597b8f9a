import { describe, expect, it } from 'vitest';
import { nested } from '../../../synth/forms/nested.js';
import { pieces } from '../../../synth/forms/pieces.js';
import { polyphase } from '../../../synth/forms/polyphase.js';
import { verify } from '../../../synth/index.js';
import { numbers, run } from './run.js';

describe('polyphase', () => {
  const steps = [1, 2, 3, 4, 6];
  const cases = steps.flatMap((stride) => steps.map((dilation) => [stride, dilation] as const));

  it.each(cases)('computes stride %i with dilation %i', (stride, dilation) => {
    for (const taps of [1, 2, 3, 7]) {
      const outputs = 12;
      const form = polyphase({ outputs, taps, stride, dilation });
      const [d, g] = [numbers(form.inputs, 1), numbers(taps, 2)];
      const wanted = Array.from({ length: outputs }, (_, s) =>
        g.reduce((sum, tap, t) => sum + tap * d[stride * s + dilation * t]!, 0),
      );
      expect(run(form, g, d)).toEqual(wanted);
      expect(form.products).toBeLessThanOrEqual(outputs * taps);
    }
  });

  it('splits stride 2 into even and odd taps', () => {
    const { parts, products } = polyphase({ outputs: 4, taps: 3, stride: 2 });
    expect(parts.map(({ transform, taps, inputs }) => [transform.taps, taps, inputs])).toEqual([
      [2, { first: 0, step: 2 }, { first: 0, step: 2 }],
      [1, { first: 1, step: 2 }, { first: 1, step: 2 }],
    ]);
    expect(products).toBe(5 + 4);
  });

  it('reduces equal stride and dilation to one phase', () => {
    const { parts, products } = polyphase({ outputs: 4, taps: 3, stride: 3, dilation: 3 });
    expect(parts).toHaveLength(1);
    expect(products).toBe(6);
  });

  it.each([
    [{ outputs: 4, taps: 3, stride: 0 }, 'Expected stride to be a positive integer but received 0'],
    [{ outputs: 4, taps: 3, dilation: 3 }, 'Expected outputs to be a multiple of 3'],
  ])('refuses %j', (options, message) => {
    expect(() => polyphase(options)).toThrow(message);
  });
});

describe('large kernels', () => {
  const sizes = [2, 3, 4, 6].flatMap((outputs) => [5, 7, 11].map((taps) => [outputs, taps] as const));

  it.each(sizes)('F(%i, %i) in pieces and nested are proved transforms', (outputs, taps) => {
    for (const size of [1, 2, 3, 4]) {
      expect(verify(pieces({ outputs, taps, piece: size })).ok).toBe(true);
      expect(verify(nested({ outputs, taps, block: size })).ok).toBe(true);
    }
  });

  it('spends the sum of the pieces’ products: 7 taps as 3 + 3 + 1', () => {
    const form = pieces({ outputs: 2, taps: 7, piece: 3 });
    expect(form.parts.map(({ transform }) => transform.products)).toEqual([4, 4, 2]);
    expect(form.products).toBe(10);
  });

  it('spends the product of the nested algorithms’ products, less what falls beyond S and G', () => {
    expect(nested({ outputs: 6, taps: 9, block: 3 }).products).toBe(4 * 5);
    expect(nested({ outputs: 6, taps: 7, block: 3 }).products).toBe(4 * 5 - 1);
  });

  it('refuses pieces larger than the kernel', () => {
    expect(() => pieces({ outputs: 2, taps: 3, piece: 4 })).toThrow(
      'Expected piece to be an integer from 1 to 3',
    );
    expect(() => nested({ outputs: 2, taps: 3, block: 0 })).toThrow(
      'Expected block to be a positive integer',
    );
  });
});
