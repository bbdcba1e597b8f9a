import { describe, expect, it } from 'vitest';
import { trainingAccuracy } from '../../../synth/forms/accuracy.js';
import { backwardWeights } from '../../../synth/forms/gradients.js';
import { synthesize } from '../../../synth/index.js';
import { simulate } from '../simulation.js';

describe('trainingAccuracy', () => {
  it.each([
    [2, 3, 1],
    [4, 3, 1],
    [6, 3, 1],
    [4, 5, 1],
    [4, 3, 2],
  ])('of F(%i, %i) in %i-D is within 30 %% of a simulation', (outputs, taps, dims) => {
    const transform = synthesize({ outputs, taps });
    const [channels, tiles] = [32, 128];
    const expectation = trainingAccuracy(transform, { dims, channels, tiles });
    const measured = (each: typeof transform, count: number) => {
      const layer = { transforms: Array(dims).fill(each), channels: count, sumBlock: 0, tiles: 40, seed: 7 };
      const { winograd, direct } = simulate(layer);
      return winograd / direct;
    };
    expect(measured(transform, channels) / expectation.forward).toBeGreaterThan(1 / 1.3);
    expect(measured(transform, channels) / expectation.forward).toBeLessThan(1.3);
    // A gradient of the weights is a layer of its own, whose channels are the tiles.
    const weights = measured(backwardWeights(transform), tiles) / expectation.backwardWeights;
    expect(weights).toBeGreaterThan(1 / 1.3);
    expect(weights).toBeLessThan(1.3);
  });

  it('is the same for data as forward: only the order of taps differs', () => {
    const { forward, backwardData } = trainingAccuracy(synthesize({ outputs: 6, taps: 3 }), { dims: 3 });
    expect(backwardData).toBeCloseTo(forward, 9);
  });

  it('refuses nonsense', () => {
    expect(() => trainingAccuracy(synthesize({ outputs: 2, taps: 3 }), { tiles: 0 })).toThrow(
      'Expected tiles to be a positive integer but received 0',
    );
  });
});
