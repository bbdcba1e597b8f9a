import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Conv1d,
  Conv2d,
  Conv3d,
  Convolution,
  InputError,
  type LayerOptions,
  Sequential,
  type SequentialLayer,
  Tensor,
} from '../../src/index.js';
import type { Rank } from '../../src/problem/problem.js';
import { randomNumbers } from '../../synth/random.js';
import { referenceConvolution } from '../reference.js';
import { activations, isas } from './cases.js';

/** One layer of a random network; kernels of 3 with padding 1 keep all spatial sizes, so that any residual fits. */
interface LayerCase {
  readonly algorithm: 'direct' | 'winograd';
  readonly groups: number;
  readonly activation: keyof typeof activations;
  readonly bias: boolean;
  /** Picks among what may be added: nothing, the input, an earlier result. */
  readonly residual: number;
}

interface NetworkCase {
  readonly batch: number;
  readonly sizes: readonly number[];
  readonly channels: number;
  readonly layers: readonly LayerCase[];
  readonly threads: number;
  readonly seed: number;
}

const networks = fc.integer({ min: 1, max: 3 }).chain((rank) =>
  fc.record({
    batch: fc.integer({ min: 1, max: 2 }),
    sizes: fc.array(fc.integer({ min: 1, max: [0, 60, 13, 7][rank]! }), { minLength: rank, maxLength: rank }),
    channels: fc.constantFrom(1, 3, 6, 8, 11, 18),
    layers: fc.array(
      fc.record({
        algorithm: fc.constantFrom('direct', 'winograd', 'winograd'),
        groups: fc.constantFrom(1, 1, 1, 2, 3),
        activation: fc.constantFrom(...(Object.keys(activations) as (keyof typeof activations)[])),
        bias: fc.boolean(),
        residual: fc.nat(),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    threads: fc.integer({ min: 1, max: 2 }),
    seed: fc.integer(),
  }),
) as fc.Arbitrary<NetworkCase>;

/** Tensors 0 (the input) to i may be added to the result of layer i; any other pick adds nothing. */
function residualOf({ residual }: LayerCase, index: number): number | undefined {
  const pick = residual % (2 * (index + 1));
  return pick <= index ? pick : undefined;
}

/**
 * Sparse weights of −1, 0 and 1, times a power of two so that F(2, 3)'s halves stay integers. Activations clip what
 * grows, and the rest stays far below 2²⁴: no operation rounds.
 */
function weightsOf(c: NetworkCase, layer: LayerCase, groups: number, seed: number) {
  const next = randomNumbers(seed);
  const rank = c.sizes.length;
  const shape = [c.channels, c.channels / groups, ...c.sizes.map(() => 3)];
  const weight = Tensor.zeros(shape);
  const density = 3 / (shape[1]! * 3 ** rank);
  for (let i = 0; i < weight.size; i++)
    if (next() < density) weight.data[i] = (next() < 0.5 ? -1 : 1) * 2 ** rank;
  const bias = layer.bias ? Float32Array.from({ length: c.channels }, () => Math.round(4 * next())) : null;
  return { weight, bias };
}

function layersOf(c: NetworkCase, isa: string) {
  return c.layers.map((layer, i) => {
    const groups = c.channels % layer.groups === 0 ? layer.groups : 1;
    const weights = weightsOf(c, layer, groups, c.seed + i);
    const winograd = layer.algorithm === 'winograd' && groups === 1;
    const options: LayerOptions = {
      ...{ inChannels: c.channels, outChannels: c.channels, kernelSize: 3, padding: 1, groups, isa },
      ...{ threads: c.threads, activation: activations[layer.activation].option },
      ...(winograd ? { transforms: '0, ±1, inf' } : { algorithm: 'direct' }),
    };
    return { conv: new Convolution(c.sizes.length as Rank, options, weights), groups, ...weights };
  });
}

function networkOf(c: NetworkCase, layers: readonly { readonly conv: Convolution }[]): Sequential {
  return new Sequential(
    layers.map(({ conv }, i): SequentialLayer => {
      const residual = residualOf(c.layers[i]!, i);
      if (residual === undefined) return conv;
      return { layer: conv, residual: residual === 0 ? 'input' : residual - 1 };
    }),
  );
}

function inputOf(c: NetworkCase): Tensor {
  const x = Tensor.random([c.batch, c.channels, ...c.sizes], { seed: c.seed, low: -1.49, high: 1.49 });
  x.data.forEach((value, i) => {
    x.data[i] = Math.round(value);
  });
  return x;
}

/** All results in double precision, by the definition. */
function referenceOf(c: NetworkCase, layers: ReturnType<typeof layersOf>): Float64Array {
  const shape = [c.batch, c.channels, ...c.sizes];
  const tensors = [Float64Array.from(inputOf(c).data)];
  layers.forEach(({ weight, bias, groups }, i) => {
    const { data } = referenceConvolution(
      { inputShape: shape, weightShape: weight.shape, padding: c.sizes.map(() => [1, 1] as const), groups },
      tensors[i]!,
      weight.data,
      bias ?? undefined,
    );
    const added = tensors[residualOf(c.layers[i]!, i) ?? -1];
    const { apply } = activations[c.layers[i]!.activation];
    tensors.push(data.map((value, at) => apply(value + (added?.[at] ?? 0))));
  });
  return tensors.at(-1)!;
}

async function oneByOne(c: NetworkCase, layers: ReturnType<typeof layersOf>): Promise<Tensor> {
  const tensors = [inputOf(c)];
  for (const [i, { conv }] of layers.entries())
    tensors.push(await conv.forward(tensors[i]!, undefined, tensors[residualOf(c.layers[i]!, i) ?? -1]));
  return tensors.at(-1)!;
}

function firstDifference(actual: ArrayLike<number>, wanted: ArrayLike<number>): string | undefined {
  for (let i = 0; i < wanted.length; i++)
    if (actual[i] !== wanted[i]) return `element ${i} is ${actual[i]} but should be ${wanted[i]}`;
  return undefined;
}

describe(`a network of random layers on ${isas().join(', ')}`, () => {
  it('gives the bits of the reference, and of its layers one by one, whatever the layouts', async () => {
    let blocked = 0;
    await fc.assert(
      fc.asyncProperty(networks, async (c) => {
        for (const isa of isas()) {
          const layers = layersOf(c, isa);
          const network = networkOf(c, layers);
          const x = inputOf(c);
          const y = await network.forward(x);
          const { plan } = network.plan(x.shape).layers[0]!;
          expect(plan.isa).toBe(isa);
          blocked += network.plan(x.shape).layers.filter(({ output }) => output === 'blocked').length;
          expect(firstDifference(y.data, (await oneByOne(c, layers)).data), `${isa}, layers`).toBeUndefined();
          expect(firstDifference(y.data, referenceOf(c, layers)), `${isa}, reference`).toBeUndefined();
          expect(firstDifference(network.forwardSync(x).data, y.data), `${isa}, sync`).toBeUndefined();
        }
      }),
      { numRuns: Number(process.env.WINOGRAD_TEST_RUNS ?? 40) },
    );
    expect(blocked).toBeGreaterThan(0);
  });
});

function conv2d(inChannels: number, outChannels: number, change: Partial<LayerOptions> = {}): Conv2d {
  const options = { inChannels, outChannels, kernelSize: 3, padding: 1, threads: 1, ...change };
  const kernel = typeof options.kernelSize === 'number' ? options.kernelSize : 3;
  const shape = [outChannels, inChannels / (options.groups ?? 1), kernel, kernel];
  return new Conv2d(options, { weight: Tensor.random(shape, { seed: inChannels, low: -0.1, high: 0.1 }) });
}

function conv3d(inChannels: number, outChannels: number): Conv3d {
  const options = { inChannels, outChannels, kernelSize: 3, padding: 1, threads: 1 };
  return new Conv3d(options, { weight: Tensor.random([outChannels, inChannels, 3, 3, 3]) });
}

function layoutsOf(network: Sequential, shape: readonly number[]): string[] {
  const { layers } = network.plan(shape);
  return [layers[0]!.input, ...layers.map(({ output }) => output)];
}

describe('layouts', () => {
  it('are planar at the ends and blocked between', () => {
    const network = new Sequential([conv2d(16, 32), conv2d(32, 32), conv2d(32, 8)]);
    expect(layoutsOf(network, [1, 16, 20, 20])).toEqual(['planar', 'blocked', 'blocked', 'planar']);
  });

  it('are planar beside layers that take no other, and what is added need not lie as its result', () => {
    const grouped = new Sequential([
      conv2d(16, 36),
      conv2d(36, 36, { groups: 36 }),
      conv2d(36, 36),
      conv2d(36, 36, { groups: 12 }), // threes, which make no whole vectors, are put beside each other as they are read
      conv2d(36, 8),
    ]);
    const planarTwice = ['planar', 'blocked', 'blocked', 'planar', 'blocked', 'planar'];
    expect(layoutsOf(grouped, [1, 16, 20, 20])).toEqual(planarTwice);

    const added = new Sequential([
      conv2d(16, 16),
      conv2d(16, 16),
      { layer: conv2d(16, 16), residual: 0 },
      conv2d(16, 16),
      { layer: conv2d(16, 16), residual: 'input' },
      conv2d(16, 16),
      { layer: conv2d(16, 16), residual: 4 },
    ]);
    expect(layoutsOf(added, [1, 16, 20, 20])).toEqual([
      ...['planar', 'blocked', 'blocked', 'blocked', 'blocked', 'blocked', 'blocked', 'planar'],
    ]);
  });

  it('are blocked through vectors of positions', () => {
    const positions = conv2d(18, 18, { groups: 3, lanes: 'positions', tile: 4 });
    const network = new Sequential([conv2d(18, 18), { layer: positions, residual: 0 }, conv2d(18, 18)]);
    expect(layoutsOf(network, [1, 18, 20, 20])).toEqual(['planar', 'blocked', 'blocked', 'planar']);
  });

  it('are planar before a layer that sums taps like channels', () => {
    const [few, first] = [conv3d(3, 3), conv3d(3, 64)];
    const x = Tensor.random([1, 3, 8, 56, 56]);
    expect(first.plan(x.shape).transforms).toContain('3 taps as channels');
    const network = new Sequential([few, first]);
    expect(layoutsOf(network, x.shape)).toEqual(['planar', 'planar', 'planar']);
    expect(network.forwardSync(x).data).toEqual(first.forwardSync(few.forwardSync(x)).data);
  });

  it('are planar between layers whose vectors differ in length', () => {
    const [first, second = first] = isas();
    const network = new Sequential([conv2d(16, 16, { isa: first! }), conv2d(16, 16, { isa: second! })]);
    expect(layoutsOf(network, [1, 16, 9, 9])[1]).toBe(first === second ? 'blocked' : 'planar');
  });
});

describe('a network', () => {
  it('gives the bits of its layers one by one on reals, with biases, residuals and any algorithm', () => {
    for (const isa of isas()) {
      const layer = (change: Partial<LayerOptions>, seed: number) => {
        const options = {
          ...{ inChannels: 24, outChannels: 24, kernelSize: 3, padding: 1, threads: 1, isa },
          ...change,
        };
        const weight = Tensor.random([24, 24 / (options.groups ?? 1), 3, 3], { seed });
        return new Conv2d(options, { weight, bias: Tensor.random([24], { seed: seed + 1 }) });
      };
      const direct = { algorithm: 'direct' } as const;
      const layers = [
        layer(direct, 1),
        layer({ ...direct, activation: 'relu' }, 3),
        layer(direct, 5),
        layer({ ...direct, groups: 24 }, 7),
        layer({ tile: 4 }, 9),
        layer(direct, 11),
      ] as const;
      const network = new Sequential([
        layers[0],
        { layer: layers[1], residual: 'input' },
        { layer: layers[2], residual: 0 },
        { layer: layers[3], residual: 2 },
        { layer: layers[4], residual: 3 },
        { layer: layers[5], residual: 1 },
      ]);
      const results = [Tensor.random([2, 24, 11, 13])];
      for (const [i, added] of [undefined, 0, 1, 3, 4, 2].entries())
        results.push(
          layers[i]!.forwardSync(results[i]!, undefined, added === undefined ? undefined : results[added]),
        );
      expect(network.forwardSync(results[0]!).data).toEqual(results.at(-1)!.data);
    }
  });

  it('gives these bits where layers have kernel tables and threads of their own', () => {
    const [first, second = first] = isas();
    const layers = [
      conv2d(16, 16, { isa: first! }),
      conv2d(16, 16, { isa: second!, threads: 2 }),
      conv2d(16, 16, { isa: first! }),
    ] as const;
    const network = new Sequential([layers[0], { layer: layers[1], residual: 0 }, layers[2]]);
    const x = Tensor.random([1, 16, 20, 20]);
    const before = layers[0].forwardSync(x);
    const wanted = layers[2].forwardSync(layers[1].forwardSync(before, undefined, before));
    expect(network.forwardSync(x).data).toEqual(wanted.data);
    expect(network.plan(x.shape).layers.map(({ plan }) => plan.isa)).toEqual([first, second, first]);
  });

  it('packs the weights of a layer once, however often it occurs', () => {
    const layer = conv2d(16, 16);
    const shape = [1, 16, 20, 20];
    const { weightBytes } = layer.plan(shape);
    expect(new Sequential([layer, layer]).plan(shape).weightBytes).toBe(weightBytes);
  });

  it('changes size and channels as its layers do, with and without a batch axis', async () => {
    const network = new Sequential([
      conv2d(3, 16, { stride: 2 }),
      // A tile of its own: the planner may choose another for another batch, and round differently.
      conv2d(16, 24, { padding: 0, tile: 4 }),
      conv2d(24, 5, { kernelSize: 1, padding: 0 }),
    ]);
    const x = Tensor.random([2, 3, 31, 17]);
    const y = await network.forward(x);
    expect(y.shape).toEqual([2, 5, 14, 7]);
    const half = new Tensor(x.data.subarray(0, x.size / 2), [3, 31, 17]);
    const one = await network.forward(half);
    expect(one.shape).toEqual([5, 14, 7]);
    expect(one.data).toEqual(y.data.slice(0, y.size / 2));
    const out = Tensor.zeros(y.shape);
    expect(await network.forward(x, out)).toBe(out);
    expect(out.data).toEqual(y.data);
  });

  it('runs many passes at once, each on buffers of its own', async () => {
    const first = conv2d(8, 16);
    const network = new Sequential([
      first,
      conv2d(16, 16),
      { layer: conv2d(16, 16), residual: 0 },
      conv2d(16, 4),
    ]);
    const inputs = Array.from({ length: 24 }, (_, i) => Tensor.random([1, 8, 12 + (i % 3), 15], { seed: i }));
    const wanted = inputs.map((x) => network.forwardSync(x).data);
    const results = await Promise.all(inputs.map((x) => network.forward(x)));
    for (const [i, y] of results.entries()) expect(y.data).toEqual(wanted[i]);
  });

  it('shares a buffer between results that are not needed together', () => {
    const deep = new Sequential(Array.from({ length: 8 }, () => conv2d(16, 16)));
    const bytes = 4 * 16 * 20 * 20;
    expect(deep.plan([1, 16, 20, 20]).activationBytes).toBe(2 * bytes);
    const kept = new Sequential([
      ...Array.from({ length: 7 }, () => conv2d(16, 16)),
      { layer: conv2d(16, 16), residual: 0 },
    ]);
    expect(kept.plan([1, 16, 20, 20]).activationBytes).toBe(3 * bytes);
  });

  it('describes itself, and tells how the last pass went', async () => {
    const network = new Sequential([conv2d(16, 16), { layer: conv2d(16, 16), residual: 'input' }]);
    const x = Tensor.random([1, 16, 20, 20]);
    const plan = network.plan(x.shape);
    const text = plan.describe();
    expect(text).toContain('2 layers');
    expect(text).toContain('1 × 16 × 20 × 20 → 1 × 16 × 20 × 20');
    expect(text).toMatch(/^layer 0 {4}.*planar → blocked$/m);
    expect(text).toMatch(/^layer 1 {4}.*blocked → planar, adds the input$/m);
    expect(network.lastRun).toBeUndefined();
    await network.forward(x);
    const { milliseconds, effectiveGflops, layers } = network.lastRun!;
    expect(layers).toHaveLength(2);
    expect(milliseconds).toBeCloseTo(layers[0]!.milliseconds + layers[1]!.milliseconds, 9);
    expect(effectiveGflops).toBeCloseTo(plan.directFlops / milliseconds / 1e6, 9);
    expect(network.plan([16, 20, 20])).toBe(plan);
    expect(JSON.parse(JSON.stringify(plan))).toMatchObject({
      layers: [{ input: 'planar' }, { residual: 0 }],
    });
  });

  it.each([
    [() => [], 'Expected layers to be a non-empty array of layers but received []'],
    [
      () => [conv2d(4, 4), 7],
      'Expected layer 1 to be a convolution layer or { layer, residual } but received 7',
    ],
    [
      () => Array(2),
      'Expected layer 0 to be a convolution layer or { layer, residual } but received undefined',
    ],
    [
      () => [conv2d(4, 6), conv2d(4, 4)],
      'Expected inChannels of layer 1 to be 6, the outChannels of layer 0 but received 4',
    ],
    [
      () => [conv2d(4, 6), { layer: conv2d(6, 6), residual: 1 }],
      "Expected the residual of layer 1 to be the index of an earlier layer or 'input' but received 1",
    ],
    [
      () => [
        conv2d(4, 4),
        new Conv1d({ inChannels: 4, outChannels: 4, kernelSize: 1 }, { weight: new Float32Array(16) }),
      ],
      'Expected layer 1 to be of rank 2, as layer 0 but received 1',
    ],
  ] as [() => SequentialLayer[], string][])('refuses bad layers %#', (layers, message) => {
    expect(() => new Sequential(layers())).toThrow(InputError);
    expect(() => new Sequential(layers())).toThrow(message);
  });

  it('refuses a residual of another shape, and bad inputs', async () => {
    const network = new Sequential([conv2d(4, 4), { layer: conv2d(4, 4, { padding: 0 }), residual: 0 }]);
    expect(() => network.plan([1, 4, 9, 9])).toThrow(
      'Expected the residual of layer 1, the result of layer 0, to be of shape [1, 4, 7, 7] but received [1, 4, 9, 9]',
    );
    const plain = new Sequential([conv2d(4, 4), conv2d(4, 4)]);
    await expect(plain.forward(Tensor.zeros([1, 5, 9, 9]))).rejects.toThrow('of 4 channels');
    await expect(plain.forward(new Float32Array(4) as never)).rejects.toThrow('to be a Tensor');
  });
});

describe('a layer with a residual', () => {
  it('adds it before the activation, and checks it', async () => {
    const layer = conv2d(4, 4, { activation: { leakyRelu: 0.5 } });
    const plain = conv2d(4, 4);
    const leaky = activations.leaky.apply;
    const x = Tensor.random([1, 4, 9, 9]);
    const added = Tensor.random([1, 4, 9, 9], { seed: 7 });
    const sum = plain.forwardSync(x).data.map((value, i) => leaky(Math.fround(value + added.data[i]!)));
    expect((await layer.forward(x, undefined, added)).data).toEqual(sum);
    expect(layer.forwardSync(x, undefined, new Tensor(added.data.slice(), added.shape)).data).toEqual(sum);
    expect(() => layer.forwardSync(x, undefined, Tensor.zeros([4, 9, 9]))).toThrow(
      'Expected residual to be a Tensor of shape [1, 4, 9, 9] but received [4, 9, 9]',
    );
    expect(() => layer.forwardSync(x, added, added)).toThrow('Expected out to be apart from the input');
  });
});
