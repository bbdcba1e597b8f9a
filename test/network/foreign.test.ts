import { afterEach, describe, expect, it, vi } from 'vitest';
import { Network, readOnnx, Tensor } from '../../src/index.js';
import * as onnxruntime from '../../src/network/onnxruntime.js';
import { floats, integers, modelBytes, node, real, valueInfo } from '../onnx/model.js';
import { hasOnnxruntime, ifOnnxruntime, runOnnxruntime } from '../onnxruntime.js';

vi.mock('../../src/network/onnxruntime.js', { spy: true });
afterEach(() => vi.mocked(onnxruntime.findOnnxruntime).mockRestore());

const image = (seed = 1) => Tensor.random([1, 4, 6, 5], { seed });
const weights = floats(
  'w',
  [4, 4, 3, 3],
  Array.from({ length: 144 }, (_, i) => ((i * 7) % 11) / 11 - 0.5),
);
const conv = (x: string, y: string) => node('Conv', [x, 'w'], [y], { pads: [1, 1, 1, 1] });

/** Models by what is foreign in them. */
const models: Record<string, ReturnType<typeof modelBytes>> = {
  'operators that are unknown, between convolutions': modelBytes({
    node: [
      conv('x', 'a'),
      node('Hardmax', ['a'], ['b'], { axis: 1 }),
      node('CumSum', ['b', 'axis'], ['c']),
      node('Relu', ['a'], ['d']),
      node('Add', ['c', 'd'], ['e']),
      conv('e', 'y'),
    ],
    ...{ input: [valueInfo('x', ['N', 4, 6, 5])], output: [valueInfo('y'), valueInfo('d')] },
    initializer: [weights, integers('axis', [1], [2])],
  }),
  'an unknown operator first and last': modelBytes({
    node: [
      node('Hardmax', ['x'], ['a'], { axis: -1 }),
      conv('a', 'b'),
      node('Hardmax', ['b'], ['y'], { axis: 1 }),
    ],
    ...{ input: [valueInfo('x', ['N', 4, 6, 5])], output: [valueInfo('y')], initializer: [weights] },
  }),
  'indices that each run computes': modelBytes({
    node: [
      conv('x', 'a'),
      node('TopK', ['a', 'k'], ['b', 'i'], { axis: 1 }),
      node('Relu', ['b'], ['c']),
      node('GatherElements', ['a', 'i'], ['d'], { axis: 1 }),
      node('Sub', ['d', 'c'], ['y']),
    ],
    ...{ input: [valueInfo('x', ['N', 4, 6, 5])], output: [valueInfo('y'), valueInfo('i', undefined, 7)] },
    initializer: [weights, integers('k', [1], [2])],
  }),
  'results whose shape depends on numbers': modelBytes({
    node: [
      node('Relu', ['x'], ['a']),
      node('NonZero', ['a'], ['b']),
      node('Cast', ['b'], ['c'], { to: 1 }),
      node('Mul', ['c', 'two'], ['y']),
    ],
    ...{ input: [valueInfo('x', ['N', 4, 6, 5])], output: [valueInfo('y')] },
    initializer: [floats('two', [], [2])],
  }),
  'a combination of attributes that a known operator does not have': modelBytes(
    {
      node: [
        conv('x', 'a'),
        node('Resize', ['a', '', 's'], ['b'], { mode: 'linear', antialias: 1 }),
        node('Relu', ['b'], ['y']),
      ],
      ...{ input: [valueInfo('x', ['N', 4, 6, 5])], output: [valueInfo('y')] },
      initializer: [weights, floats('s', [4], [1, 1, 0.5, 0.5])],
    },
    19,
  ),
  'a constant that is computed oddly': modelBytes({
    node: [
      node('EyeLike', ['w2'], ['eye'], {}),
      node('Mul', ['eye', 'half'], ['h']),
      node('MatMul', ['x', 'h'], ['y']),
    ],
    ...{ input: [valueInfo('x', ['N', 4, 6, 5])], output: [valueInfo('y')] },
    initializer: [floats('w2', [5, 5], Array(25).fill(1)), floats('half', [], [0.5])],
  }),
};

describe('what cannot run here', () => {
  it.skipIf(!hasOnnxruntime).each(Object.entries(models))(
    `runs in onnxruntime: %s${ifOnnxruntime}`,
    async (_, model) => {
      const network = new Network(await readOnnx(model), { threads: 2 });
      for (const x of [image(), image(2), Tensor.random([2, 4, 6, 5])]) {
        const actual = await network.run({ x });
        const expected = await runOnnxruntime(model, { x });
        for (const [name, { shape, data }] of Object.entries(expected)) {
          expect(actual[name]!.shape).toEqual(shape);
          for (const [i, value] of data.entries()) expect(actual[name]!.data[i]).toBeCloseTo(value, 4);
        }
      }
    },
  );

  it.skipIf(!hasOnnxruntime)(`is said in the plan, and in the times of a run${ifOnnxruntime}`, async () => {
    const network = new Network(await readOnnx(models['operators that are unknown, between convolutions']!));
    const plan = await network.plan({ x: [1, 4, 6, 5] });
    expect(plan.nodes.map(({ title }) => title)).toContain('onnxruntime-node: b (Hardmax), c (CumSum)');
    expect(plan.outputs.map(({ shape }) => shape)).toEqual([
      [1, 4, 6, 5],
      [1, 4, 6, 5],
    ]);
    expect(plan.describe()).toContain('Hardmax');
    await network.run({ x: image() });
    expect(network.lastRun!.steps.map(({ operator }) => operator)).toContain('onnxruntime');
  });

  it.skipIf(!hasOnnxruntime)(`refuses to bound the memory that it does not own${ifOnnxruntime}`, async () => {
    const model = await readOnnx(models['operators that are unknown, between convolutions']!);
    const network = new Network(model, { maxMemory: 1e9 });
    await expect(network.plan({ x: [1, 4, 6, 5] })).rejects.toThrow(
      'Expected maxMemory to be left out, for onnxruntime-node runs b (Hardmax) in memory of its own but',
    );
  });

  it.skipIf(!hasOnnxruntime)(`is computed once where it is constant${ifOnnxruntime}`, async () => {
    const network = new Network(await readOnnx(models['a constant that is computed oddly']!));
    const plan = await network.plan({ x: [1, 4, 6, 5] });
    expect(plan.nodes.map(({ operator }) => operator)).toEqual(['MatMul']);
  });

  it.skipIf(!hasOnnxruntime)(
    `puts results where it is told, and stops when told${ifOnnxruntime}`,
    async () => {
      const network = new Network(await readOnnx(models['an unknown operator first and last']!));
      const y = Tensor.zeros([1, 4, 6, 5]);
      expect((await network.run({ x: image() }, { out: { y } })).y).toBe(y);
      expect(y.data.some((value) => value === 1)).toBe(true);
      const reason = new Error('enough');
      const controller = new AbortController();
      const running = network.run({ x: image() }, { signal: controller.signal });
      controller.abort(reason);
      await expect(running).rejects.toBe(reason);
      const small = Tensor.zeros([1, 4, 6, 4]);
      await expect(network.run({ x: image() }, { out: { y: small } })).rejects.toThrow(/Expected out/);
    },
  );

  it.skipIf(!hasOnnxruntime)(`is refused where onnxruntime refuses it, too${ifOnnxruntime}`, async () => {
    const network = new Network(
      await readOnnx(
        modelBytes({
          node: [node('Nothing', ['x'], ['y'])],
          ...{ input: [valueInfo('x', [2])], output: [valueInfo('y')] },
        }),
      ),
    );
    await expect(network.plan()).rejects.toThrow(/node y \(Nothing\).*onnxruntime-node refuses it, too/s);
  });

  it('is refused without onnxruntime, with node, operator, operator set and what to install', async () => {
    vi.mocked(onnxruntime.findOnnxruntime).mockReturnValue(undefined);
    const network = new Network(await readOnnx(models['an unknown operator first and last']!));
    await expect(network.run({ x: image() })).rejects.toThrow(
      /node a \(Hardmax\): .*`npm install onnxruntime-node` lets nodes of operator set 17 run/,
    );
  });

  it('does not matter where no output needs it', async () => {
    vi.mocked(onnxruntime.findOnnxruntime).mockReturnValue(undefined);
    const model = modelBytes({
      node: [node('Hardmax', ['x'], ['a']), node('LeakyRelu', ['x'], ['y'], { alpha: real(0.5) })],
      ...{ input: [valueInfo('x', [2])], output: [valueInfo('y')] },
    });
    const { y } = await new Network(await readOnnx(model)).run({ x: Tensor.from([-2, 4]) });
    expect([...y!.data]).toEqual([-1, 4]);
  });
});
