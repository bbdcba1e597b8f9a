import { describe, expect, it } from 'vitest';
import { backwardData, backwardWeights, transposed } from '../../../synth/forms/gradients.js';
import { synthesize, verify } from '../../../synth/index.js';
import { noiseGain } from '../../../synth/noise/gain.js';
import { numbers, run } from './run.js';

const sizes = [1, 2, 3, 4, 6, 8, 11].flatMap((outputs) =>
  [1, 2, 3, 5, 7].map((taps) => [outputs, taps] as const),
);
describe('gradients', () => {
  it.each(sizes)('of F(%i, %i) are what differentiation gives', (outputs, taps) => {
    const transform = synthesize({ outputs, taps });
    const inputs = outputs + taps - 1;
    const [d, g, dy] = [numbers(inputs, 1), numbers(taps, 2), numbers(outputs, 3)];

    // The forward pass is y[s] = Σ g[t] d[s+t], so ∂(dy·y)/∂d[k] = Σ dy[s] g[k−s] and ∂(dy·y)/∂g[t] = Σ dy[s] d[s+t].
    const toData = d.map((_, k) => dy.reduce((sum, value, s) => sum + value * (g[k - s] ?? 0), 0));
    const toWeights = g.map((_, t) => dy.reduce((sum, value, s) => sum + value * d[s + t]!, 0));
    expect(run(transposed(transform), g, dy)).toEqual(toData);
    expect(run(backwardWeights(transform), dy, d)).toEqual(toWeights);

    // Inside a layer the gradients around the tile are there as well: a correlation with the kernel reversed.
    const around = numbers(inputs, 4);
    const inside = dy.map((_, s) => g.reduce((sum, _tap, t) => sum + g[taps - 1 - t]! * around[s + t]!, 0));
    expect(run(backwardData(transform), g, around)).toEqual(inside);
  });

  it('give F(G, S) with the transformed inputs of the forward pass', () => {
    const forward = synthesize({ outputs: 4, taps: 3 });
    const weights = backwardWeights(forward);
    expect(weights).toMatchObject({ outputs: 3, taps: 4, products: 6 });
    expect(weights.B).toBe(forward.B);
    expect(verify(weights).ok).toBe(true);
  });

  it('keep the sum of squares that makes the noise, spread over other outputs', () => {
    const forward = synthesize({ outputs: 6, taps: 3 });
    const total = (gain: number, outputs: number) => gain ** 2 * outputs;
    expect(total(noiseGain(backwardWeights(forward)), 3)).toBeCloseTo(total(noiseGain(forward), 6), 9);
  });
});
