import { describe, expect, it } from 'vitest';
import { Builder, type ConvolutionVariant, type Graph, Tensor, Trainer } from '../../src/index.js';
import { convolutionVariants } from '../../src/training/variants.js';

/** A network with a strided convolution, one of one tap, and a dense layer. */
function small(): Graph {
  const b = new Builder();
  const x = b.input('x', [2, 3, 9, 9]);
  const first = b.relu(b.conv(x, { outChannels: 8, kernelSize: 3, padding: 1 }));
  const second = b.relu(b.conv(first, { outChannels: 12, kernelSize: 3, stride: 2, padding: 1 }));
  const third = b.conv(second, { outChannels: 4, kernelSize: 1 });
  return b.build({ y: b.linear(b.flatten(third), { inFeatures: 100, outFeatures: 3 }) });
}

describe('variants of training steps', () => {
  const inputs = { x: Tensor.random([2, 3, 9, 9]) };
  const target = Tensor.from([0, 2]);
  const losses = async (convolutions: ConvolutionVariant) => {
    const trainer = new Trainer(small(), { loss: 'crossEntropy', convolutions, threads: 1 });
    const found: number[] = [];
    for (let i = 0; i < 4; i++) found.push((await trainer.step(inputs, target)).loss);
    return { found, trainer };
  };

  it('learn the same, up to rounding', async () => {
    const all = await Promise.all(convolutionVariants.map(losses));
    const wanted = all[0]!.found;
    expect(wanted[3]).toBeLessThan(wanted[0]!);
    for (const { found } of all)
      for (const [i, loss] of found.entries()) expect(loss).toBeCloseTo(wanted[i]!, 4);
  });

  it('make columns or not, and say what memory they take', async () => {
    const operators = async (variant: ConvolutionVariant) => {
      const { trainer } = await losses(variant);
      const kernels = new Set(trainer.lastRun!.steps.map(({ operator }) => operator));
      const { memory } = await trainer.plan({ x: [2, 3, 9, 9] });
      return { columns: kernels.has('im2col'), adding: kernels.has('col2im'), bytes: memory.run };
    };
    const base = await operators('base');
    expect(base).toMatchObject({ columns: true, adding: true });
    expect(await operators('cgt')).toMatchObject({ columns: false, adding: true });
    const without = await operators('cgt+dg');
    expect(without).toMatchObject({ columns: false, adding: false });
    expect(base.bytes).toBeGreaterThan(0);
  });

  it('are refused by other names', () => {
    expect(() => new Trainer(small(), { loss: 'crossEntropy', convolutions: 'cgt+pm' as never })).toThrow(
      "Expected convolutions to be 'auto', 'base', 'rdx', 'cgt' or 'cgt+dg' but received \"cgt+pm\"",
    );
  });
});
