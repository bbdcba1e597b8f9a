import { describe, expect, it } from 'vitest';
import { withColdWeights } from '../../src/graph/cold-weights.js';
import { typed } from '../../src/graph/typed.js';
import { Builder, Network } from '../../src/index.js';
import { kernelTable, machineOf } from '../../src/machine/machine.js';

function graph(layers: number, channels: number) {
  const b = new Builder({ seed: 1 });
  let x = b.input('x', [1, channels, 14, 14]);
  for (let i = 0; i < layers; i++)
    x = b.relu(b.conv(x, { outChannels: channels, kernelSize: 3, padding: 1 }));
  return b.build({ y: x });
}

const isa = kernelTable();
const settings = { machine: machineOf(isa.name), isa, threads: 1 };
const coldByte = (layers: number, channels: number) =>
  withColdWeights(typed(graph(layers, channels), {}), settings).machine.perColdByte;

describe('weights', () => {
  it('count as cold where a network has more than stay in the caches', () => {
    const third = settings.machine.caches.l3;
    const many = Math.ceil(third / 4 / (4 * 256 * 256 * 9)) + 1;
    expect(coldByte(Math.max(2, many), 256)).toBeGreaterThan(0);
    expect(coldByte(2, 16)).toBeUndefined();
    expect(coldByte(1, 2048)).toBeUndefined();
  });

  it('are fewer then', async () => {
    const bytesOf = async (layers: number) => {
      const { nodes } = await new Network(graph(layers, 512), { threads: 1 }).plan();
      return nodes[0]!.plan!.weightBytes;
    };
    const alone = await bytesOf(1);
    expect(await bytesOf(8)).toBeLessThanOrEqual(alone);
  });
});
