import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patterns } from '../../src/graph/passes/index.js';
import { Builder, type Graph, Network, Tensor, type Value } from '../../src/index.js';
import { randomNumbers } from '../../synth/random.js';
import { runInDouble } from '../double/graph.js';
import { isas } from '../layers/cases.js';

/** A tensor with its sizes beside channels. */
interface Made {
  readonly value: Value;
  readonly channels: number;
  readonly space: readonly number[];
}

type Pick = (below: number) => number;

/** What a network may do next: undefined where it does not fit. */
type Step = (b: Builder, x: Made, others: readonly Made[], pick: Pick) => Made | undefined;

const like = (x: Made, value: Value): Made => ({ ...x, value });
const sameSpace = (a: Made, b: Made) => a.space.join() === b.space.join();
const halved = (space: readonly number[]) => space.map((size) => Math.floor(size / 2));

const steps: Readonly<Record<string, Step>> = {
  conv(b, x, _, pick) {
    const outChannels = [3, 8, 12, 16, 24, 32][pick(6)]!;
    const kernelSize = [1, 3, 3, 3, 5][pick(5)]!;
    const dilation = kernelSize === 3 && Math.min(...x.space) > 4 ? 1 + pick(2) : 1;
    const padding = (dilation * (kernelSize - 1)) / 2;
    const value = b.conv(x.value, { outChannels, kernelSize, padding, dilation, bias: pick(2) === 0 });
    return { ...x, value, channels: outChannels };
  },
  strided(b, x, _, pick) {
    if (Math.min(...x.space) < 4) return undefined;
    const options = { outChannels: [8, 16, 20][pick(3)]!, kernelSize: 3, padding: 1, stride: 2 };
    return {
      value: b.conv(x.value, options),
      channels: options.outChannels,
      space: x.space.map((size) => Math.ceil(size / 2)),
    };
  },
  depthwise(b, x) {
    const options = { outChannels: x.channels, kernelSize: 3, padding: 1, groups: x.channels };
    return like(x, b.conv(x.value, options));
  },
  transposed(b, x, _, pick) {
    if (Math.max(...x.space) > 8) return undefined;
    const outChannels = 4 + pick(12);
    const value = b.convTranspose(x.value, { outChannels, kernelSize: 2, stride: 2 });
    return { value, channels: outChannels, space: x.space.map((size) => 2 * size) };
  },
  batchNorm: (b, x) => like(x, b.batchNorm(x.value)),
  relu: (b, x) => like(x, b.relu(x.value)),
  leakyRelu: (b, x) => like(x, b.leakyRelu(x.value, { slope: 0.1 })),
  prelu: (b, x) => like(x, b.prelu(x.value)),
  silu: (b, x) => like(x, b.silu(x.value)),
  tanh: (b, x) => like(x, b.tanh(x.value)),
  maxPool(b, x, _, pick) {
    if (Math.min(...x.space) < 4) return undefined;
    if (pick(2) === 0) return like(x, b.maxPool(x.value, { kernelSize: 3, stride: 1, padding: 1 }));
    return { ...x, value: b.maxPool(x.value, { kernelSize: 2 }), space: halved(x.space) };
  },
  averagePool(b, x, _, pick) {
    const options = { kernelSize: 3, stride: 1, padding: 1, countIncludePad: pick(2) === 0 };
    return like(x, b.averagePool(x.value, options));
  },
  add(b, x, others, pick) {
    const fit = others.filter((y) => sameSpace(x, y) && y.channels === x.channels);
    return fit.length === 0 ? undefined : like(x, b.add(x.value, fit[pick(fit.length)]!.value));
  },
  mul(b, x, others, pick) {
    const fit = others.filter((y) => sameSpace(x, y) && y.channels === x.channels);
    if (fit.length === 0) return undefined;
    return like(x, b.mul(x.value, b.sigmoid(fit[pick(fit.length)]!.value)));
  },
  concat(b, x, others, pick) {
    const fit = others.filter((y) => sameSpace(x, y) && y.value !== x.value);
    if (fit.length === 0 || x.channels > 40) return undefined;
    const other = fit[pick(fit.length)]!;
    return { ...x, value: b.concat([x.value, other.value]), channels: x.channels + other.channels };
  },
  squeeze(b, x) {
    const pooled = b.globalAveragePool(x.value);
    const gate = b.sigmoid(b.conv(pooled, { outChannels: x.channels, kernelSize: 1 }));
    return like(x, b.mul(x.value, gate));
  },
};

/** A network of so many steps, each on one of the last tensors, with the results of the last two of them. */
function graphOf(seed: number, rank: 1 | 2 | 3, length: number): Graph {
  const next = randomNumbers(seed);
  const pick: Pick = (below) => Math.floor(next() * below);
  const b = new Builder({ seed });
  const sizes = { 1: [37], 2: [13, 11], 3: [6, 9, 7] }[rank];
  const made: Made[] = [{ value: b.input('x', [1 + pick(2), 5, ...sizes]), channels: 5, space: sizes }];
  const names = Object.keys(steps);
  while (made.length <= length) {
    // Mostly onwards, sometimes from further back, so that there are branches.
    const back = pick(4) === 0 ? pick(Math.min(5, made.length)) : 0;
    const name = pick(3) === 0 ? 'conv' : names[pick(names.length)]!;
    const result = steps[name]!(b, made.at(-1 - back)!, made.slice(-8), pick);
    if (result !== undefined) made.push(result);
  }
  const [y, z] = [made.at(-1)!.value, made.at(-2)!.value];
  return b.build({ y, z: b.scale(z, 0.5) });
}

/**
 * The largest error of all results over the one that is expected (root mean squares): 40 at the most in 1000 networks, of
 * which some normalize a few pixels that hardly differ.
 */
const WORST = 80;

const everyPass = patterns.flat().map(({ name }) => name);
/** Without it there are nodes that only it can bring into kernels. */
const needed = ['transposed convolutions by phases'];
const optional = everyPass.filter((name) => !needed.includes(name));

describe('networks at random', () => {
  it('give what their definitions do, on every kernel table, with fusions and without', async () => {
    const all = fc.record({
      seed: fc.integer({ min: 1, max: 2 ** 30 }),
      rank: fc.constantFrom(1, 2, 2, 3, 3) as fc.Arbitrary<1 | 2 | 3>,
      length: fc.integer({ min: 20, max: 50 }),
      without: fc.constantFrom([], optional, ...optional.map((name) => [name])),
      threads: fc.constantFrom(1, 2, 3),
    });
    await fc.assert(
      fc.asyncProperty(all, async ({ seed, rank, length, without, threads }) => {
        const graph = graphOf(seed, rank, length);
        const x = Tensor.random(graph.inputs[0]!.shape as number[], { seed });
        const exact = runInDouble(graph, { x });
        for (const isa of isas()) {
          const network = new Network(graph, { isa, threads, withoutPasses: without });
          const { expectedError } = await network.plan({ x: x.shape });
          const results = await network.run({ x });
          for (const output of graph.outputs) {
            const { shape, data } = results[output]!;
            const wanted = exact[output]!;
            expect(shape).toEqual(wanted.shape);
            const size = Math.sqrt(
              wanted.data.reduce((sum, value) => sum + value ** 2, 0) / wanted.data.length,
            );
            const worst = wanted.data.reduce(
              (most, value, i) => Math.max(most, Math.abs(value - data[i]!)),
              0,
            );
            expect(worst).toBeLessThanOrEqual(WORST * expectedError! * size);
          }
          network.dispose();
        }
      }),
      { numRuns: 40 },
    );
  });
});
