import { describe, expect, it } from 'vitest';
import { readOnnx, Tensor } from '../../src/index.js';
import { onnxBytes } from '../../src/onnx/export.js';
import { hasOnnxruntime, ifOnnxruntime, runOnnxruntime } from '../onnxruntime.js';
import { floats, modelBytes, node, real, reals, type TensorMessage, valueInfo } from './model.js';

interface Case {
  readonly name: string;
  readonly opset: number;
  readonly operator: string;
  readonly attributes: Record<string, unknown>;
  readonly shape: number[];
  readonly outputs?: number;
  readonly constants?: TensorMessage[];
  /** Operators that it becomes. Default: itself. */
  readonly becomes?: string[];
  /** Whether the model leaves the input's rank open. */
  readonly openRank?: boolean;
}

const image = [2, 4, 5, 6];
const reductions = 'Max Mean Min Prod L1 L2 LogSum LogSumExp SumSquare Sum'.split(' ');
const statistics = (channels: number, ...names: string[]) =>
  names.map((name, i) =>
    floats(
      name,
      [channels],
      Array.from({ length: channels }, (_, c) => 0.5 + i / 4 + c / 8),
    ),
  );

const cases: Case[] = [
  {
    name: 'Upsample',
    opset: 7,
    operator: 'Upsample',
    attributes: { mode: 'nearest', scales: reals(1, 1, 2, 3) },
    shape: image,
    becomes: ['Resize'],
  },
  {
    name: 'Upsample',
    opset: 7,
    operator: 'Upsample',
    attributes: { mode: 'linear', scales: reals(1, 1, 2, 2) },
    shape: image,
    becomes: ['Resize'],
  },
  {
    name: 'Upsample',
    opset: 9,
    operator: 'Upsample',
    attributes: { mode: 'linear' },
    shape: image,
    constants: [floats('s', [4], [1, 1, 2, 2])],
    becomes: ['Resize'],
  },
  {
    name: 'Resize',
    opset: 10,
    operator: 'Resize',
    attributes: { mode: 'nearest' },
    shape: image,
    constants: [floats('s', [4], [1, 1, 2, 2])],
  },
  {
    name: 'Resize',
    opset: 10,
    operator: 'Resize',
    attributes: { mode: 'linear' },
    shape: image,
    constants: [floats('s', [4], [1, 1, 1.5, 2])],
  },
  {
    name: 'Clip',
    opset: 7,
    operator: 'Clip',
    attributes: { min: real(-0.5), max: real(0.25) },
    shape: image,
  },
  { name: 'Clip of one side', opset: 10, operator: 'Clip', attributes: { max: real(0.25) }, shape: image },
  { name: 'Clip of neither', opset: 10, operator: 'Clip', attributes: {}, shape: image },
  { name: 'Dropout', opset: 7, operator: 'Dropout', attributes: { ratio: real(0.75) }, shape: image },
  { name: 'Dropout', opset: 10, operator: 'Dropout', attributes: {}, shape: image },
  { name: 'Squeeze', opset: 7, operator: 'Squeeze', attributes: { axes: [0, 2] }, shape: [1, 3, 1, 2] },
  { name: 'Squeeze of all', opset: 11, operator: 'Squeeze', attributes: {}, shape: [1, 3, 1, 2] },
  { name: 'Unsqueeze', opset: 11, operator: 'Unsqueeze', attributes: { axes: [0, 2] }, shape: [3, 2] },
  ...reductions.map(
    (kind): Case => ({
      name: `Reduce${kind}`,
      opset: kind === 'Sum' ? 11 : 13,
      operator: `Reduce${kind}`,
      attributes: { axes: [1, 3], keepdims: 0 },
      shape: image,
    }),
  ),
  { name: 'ReduceMean of all', opset: 8, operator: 'ReduceMean', attributes: {}, shape: image },
  {
    name: 'Pad',
    opset: 7,
    operator: 'Pad',
    attributes: { pads: [0, 0, 1, 2, 0, 0, 0, 3], value: real(1.5) },
    shape: image,
  },
  {
    name: 'Pad',
    opset: 10,
    operator: 'Pad',
    attributes: { pads: [0, 0, 1, 2, 0, 0, 2, 3], mode: 'reflect' },
    shape: image,
  },
  {
    name: 'Slice',
    opset: 7,
    operator: 'Slice',
    attributes: { starts: [1, -4], ends: [3, 1000], axes: [1, 3] },
    shape: image,
  },
  {
    name: 'Slice',
    opset: 9,
    operator: 'Slice',
    attributes: { starts: [0, 1], ends: [2, 2 ** 63] },
    shape: image,
  },
  {
    name: 'Split',
    opset: 11,
    operator: 'Split',
    attributes: { split: [1, 3], axis: 1 },
    shape: image,
    outputs: 2,
  },
  {
    name: 'Split into equal parts',
    opset: 13,
    operator: 'Split',
    attributes: { axis: 1 },
    shape: image,
    outputs: 2,
  },
  { name: 'TopK', opset: 9, operator: 'TopK', attributes: { k: 2, axis: 1 }, shape: image, outputs: 2 },
  ...['Softmax', 'LogSoftmax', 'Hardmax'].flatMap((operator): Case[] => [
    { name: `${operator} of rows`, opset: 11, operator, attributes: {}, shape: [3, 7] },
    {
      name: `${operator} of a matrix`,
      opset: 11,
      operator,
      attributes: { axis: 2 },
      shape: image,
      becomes: ['Flatten', operator, 'Shape', 'Reshape'],
    },
    {
      name: `${operator} of open rank`,
      opset: 7,
      operator,
      attributes: {},
      shape: image,
      openRank: true,
      becomes: ['Flatten', operator, 'Shape', 'Reshape'],
    },
    { name: `${operator} of the last axis`, opset: 11, operator, attributes: { axis: -1 }, shape: image },
  ]),
  {
    name: 'BatchNormalization',
    opset: 7,
    operator: 'BatchNormalization',
    attributes: { epsilon: real(0.01), spatial: 1 },
    shape: image,
    constants: statistics(4, 'w', 'b', 'm', 'v'),
  },
  {
    name: 'BatchNormalization',
    opset: 9,
    operator: 'BatchNormalization',
    attributes: {},
    shape: image,
    constants: statistics(4, 'w', 'b', 'm', 'v'),
  },
  {
    name: 'GridSample',
    opset: 16,
    operator: 'GridSample',
    attributes: { mode: 'bilinear' },
    shape: [1, 1, 3, 3],
    constants: [floats('g', [1, 1, 2, 2], [-0.5, 0.25, 0.1, 0.9])],
  },
  {
    name: 'GroupNormalization',
    opset: 18,
    operator: 'GroupNormalization',
    attributes: { num_groups: 2, epsilon: real(0.01) },
    shape: image,
    constants: statistics(2, 'w', 'b'),
    becomes: ['Reshape', 'InstanceNormalization', 'Shape', 'Reshape'],
  },
];

function oldModel({
  opset,
  operator,
  attributes,
  shape,
  outputs = 1,
  constants = [],
  openRank,
}: Case): Buffer {
  const names = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const inputs = ['x', ...constants.map((constant) => constant.name!)];
  return modelBytes(
    {
      node: [node(operator, inputs, names, attributes)],
      input: [valueInfo('x', openRank ? undefined : shape)],
      output: names.map((name, i) => valueInfo(name, undefined, operator === 'TopK' && i === 1 ? 7 : 1)),
      initializer: constants,
    },
    opset,
  );
}

describe('normalised operators', () => {
  it.each(cases)('$name of operator set $opset', async (each) => {
    const graph = await readOnnx(oldModel(each));
    expect(graph.nodes.map(({ operator }) => operator)).toEqual(each.becomes ?? [each.operator]);
  });

  it.skipIf(!hasOnnxruntime).each(cases)(
    `$name of operator set $opset computes the same after it${ifOnnxruntime}`,
    async (each) => {
      const bytes = oldModel(each);
      const x = Tensor.random(each.shape);
      const expected = await runOnnxruntime(bytes, { x }, false);
      const modern = Buffer.concat(onnxBytes(await readOnnx(bytes)));
      const actual = await runOnnxruntime(modern, { x }, false);
      for (const [name, { data, shape }] of Object.entries(expected)) {
        expect(actual[name]!.shape).toEqual(shape);
        for (const [i, value] of data.entries()) {
          if (Number.isNaN(value)) expect(actual[name]!.data[i]).toBeNaN();
          else expect(actual[name]!.data[i]).toBeCloseTo(value, 5);
        }
      }
    },
  );

  it('leaves names that are taken', async () => {
    const bytes = modelBytes(
      {
        node: [
          { ...node('Clip', ['x'], ['y'], { min: real(0) }), name: 'clip' },
          node('Add', ['y', 'clip/min'], ['z']),
        ],
        input: [valueInfo('x', [1])],
        output: [valueInfo('z')],
        initializer: [floats('clip/min', [1], [7])],
      },
      7,
    );
    const graph = await readOnnx(bytes);
    expect(graph.nodes[0]!.inputs).toEqual(['x', 'clip/min 2']);
    expect([...graph.constants].map(([name, { data }]) => [name, ...data])).toEqual([
      ['clip/min', 7],
      ['clip/min 2', 0],
    ]);
  });

  it.each([
    [
      'BatchNormalization',
      { spatial: 0 },
      7,
      'Expected attribute spatial of node y (BatchNormalization) to be 1',
    ],
    ['Clip', { min: 'low' }, 7, 'Expected attribute min of node y (Clip) to be numbers but received "low"'],
    ['Softmax', { axis: 'last' }, 11, 'Expected attribute axis of node y (Softmax) to be a number'],
    ['TopK', {}, 9, 'Expected attribute k of node y (TopK) to be a number'],
  ])('refuses %s with %o of operator set %i', async (operator, attributes, opset, message) => {
    const bytes = modelBytes(
      {
        node: [node(operator, ['x'], ['y'], attributes)],
        input: [valueInfo('x', [1])],
        output: [valueInfo('y')],
      },
      opset,
    );
    await expect(readOnnx(bytes)).rejects.toThrow(message);
  });

  it('refuses what is both an attribute and an input', async () => {
    const bytes = modelBytes(
      {
        node: [node('Squeeze', ['x', 'a'], ['y'], { axes: [0] })],
        input: [valueInfo('x', [1]), valueInfo('a', [1])],
        output: [valueInfo('y')],
      },
      11,
    );
    await expect(readOnnx(bytes)).rejects.toThrow(
      'Expected attribute axes of node y (Squeeze of operator set 11) to be absent beside an input',
    );
  });
});
