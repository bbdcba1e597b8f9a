import { describe, expect, it } from 'vitest';
import { Builder, Network, Tensor } from '../../src/index.js';

/** Layers of several sizes whose fastest tiles have many more weights than kernels have taps. */
function graph() {
  const b = new Builder({ seed: 3 });
  let x = b.input('volume', [1, 16, 8, 24, 24]);
  for (const outChannels of [64, 64, 128, 128]) {
    x = b.relu(b.conv(x, { outChannels, kernelSize: 3, padding: 1 }));
    if (outChannels === 128) x = b.maxPool(x, { kernelSize: [1, 2, 2], stride: [1, 2, 2] });
  }
  return b.build({ result: x });
}

const x = Tensor.random([1, 16, 8, 24, 24], { seed: 5 });
const taken = ({ constants, run }: { constants: number; run: number }) => constants + run;

async function memoryAt(maxMemory?: number) {
  const network = new Network(graph(), { threads: 1, ...(maxMemory !== undefined && { maxMemory }) });
  return { network, memory: (await network.plan()).memory };
}

describe('a network with maxMemory', () => {
  it('keeps it, and takes what it may', async () => {
    const { network: free, memory: all } = await memoryAt();
    const { result: reference } = await free.run({ volume: x });
    let before = taken(all);
    for (const share of [0.95, 0.8, 0.6]) {
      const most = Math.floor(share * taken(all));
      const { network, memory } = await memoryAt(most);
      expect(taken(memory)).toBeLessThanOrEqual(most);
      expect(taken(memory)).toBeLessThanOrEqual(before);
      before = taken(memory);
      const { result } = await network.run({ volume: x });
      const worst = result!.data.reduce((max, v, i) => Math.max(max, Math.abs(v - reference!.data[i]!)), 0);
      const largest = reference!.data.reduce((max, v) => Math.max(max, v), 0);
      expect(worst).toBeLessThan(1e-5 * largest);
    }
  });

  it('leaves plans as they are where they fit', async () => {
    const { network, memory } = await memoryAt();
    const { network: bounded } = await memoryAt(taken(memory));
    expect((await bounded.plan()).describe()).toBe((await network.plan()).describe());
  });

  it('is refused with the least that would do, which does', async () => {
    const refusal = await memoryAt(1000).catch((error: Error) => error.message);
    const [, least] = /^Expected maxMemory to be at least (\d+) \(.*\) but received 1000$/.exec(
      `${refusal}`,
    )!;
    const { memory, network } = await memoryAt(Number(least));
    expect(taken(memory)).toBe(Number(least));
    expect((await network.plan()).describe()).toContain('direct');
    await expect(memoryAt(Number(least) - 1)).rejects.toThrow(`at least ${least}`);
  });

  it.each([0, -5, 1.5, Number.NaN, '800MB'])('refuses %s', (maxMemory) => {
    expect(() => new Network(graph(), { maxMemory: maxMemory as number })).toThrow(
      /Expected maxMemory to be a positive number of bytes/,
    );
  });
});
