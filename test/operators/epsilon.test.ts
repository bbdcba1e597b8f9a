import { describe, expect, it } from 'vitest';
import { operatorOf } from '../../src/operators/index.js';
import { InputError } from '../../synth/index.js';

const float = (shape: readonly number[]) => ({ type: 'float32' as const, shape });

describe('epsilon of a normalization', () => {
  it.each([
    ['InstanceNormalization', {}],
    ['GroupNormalization', { num_groups: 2 }],
    ['LayerNormalization', {}],
  ])('is refused for %s where it is no number of at least 0', (name, attributes) => {
    const infer = (epsilon: unknown) =>
      operatorOf(name).infer({ ...attributes, epsilon } as never, [float([1, 4, 8])], []);
    for (const epsilon of [-1e-5, Number.NaN, Number.POSITIVE_INFINITY, '1e-5']) {
      expect(() => infer(epsilon)).toThrow(InputError);
      expect(() => infer(epsilon)).toThrow('Expected attribute epsilon to be');
    }
    expect(infer(0)).toEqual([float([1, 4, 8])]);
  });
});
