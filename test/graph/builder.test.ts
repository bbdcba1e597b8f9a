import { describe, expect, it } from 'vitest';
import { Builder, InputError, Tensor, type Value } from '../../src/index.js';
import { onnxBytes } from '../../src/onnx/export.js';
import { hasOnnxruntime, ifOnnxruntime, runOnnxruntime } from '../onnxruntime.js';

/** A builder with an input of two images of eight channels. */
function started(channels = 8): { b: Builder; x: Value } {
  const b = new Builder({ seed: 7 });
  return { b, x: b.input('x', [2, channels, 6, 6]) };
}

describe('Builder', () => {
  it('writes convolutions in ONNX’s terms', () => {
    const { b, x } = started();
    const options = {
      outChannels: 4,
      kernelSize: [3, 2],
      stride: 2,
      padding: [[1, 0], 1],
      groups: 2,
    } as const;
    const graph = b.build({ y: b.conv(x, { name: 'first', ...options }) });
    expect(graph.nodes).toEqual([
      {
        operator: 'Conv',
        name: 'first',
        inputs: ['x', 'first.weight', 'first.bias'],
        outputs: ['y'],
        attributes: {
          kernel_shape: [3, 2],
          strides: [2, 2],
          pads: [1, 1, 0, 1],
          dilations: [1, 1],
          group: 2,
        },
      },
    ]);
    expect(graph.constants.get('first.weight')!.shape).toEqual([4, 4, 3, 2]);
    expect(graph.constants.get('first.bias')!.shape).toEqual([4]);
  });

  it('names what has no name, within scopes', () => {
    const { b, x } = started();
    const inner = b.scope('layer1', () =>
      b.scope('0', () => b.relu(b.relu(b.batchNorm(x, { name: 'bn1' })))),
    );
    const graph = b.build({ y: b.relu(inner), z: b.add(inner, x) });
    expect(graph.nodes.map(({ name }) => name)).toEqual([
      ...['layer1.0.bn1', 'layer1.0.relu1', 'layer1.0.relu2', 'relu1', 'add1'],
    ]);
    expect([...graph.constants.keys()]).toEqual(
      ['weight', 'bias', 'running_mean', 'running_var'].map((name) => `layer1.0.bn1.${name}`),
    );
    expect(graph.outputs).toEqual(['y', 'z']);
  });

  it('gives results any names, inputs and one result under two names, too', () => {
    const { b, x } = started();
    const y = b.relu(x);
    const graph = b.build({ a: y, c: y, same: x });
    expect(graph.nodes.map(({ operator, inputs, outputs }) => [operator, ...inputs, ...outputs])).toEqual([
      ['Relu', 'x', 'a'],
      ['Identity', 'a', 'c'],
      ['Identity', 'x', 'same'],
    ]);
    // Names may be swapped, and stay.
    const other = started();
    const p = other.b.relu(other.x, { name: 'p' });
    const q = other.b.tanh(p, { name: 'q' });
    const swapped = other.b.build({ q, p });
    expect(swapped.nodes.map(({ outputs }) => outputs[0])).toEqual(['p', 'q']);
    expect(() => other.b.build({ x: q })).toThrow('tensor x to be defined once');
  });

  it('takes weights by name, and only those that fit', () => {
    const weights = new Map([
      ['fc.weight', Tensor.random([3, 2])],
      ['fc.bias', Tensor.random([3])],
    ]);
    const build = (given: ReadonlyMap<string, Tensor>) => {
      const b = new Builder({ weights: given });
      return b.build({ y: b.linear(b.input('x', ['N', 2]), { name: 'fc', outFeatures: 3 }) });
    };
    expect(build(weights).constants.get('fc.weight')!.data).toBe(weights.get('fc.weight')!.data);
    weights.set('fc.bias', Tensor.random([4]));
    expect(() => build(weights)).toThrow(
      'Expected weight fc.bias to be a Tensor of shape [3] but received [4]',
    );
    weights.delete('fc.bias');
    expect(() => build(weights)).toThrow('Expected weight fc.bias to be a Tensor of shape [3]');
  });

  it('has random weights of He’s scale', () => {
    const { b, x } = started(64);
    const graph = b.build({ y: b.conv(x, { name: 'c', outChannels: 64, kernelSize: 3, groups: 2 }) });
    const data = [...graph.constants.get('c.weight')!.data];
    const square = data.reduce((sum, value) => sum + value * value, 0) / data.length;
    expect(square / (2 / (32 * 9))).toBeCloseTo(1, 1);
  });

  it.each<[string, (b: Builder, x: Value) => unknown, string]>([
    ['kernels of another rank', (b, x) => b.conv(x, { outChannels: 1, kernelSize: [3] }), 'kernelSize'],
    ['strides of zero', (b, x) => b.maxPool(x, { kernelSize: 2, stride: 0 }), 'stride'],
    ['padding of another rank', (b, x) => b.maxPool(x, { kernelSize: 2, padding: [1, 1, 1] }), 'padding'],
    ['negative padding', (b, x) => b.maxPool(x, { kernelSize: 2, padding: -1 }), 'padding'],
    ['groups that do not fit', (b, x) => b.conv(x, { outChannels: 3, kernelSize: 1, groups: 3 }), 'groups'],
    ['features that nothing tells', (b, x) => b.linear(b.flatten(x), { outFeatures: 3 }), 'inFeatures'],
    [
      'channels that nothing tells',
      (b, x) => b.batchNorm(b.flatten(x, { name: 'flat' })),
      'the channels of flat',
    ],
    [
      'spatial axes of a matrix',
      (b, x) => b.maxPool(b.flatten(x, { name: 'flat' }), { kernelSize: 2 }),
      'tensor flat',
    ],
    ['a name twice', (b, x) => b.relu(b.relu(x, { name: 'r' }), { name: 'r' }), 'name r'],
    ['an input twice', (b) => b.input('x', [1]), 'name x'],
  ])('refuses %s', (_, build, name) => {
    const { b, x } = started();
    const error = (() => {
      try {
        return build(b, x);
      } catch (reason) {
        return reason;
      }
    })();
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toContain(`Expected ${name}`);
  });

  it('refuses a seed that is none', () => {
    expect(() => new Builder({ seed: 0.5 })).toThrow('Expected seed to be an integer but received 0.5');
  });

  /** Methods that no network of the examples calls, or not with these options, and the shapes of their results. */
  const methods: Record<string, [(b: Builder, x: Value) => Value, number[]]> = {
    'conv, same': [
      (b, x) => b.conv(x, { outChannels: 5, kernelSize: 4, stride: 4, padding: 'same' }),
      [2, 5, 2, 2],
    ],
    convTranspose: [
      (b, x) => b.convTranspose(x, { outChannels: 6, kernelSize: 3, stride: 2, padding: 1, groups: 2 }),
      [2, 6, 11, 11],
    ],
    groupNorm: [(b, x) => b.groupNorm(x, { groups: 2 }), [2, 8, 6, 6]],
    instanceNorm: [(b, x) => b.instanceNorm(x), [2, 8, 6, 6]],
    'maxPool, ceil': [(b, x) => b.maxPool(x, { kernelSize: 3, stride: 2, ceilMode: true }), [2, 8, 3, 3]],
    averagePool: [
      (b, x) => b.averagePool(x, { kernelSize: 3, padding: 1, countIncludePad: false }),
      [2, 8, 2, 2],
    ],
    'upsample, nearest': [(b, x) => b.upsample(x, { factor: [1, 2] }), [2, 8, 6, 12]],
    'upsample, linear': [(b, x) => b.upsample(x, { factor: 2, mode: 'linear' }), [2, 8, 12, 12]],
    pixelShuffle: [(b, x) => b.pixelShuffle(x, { factor: 2 }), [2, 2, 12, 12]],
    reshape: [(b, x) => b.reshape(x, [0, 4, -1]), [2, 4, 72]],
    softmax: [(b, x) => b.softmax(x), [2, 8, 6, 6]],
    silu: [(b, x) => b.silu(x), [2, 8, 6, 6]],
    scale: [(b, x) => b.scale(b.tanh(x), 0.5), [2, 8, 6, 6]],
    lrn: [(b, x) => b.lrn(x, { size: 3 }), [2, 8, 6, 6]],
    node: [(b, x) => b.node('Transpose', [x], { perm: [0, 2, 3, 1] }), [2, 6, 6, 8]],
  };

  it.skipIf(!hasOnnxruntime).each(Object.entries(methods))(
    `writes %s as onnxruntime takes it${ifOnnxruntime}`,
    async (_, [build, shape]) => {
      const { b, x } = started();
      const bytes = Buffer.concat(onnxBytes(b.build({ y: build(b, x) })));
      const { y } = await runOnnxruntime(bytes, { x: Tensor.random([2, 8, 6, 6]) });
      expect(y!.shape).toEqual(shape);
      expect(y!.data.every(Number.isFinite)).toBe(true);
    },
  );
});

describe('options of the builder', () => {
  const bad: Readonly<Record<string, [(b: Builder, x: Value) => Value, RegExp]>> = {
    outchannels: [
      (b, x) => b.conv(x, { outchannels: 4, kernelSize: 3 } as never),
      /Builder.conv to be outChannels/,
    ],
    'no outChannels': [
      (b, x) => b.conv(x, { kernelSize: 3 } as never),
      /outChannels to be a positive integer/,
    ],
    'outFeatures alone': [(b, x) => b.linear(x, 5 as never), /options of Builder.linear to be an object/],
    'half a feature': [(b, x) => b.linear(x, { outFeatures: 0.5 }), /outFeatures to be a positive integer/],
    'stride of a norm': [(b, x) => b.batchNorm(x, { stride: 2 } as never), /option of Builder.batchNorm/],
    'a slope of relu': [(b, x) => b.relu(x, { slope: 2 } as never), /option of Builder.relu/],
  };
  it.each(Object.entries(bad))('refuse %s', (_, [build, message]) => {
    const { b, x } = started();
    expect(() => build(b, x)).toThrow(message);
  });
});
