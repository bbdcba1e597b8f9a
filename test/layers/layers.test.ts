import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  type Activation,
  Conv1d,
  Conv2d,
  Conv3d,
  InputError,
  type LayerOptions,
  synthesize,
  Tensor,
  VerificationError,
} from '../../src/index.js';
import { native } from '../../src/native/addon.js';
import { referenceConvolution } from '../reference.js';
import { isas } from './cases.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const options = { inChannels: 3, outChannels: 5, kernelSize: 3, padding: 1 } as const;
const weight = Tensor.random([5, 3, 3, 3], { seed: 2 });
const bias = Float32Array.of(1, 2, 3, 4, 5);

/** Moves the memory of an array away, as posting it to a worker would. */
function detach({ buffer }: Float32Array): void {
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
}

function layer(change: Partial<LayerOptions> = {}): Conv2d {
  return new Conv2d({ ...options, ...change }, { weight, bias });
}

describe('a layer', () => {
  it('runs on batches and on single inputs', async () => {
    const conv = layer();
    const batch = Tensor.random([2, 3, 7, 9]);
    const all = await conv.forward(batch);
    expect(all.shape).toEqual([2, 5, 7, 9]);
    const second = new Tensor(batch.data.subarray(3 * 7 * 9), [3, 7, 9]);
    const one = await conv.forward(second);
    expect(one.shape).toEqual([5, 7, 9]);
    expect(conv.forwardSync(second).shape).toEqual([5, 7, 9]);
    const { data } = referenceConvolution(
      {
        inputShape: [2, 3, 7, 9],
        weightShape: weight.shape,
        padding: [
          [1, 1],
          [1, 1],
        ],
      },
      batch.data,
      weight.data,
      bias,
    );
    for (const [i, value] of one.data.entries()) expect(value).toBeCloseTo(data[5 * 7 * 9 + i]!, 4);
  });

  it('takes plans and prepared weights from its cache', () => {
    const conv = layer({ tile: 4, lanes: 'channels' });
    const plan = conv.plan([1, 3, 12, 12]);
    expect(conv.plan([3, 12, 12])).toBe(plan);
    const other = conv.plan([1, 3, 20, 12]);
    expect(other).not.toBe(plan);
    expect(other.weightBytes).toBe(plan.weightBytes);
    for (let size = 1; size < 40; size++) conv.plan([1, 3, size, 12]);
    expect(conv.plan([1, 3, 12, 12])).toEqual(plan);
  });

  it('keeps its own copy of weights and bias', async () => {
    const [w, b] = [weight.clone(), bias.slice()];
    const conv = new Conv2d(options, { weight: w, bias: b });
    const x = Tensor.random([1, 3, 6, 6]);
    const before = await conv.forward(x);
    w.data.fill(0);
    b.fill(0);
    expect((await conv.forward(x)).data).toEqual(before.data);
    expect((await conv.forward(x.reshape([1, 3, 9, 4]))).data.some((value) => value !== 0)).toBe(true);
  });

  it('gives the same bits whenever it runs the same plan', async () => {
    const conv = layer({ threads: 2 });
    const x = Tensor.random([2, 3, 33, 31]);
    const first = await conv.forward(x);
    for (let i = 0; i < 5; i++) expect((await conv.forward(x)).data).toEqual(first.data);
  });

  it('tells how the last pass went', async () => {
    const conv = layer();
    expect(conv.lastRun).toBeUndefined();
    await conv.forward(Tensor.random([1, 3, 32, 32]));
    const { milliseconds, effectiveGflops, stages } = conv.lastRun!;
    expect(milliseconds).toBeGreaterThan(0);
    expect(Object.keys(stages)).toEqual(['input', 'product', 'output']);
    expect(effectiveGflops).toBeCloseTo(conv.plan([1, 3, 32, 32]).directFlops / milliseconds / 1e6, 9);
  });

  it('takes an engine memory in place and copies any other at the call', async () => {
    const conv = layer();
    const x = Tensor.random([1, 3, 40, 40]);
    const wanted = conv.forwardSync(x);
    const loose = new Tensor(x.data.slice(), x.shape);
    const pass = conv.forward(loose);
    loose.data.fill(Number.NaN);
    expect((await pass).data).toEqual(wanted.data);

    const shared = new Tensor(new Float32Array(new SharedArrayBuffer(x.data.byteLength)), x.shape);
    shared.data.set(x.data);
    expect((await conv.forward(shared)).data).toEqual(wanted.data);
    expect(conv.forwardSync(shared).data).toEqual(wanted.data);
  });

  it('puts the result where it is told', async () => {
    const conv = layer();
    const x = Tensor.random([1, 3, 8, 8]);
    const wanted = conv.forwardSync(x);
    const out = Tensor.zeros([1, 5, 8, 8]);
    expect(await conv.forward(x, out)).toBe(out);
    expect(out.data).toEqual(wanted.data);
    out.data.fill(0);
    expect(conv.forwardSync(x, out).data).toEqual(wanted.data);

    for (const [bad, message] of [
      [Tensor.zeros([5, 8, 8]), 'Expected out to be a Tensor of shape [1, 5, 8, 8] but received [5, 8, 8]'],
      [out.data, 'Expected out to be a Tensor of shape [1, 5, 8, 8] but received an object'],
      [
        new Tensor(new Float32Array(320), [1, 5, 8, 8]),
        "Expected out to be in memory of the library's own (Tensor.zeros(shape), a clone() or an earlier result)",
      ],
    ] as const)
      await expect(conv.forward(x, bad as Tensor)).rejects.toThrow(message);
    const both = Tensor.zeros([400]);
    const input = new Tensor(both.data.subarray(0, 192), x.shape);
    const overlapping = new Tensor(both.data.subarray(80), [1, 5, 8, 8]);
    expect(() => conv.forwardSync(input, overlapping)).toThrow('Expected out to be apart from the input');
  });

  it('runs in 1-, 2- and 3-D with weights of the matching rank', async () => {
    for (const [Conv, rank] of [
      [Conv1d, 1],
      [Conv2d, 2],
      [Conv3d, 3],
    ] as const) {
      const space = Array<number>(rank).fill(6);
      const conv = new Conv(options, { weight: Tensor.random([5, 3, ...space.map(() => 3)]) });
      expect((await conv.forward(Tensor.random([1, 3, ...space]))).shape).toEqual([1, 5, ...space]);
    }
  });
});

describe('an activation', () => {
  const x = [-Infinity, -1, -0.5, 0, 1, 7, Infinity, Number.NaN, -3e38];
  it.each([
    ['relu', [0, 0, 0, 0, 1, 7, Infinity, Number.NaN, 0]],
    ['relu6', [0, 0, 0, 0, 1, 6, 6, Number.NaN, 0]],
    [{ leakyRelu: 0 }, [0, 0, 0, 0, 1, 7, Infinity, Number.NaN, 0]],
    [{ leakyRelu: 0.5 }, [-Infinity, -0.5, -0.25, 0, 1, 7, Infinity, Number.NaN, Math.fround(-1.5e38)]],
  ] as [Activation, number[]][])(
    '%j does as in PyTorch to what is infinite or no number',
    (activation, wanted) => {
      for (const isa of isas())
        for (const outChannels of [1, 20]) {
          const conv = new Conv1d(
            { inChannels: 1, outChannels, kernelSize: 1, activation, isa },
            { weight: new Float32Array(outChannels).fill(1) },
          );
          const y = conv.forwardSync(new Tensor(Float32Array.from(x), [1, 1, x.length]));
          for (let k = 0; k < outChannels; k++)
            expect([...y.data.subarray(k * x.length, (k + 1) * x.length)]).toEqual(wanted);
        }
    },
  );
});

describe('a layer with tiles of the caller’s own', () => {
  it('takes outputs per tile, moduli and transforms, for all axes or each', () => {
    const names = (change: Partial<LayerOptions>) => layer(change).plan([1, 3, 12, 12]).transforms;
    expect(names({ tile: 4 })).toEqual(['F(4, 3)', 'F(4, 3)']);
    expect(names({ tile: [2, 6] })).toEqual(['F(2, 3)', 'F(6, 3)']);
    expect(names({ transforms: '0, ±1, inf' })).toEqual(['F(2, 3)', 'F(2, 3)']);
    const own = synthesize({ outputs: 4, taps: 3, moduli: '0, ±1, ±1/3, inf' });
    expect(names({ transforms: [own, '0, ±1, ±2, ±1/2, inf'] })).toEqual(['F(4, 3)', 'F(6, 3)']);
    const flat = new Conv2d(
      { ...options, kernelSize: [1, 3], padding: [0, 1], tile: 4 },
      { weight: weight.data.subarray(0, 45) },
    );
    expect(flat.plan([1, 3, 12, 12]).transforms).toEqual(['F(1, 1)', 'F(4, 3)']);
  });

  it('refuses a transform that is wrong, wherever', () => {
    const own = synthesize({ outputs: 2, taps: 3 });
    const wrong = {
      ...own,
      A: own.A.map((row, i) => (i === 1 ? row.map((x, t) => (t === 0 ? x.add(1) : x)) : row)),
    };
    expect(() => layer({ transforms: wrong })).toThrow(VerificationError);
  });

  it.each([
    [{ tile: 0 }, 'Expected tile to be a positive integer or an array of 2 but received 0'],
    [{ tile: [4] }, 'Expected tile to be a positive integer or an array of 2 but received [4]'],
    [{ tile: 63 }, 'Expected the tile along height to be at most 22 for 3 taps but received 63'],
    [{ tile: 4, transforms: '0, ±1, inf' }, 'Expected tile to be left out when transforms are given'],
    [{ transforms: '0, ±1, 1' }, 'Expected moduli to be pairwise coprime but 1 is given twice'],
    [{ transforms: '0, inf' }, 'Expected moduli to be of degrees that add up to 3 or more for 3 taps'],
    [
      { transforms: ['0, ±1, inf'] },
      'Expected transforms to be a transform or moduli, or an array of 2 such',
    ],
    [
      { transforms: 4 },
      'Expected transforms to be a transform or moduli, or an array of 2 such but received 4',
    ],
    [
      { transforms: synthesize({ outputs: 2, taps: 5 }) },
      'Expected the transform along height to be one for 3 taps but received "F(2, 5)"',
    ],
    [{ tile: 4, algorithm: 'direct' }, "Expected algorithm to be 'auto' or 'winograd' with tiles given"],
  ])('refuses $0', (change, message) => {
    expect(() => layer(change as Partial<LayerOptions>)).toThrow(InputError);
    expect(() => layer(change as Partial<LayerOptions>)).toThrow(message);
  });
});

describe('bad input', () => {
  it.each([
    [
      { algorithm: 'fft' },
      "Expected algorithm to be 'auto', 'winograd', 'direct', 'gemm' or 'sparse' but received \"fft\"",
    ],
    [{ errorLimit: 0 }, 'Expected errorLimit to be a positive number but received 0'],
    [{ errorLimit: Number.NaN }, 'Expected errorLimit to be a positive number but received NaN'],
    [{ isa: 'neon9' }, `Expected isa to be one of ${isas().join(', ')} but received "neon9"`],
    [
      { kernelSize: Number.NaN },
      'Expected kernelSize to be a positive integer or an array of 2 but received NaN',
    ],
    [{ kernelSize: [3, 5] }, 'Expected the shape of weight to be [5, 3, 3, 5] but received [5, 3, 3, 3]'],
    [{ outChannels: 4 }, 'Expected the shape of weight to be [4, 3, 3, 3]'],
    [{ tile: Array(2) }, 'Expected tile to be a positive integer or an array of 2 but received [undefined'],
    [{ transforms: Array(2) }, 'Expected transforms to be a transform or moduli, or an array of 2 such'],
  ])('is refused in options %j', (change, message) => {
    expect(() => layer(change as unknown as Partial<LayerOptions>)).toThrow(InputError);
    expect(() => layer(change as unknown as Partial<LayerOptions>)).toThrow(message);
  });

  it('is refused in weights', () => {
    const make = (weights: unknown) => () => new Conv2d(options, weights as never);
    expect(make(undefined)).toThrow('Expected weights to be { weight, bias? } but received undefined');
    expect(make({})).toThrow('Expected weight to be a Float32Array but received undefined');
    expect(make({ weight: new Float32Array(134) })).toThrow('Expected weight to be 135 elements long');
    expect(make({ weight, bias: 0 })).toThrow('Expected bias to be a Float32Array but received 0');
    expect(make({ weight, bias: new Float32Array(4) })).toThrow('Expected bias to be 5 elements long');
    expect(make({ weight, bias: Tensor.zeros([5, 1]) })).toThrow(
      'Expected the shape of bias to be [5] but received [5, 1]',
    );
    const gone = weight.data.slice();
    detach(gone);
    expect(make({ weight: gone })).toThrow('its buffer is detached');
  });

  it('is refused in inputs, as a rejection by forward', async () => {
    const conv = layer();
    const gone = new Tensor(new Float32Array(3 * 36), [1, 3, 6, 6]);
    detach(gone.data);
    for (const [x, message] of [
      [new Float32Array(9), 'Expected the input to be a Tensor but received an object of type Float32Array'],
      [
        Tensor.zeros([1, 4, 6, 6]),
        'Expected the input to be of 3 channels (axis 1) but received [1, 4, 6, 6]',
      ],
      [
        Tensor.zeros([6, 6]),
        'Expected the input to be of rank 4 (batched) or 3 (unbatched) but received [6, 6]',
      ],
      [Tensor.zeros([0, 3, 6, 6]), 'Expected the input to be without empty axes but received [0, 3, 6, 6]'],
      [
        { data: new Float32Array(108), shape: [1, 3, 6, 6] },
        'Expected the input to be a Tensor, which Tensor.fromMessage makes of it, but received an object',
      ],
      [gone, "Expected the input's data to be 108 elements long but its buffer is detached"],
    ] as const) {
      await expect(conv.forward(x as Tensor)).rejects.toThrow(InputError);
      await expect(conv.forward(x as Tensor)).rejects.toThrow(message);
      expect(() => conv.forwardSync(x as Tensor)).toThrow(message);
    }
  });

  it("is refused by 'winograd' for what it cannot do", () => {
    const change = { dilation: [1, 2], stride: 2 } as const;
    expect(() => layer({ ...change, algorithm: 'winograd' }).plan([1, 3, 9, 9])).toThrow(
      "Expected algorithm 'winograd' to have stride 1 (it is 2 × 2); 'direct' and 'auto' run any",
    );
    expect(layer(change).plan([1, 3, 9, 9]).algorithm).not.toBe('winograd');
    expect(() => layer({ stride: 2, tile: 9, lanes: 'channels' }).plan([1, 3, 9, 9])).toThrow(
      "Expected algorithm 'winograd' to have tiles that the library has at stride 2 × 2; 'direct' and 'auto' run any",
    );
  });

  it('is refused where sizes exceed all memory', () => {
    const conv = layer({ padding: 2 ** 14 });
    expect(() => conv.plan([1, 3, 9, 9])).toThrow(
      'Expected the output to be at most 1073741824 elements (4 GiB)',
    );
    expect(() => layer({ padding: 2 ** 30 }).plan([1, 3, 9, 9])).toThrow(InputError);
  });
});

describe('under stress', () => {
  it('many passes at once, on several shapes, do not disturb each other', async () => {
    const conv = layer({ threads: 2 });
    const inputs = Array.from({ length: 64 }, (_, i) =>
      Tensor.random([1 + (i % 2), 3, 5 + (i % 7), 20 + i], { seed: i }),
    );
    const wanted = inputs.map((x) => conv.forwardSync(x).data);
    const results = await Promise.all(inputs.map((x) => conv.forward(x)));
    for (const [i, y] of results.entries()) expect(y.data).toEqual(wanted[i]);
  });

  it('an input that is transferred away during a pass is still read', async () => {
    const conv = layer();
    for (let round = 0; round < 10; round++) {
      const x = Tensor.random([1, 3, 100, 100], { seed: round });
      const wanted = conv.forwardSync(x).data;
      const loose = new Tensor(x.data.slice(), x.shape);
      const passes = [conv.forward(x), conv.forward(loose)];
      for (const { data } of [x, loose])
        try {
          detach(data);
        } catch (error) {
          expect((error as Error).name).toBe('DataCloneError'); // memory of the engine may refuse to move
        }
      collectGarbage();
      for (const y of await Promise.all(passes)) expect(y.data).toEqual(wanted);
    }
  });

  it('survives the collection of layers, plans, inputs and results during passes', async () => {
    const wanted = layer().forwardSync(Tensor.random([1, 3, 64, 64], { seed: 9 })).data;
    const passes = [];
    for (let i = 0; i < 20; i++) {
      passes.push(layer({ threads: 1 + (i % 2) }).forward(Tensor.random([1, 3, 64, 64], { seed: 9 })));
      collectGarbage();
    }
    for (const pass of passes) {
      const y = await pass;
      collectGarbage();
      expect(y.data.length).toBe(wanted.length);
    }
  });

  it('gives memory back', async () => {
    const conv = layer();
    const x = Tensor.random([1, 3, 256, 256]);
    const pass = async (count: number) => {
      for (let i = 0; i < count; i++) await conv.forward(x);
      collectGarbage();
      await new Promise(setImmediate); // finalizers run after the collection
      return process.memoryUsage.rss();
    };
    const before = await pass(20);
    const after = await pass(200);
    const result = 4 * 5 * 256 * 256;
    expect(after - before).toBeLessThan(40 * result); // 200 results were made
  });

  it('keeps the event loop free', async () => {
    const conv = new Conv3d(
      { inChannels: 32, outChannels: 32, kernelSize: 3, padding: 1, threads: 1 },
      { weight: Tensor.random([32, 32, 3, 3, 3]) },
    );
    const x = Tensor.random([1, 32, 32, 64, 64]);
    await conv.forward(x);
    let turns = 0;
    let running = true;
    const spin = () => {
      turns++;
      if (running) setImmediate(spin);
    };
    setImmediate(spin);
    await conv.forward(x);
    running = false;
    expect(turns).toBeGreaterThan(10);
  });
});

it('the engine’s memory survives misuse', () => {
  expect(native().owns(new Float32Array(0))).toBe(false);
  expect(() => native().alloc(-1)).toThrow();
  expect(() => native().alloc(Number.NaN)).toThrow();
  expect(() => native().alloc(2 ** 60)).toThrow();
});
