import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Builder, Conv2d, Conv3d, Network, Tensor } from '../../src/index.js';
import { native } from '../../src/native/addon.js';

const tables = native()
  .cpuInfo()
  .kernels.map(({ name }) => name);

/** Small integers, of which about so many are not zero. */
function pruned(shape: readonly number[], density: number, seed: number): Tensor {
  const kept = Tensor.random(shape, { seed: seed + 1000, low: 0, high: 1 });
  const values = Tensor.random(shape, { seed, low: -4, high: 4 });
  return new Tensor(
    values.data.map((value, i) => (kept.data[i]! < density ? Math.round(value) || 1 : 0)),
    shape,
  );
}

const plain = (tensor: Tensor) => Array.from(tensor.data, (value) => value + 0);

describe('sparse weights', () => {
  it('give the same results as dense ones', () => {
    const cases = fc.record({
      ...{ inputs: fc.integer({ min: 1, max: 20 }), outputs: fc.integer({ min: 1, max: 20 }) },
      ...{ groups: fc.constantFrom(1, 1, 2), size: fc.integer({ min: 5, max: 24 }) },
      ...{ stride: fc.constantFrom(1, 2), padding: fc.constantFrom(0, 1, 2) },
      ...{ density: fc.constantFrom(0, 0.05, 0.3, 1), threads: fc.constantFrom(1, 2) },
      ...{ residual: fc.boolean(), isa: fc.constantFrom(...tables) },
    });
    fc.assert(
      fc.property(cases, ({ inputs, outputs, groups, size, density, residual, ...rest }) => {
        const options = {
          ...{ inChannels: inputs * groups, outChannels: outputs * groups, groups, kernelSize: 3 },
          ...{ ...rest, activation: 'relu' as const },
        };
        const weight = pruned([outputs * groups, inputs, 3, 3], density, 1);
        const bias = pruned([outputs * groups], 1, 2);
        const x = pruned([2, inputs * groups, size, size], 1, 3);
        const layers = (['sparse', 'direct', 'gemm'] as const).map(
          (algorithm) => new Conv2d({ ...options, algorithm }, { weight, bias }),
        );
        const added = residual ? pruned(layers[0]!.plan(x.shape).outputShape, 1, 4) : undefined;
        const [sparse, direct, gemm] = layers.map((layer) => plain(layer.forwardSync(x, undefined, added)));
        expect(sparse).toEqual(direct);
        expect(gemm).toEqual(direct);
      }),
      { numRuns: 40 },
    );
  });

  it('are the planner’s choice where most are zero, and only there', () => {
    const plan = (density: number) => {
      const weight = pruned([256, 256, 3, 3], density, 1);
      const options = { inChannels: 256, outChannels: 256, kernelSize: 3, padding: 1, threads: 1 };
      return new Conv2d(options, { weight }).plan([1, 256, 14, 14]);
    };
    expect(plan(0.02).algorithm).toBe('sparse');
    expect(plan(0.02).title).toBe('sparse');
    expect(plan(1).algorithm).toBe('winograd');
  });

  it('may be asked for in volumes', () => {
    const weight = pruned([8, 4, 3, 3, 3], 0.1, 1);
    const options = { inChannels: 4, outChannels: 8, kernelSize: 3, padding: 1 };
    const x = pruned([1, 4, 6, 7, 8], 1, 2);
    const [sparse, direct] = (['sparse', 'direct'] as const).map((algorithm) =>
      plain(new Conv3d({ ...options, algorithm }, { weight }).forwardSync(x)),
    );
    expect(sparse).toEqual(direct);
  });

  it('are refused where they are not known', async () => {
    const b = new Builder();
    const [x, w] = [b.input('x', [1, 2, 5, 5]), b.input('w', [2, 2, 3, 3])];
    const y = b.node('Conv', [x, w], { wishes: { algorithm: 'sparse' } });
    const network = new Network(b.build({ y }));
    const inputs = { x: Tensor.zeros([1, 2, 5, 5]), w: Tensor.zeros([2, 2, 3, 3]) };
    await expect(network.run(inputs)).rejects.toThrow(
      "Expected algorithm 'sparse' to have weights that are known (these come when it runs)",
    );
  });
});
