import { describe, it } from 'vitest';
import { floatConstant, integerConstant } from '../../src/graph/literal.js';
import { Builder, type Graph, type Value } from '../../src/index.js';
import type { Attributes } from '../../src/operators/operator.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { apart, expectGradients, kernelTables } from './check.js';

/** A network of one node, all of whose float inputs are the network's. */
function single(
  operator: string,
  shapes: readonly (readonly number[])[],
  attributes: Attributes = {},
  constants: readonly (readonly number[])[] = [],
): { graph: Graph; inputs: Record<string, Tensor> } {
  const b = new Builder();
  const names = shapes.map((_, i) => `in${i}`);
  const values: (Value | undefined)[] = shapes.map((shape, i) => b.input(names[i]!, shape));
  for (const numbers of constants)
    values.push(numbers.length === 0 ? undefined : b.constant(integerConstant(numbers)));
  const graph = b.build({ y: b.node(operator, values, attributes) });
  return { graph, inputs: Object.fromEntries(names.map((name, i) => [name, apart(shapes[i]!, i + 1)])) };
}

type Case = readonly [
  title: string,
  operator: string,
  shapes: readonly (readonly number[])[],
  attributes?: Attributes,
  constants?: readonly (readonly number[])[],
];

/** Linear in each input: differences may be as long as one likes. */
const linear: readonly Case[] = [
  ['1-D', 'Conv', [[2, 5, 19], [7, 5, 3], [7]], { pads: [1, 2] }],
  ['2-D', 'Conv', [[2, 18, 9, 11], [20, 18, 3, 3], [20]], { pads: [1, 1, 1, 1] }],
  [
    '2-D without padding',
    'Conv',
    [
      [1, 3, 8, 9],
      [17, 3, 3, 2],
    ],
  ],
  [
    '2-D, more padding than the kernel reaches',
    'Conv',
    [
      [1, 3, 5, 6],
      [4, 3, 2, 2],
    ],
    { pads: [3, 2, 2, 3] },
  ],
  ['3-D', 'Conv', [[1, 17, 5, 6, 7], [18, 17, 3, 3, 3], [18]], { pads: [1, 1, 1, 1, 1, 1] }],
  [
    'strided with a rest',
    'Conv',
    [[2, 5, 10, 12], [6, 5, 3, 3], [6]],
    { strides: [2, 3], pads: [1, 0, 1, 1] },
  ],
  [
    'strided beyond its kernel',
    'Conv',
    [
      [1, 4, 11, 10],
      [5, 4, 2, 1],
    ],
    { strides: [3, 2] },
  ],
  [
    '3-D strided',
    'Conv',
    [
      [1, 3, 7, 9, 8],
      [4, 3, 3, 3, 3],
    ],
    { strides: [2, 2, 2], pads: [1, 1, 1, 1, 1, 1] },
  ],
  [
    'dilated',
    'Conv',
    [
      [1, 5, 12, 13],
      [6, 5, 3, 3],
    ],
    { dilations: [2, 3], pads: [2, 3, 2, 3] },
  ],
  [
    'strided and dilated',
    'Conv',
    [
      [1, 4, 13, 14],
      [5, 4, 3, 2],
    ],
    { dilations: [2, 3], strides: [3, 2] },
  ],
  ['grouped', 'Conv', [[2, 12, 7, 8], [18, 4, 3, 3], [18]], { group: 3, pads: [1, 1, 1, 1] }],
  ['depthwise', 'Conv', [[2, 19, 7, 8], [19, 1, 3, 3], [19]], { group: 19, pads: [1, 1, 1, 1] }],
  [
    '1 × 1',
    'Conv',
    [
      [2, 33, 5, 6],
      [17, 33, 1, 1],
    ],
  ],
  [
    '1 × 1, strided',
    'Conv',
    [
      [2, 33, 5, 6],
      [17, 33, 1, 1],
    ],
    { strides: [2, 2] },
  ],
  ['1-D', 'ConvTranspose', [[2, 5, 9], [5, 7, 4], [7]], { strides: [2], pads: [1, 1] }],
  [
    '2-D',
    'ConvTranspose',
    [[1, 6, 5, 7], [6, 4, 3, 3], [4]],
    { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] },
  ],
  [
    'grouped and dilated',
    'ConvTranspose',
    [[1, 6, 5, 7], [6, 4, 3, 2], [8]],
    { group: 2, strides: [2, 3], dilations: [2, 1] },
  ],
  [
    '3-D',
    'ConvTranspose',
    [
      [1, 5, 3, 4, 5],
      [5, 6, 2, 2, 2],
    ],
    { strides: [2, 2, 2] },
  ],
  [
    'stride 1',
    'ConvTranspose',
    [
      [1, 5, 8, 9],
      [5, 6, 3, 3],
    ],
    { pads: [1, 1, 1, 1] },
  ],
  ['plain', 'Gemm', [[5, 7], [7, 9], [9]]],
  [
    'both transposed',
    'Gemm',
    [
      [7, 5],
      [9, 7],
      [5, 1],
    ],
    { transA: 1, transB: 1, alpha: 0.5, beta: 2 },
  ],
  [
    'the first transposed',
    'Gemm',
    [
      [7, 5],
      [7, 9],
    ],
    { transA: 1 },
  ],
  [
    'the second transposed',
    'Gemm',
    [
      [5, 7],
      [9, 7],
    ],
    { transB: 1 },
  ],
  [
    'stacks',
    'MatMul',
    [
      [3, 4, 5, 6],
      [4, 6, 7],
    ],
  ],
  [
    'a stack by one',
    'MatMul',
    [
      [3, 5, 6],
      [6, 7],
    ],
  ],
  ['2-D', 'AveragePool', [[2, 18, 9, 11]], { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 1] }],
  [
    'padding counted',
    'AveragePool',
    [[2, 3, 9, 11]],
    { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1, ceil_mode: 1 },
  ],
  ['all pixels', 'GlobalAveragePool', [[2, 5, 3, 4, 5]]],
  ['some axes', 'ReduceSum', [[3, 4, 5]], { keepdims: 0 }, [[0, 2]]],
  ['all axes', 'ReduceMean', [[3, 4, 5]]],
  [
    'stretched',
    'Add',
    [
      [3, 4, 5],
      [4, 1],
    ],
  ],
  [
    'stretched',
    'Sub',
    [
      [4, 1],
      [3, 4, 5],
    ],
  ],
  ['stretched', 'Mul', [[3, 4, 5], [5]]],
  ['several', 'Mean', [[3, 4], [4], [3, 1]]],
  ['as a matrix', 'Flatten', [[3, 4, 5]]],
  ['in another order', 'Transpose', [[3, 4, 5]], { perm: [2, 0, 1] }],
  ['DCR', 'DepthToSpace', [[1, 8, 3, 4]], { blocksize: 2 }],
  ['CRD', 'DepthToSpace', [[1, 12, 3, 4]], { blocksize: 2, mode: 'CRD' }],
  ['blocks', 'SpaceToDepth', [[1, 3, 4, 6]], { blocksize: 2 }],
  [
    'three',
    'Concat',
    [
      [2, 3, 4],
      [2, 5, 4],
      [2, 1, 4],
    ],
    { axis: 1 },
  ],
  [
    'in steps',
    'Slice',
    [[4, 9, 5]],
    {},
    [
      [1, -1],
      [3, -10],
      [0, 1],
      [1, -2],
    ],
  ],
  ['around and cut', 'Pad', [[3, 5]], {}, [[1, -1, 0, 2]]],
  ['mirrored', 'Pad', [[5, 4]], { mode: 'reflect' }, [[2, 1, 3, 0]]],
  ['the edge repeated', 'Pad', [[5, 4]], { mode: 'edge' }, [[2, 1, 0, 3]]],
  ['twice the same', 'Gather', [[3, 6, 2]], { axis: 1 }, [[0, 5, 5, 2, -1]]],
  ['along two axes', 'Tile', [[3, 4]], {}, [[2, 3]]],
  ['to more axes', 'Expand', [[3, 1]], {}, [[2, 3, 4]]],
];

const smooth: readonly Case[] = [
  ['five channels', 'LRN', [[2, 9, 3, 4]], { size: 5, alpha: 2, beta: 0.7, bias: 0.5 }],
  ['four channels', 'LRN', [[1, 7, 5]], { size: 4, alpha: 1 }],
  ['stretched', 'Div', [[3, 4], [4]]],
  ['logits', 'Softmax', [[3, 7, 4]], { axis: 1 }],
  ['logits', 'LogSoftmax', [[3, 7, 4]], { axis: 1 }],
  ['images', 'InstanceNormalization', [[2, 5, 6, 7], [5], [5]]],
  ['groups', 'GroupNormalization', [[2, 6, 5, 7], [6], [6]], { num_groups: 2 }],
  [
    'rows',
    'LayerNormalization',
    [
      [4, 5, 6],
      [5, 6],
      [5, 6],
    ],
    { axis: 1 },
  ],
  ['batch', 'BatchNormalization', [[3, 5, 4, 6], [5], [5]]],
  ['largest', 'MaxPool', [[2, 17, 9, 8]], { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 1] }],
  [
    'largest, dilated',
    'MaxPool',
    [[1, 3, 9, 8, 7]],
    { kernel_shape: [2, 2, 2], strides: [1, 2, 1], dilations: [2, 1, 1] },
  ],
  ['of all pixels', 'GlobalMaxPool', [[2, 5, 4, 3]]],
  ['squares', 'ReduceSumSquare', [[3, 4, 5]], { keepdims: 0 }, [[1]]],
  ['lengths', 'ReduceL2', [[3, 4, 5]], {}, [[2]]],
  ['sizes', 'ReduceL1', [[3, 4, 5]], {}, [[0]]],
  [
    'of channels',
    'PRelu',
    [
      [2, 3, 4],
      [3, 1],
    ],
  ],
];

function titled(cases: readonly Case[]) {
  return cases.map((each) => ({ title: `${each[1]}, ${each[0]}`, each }));
}

describe.each(kernelTables)('gradients on %s', (isa) => {
  it.each(titled(linear))('$title', async ({ each: [, operator, shapes, attributes, constants] }) => {
    const { graph, inputs } = single(operator, shapes, attributes, constants);
    await expectGradients(graph, inputs, { isa, threads: 2 }, { step: 1, tolerance: 1e-4 });
  });

  it.each(titled(smooth))('$title', async ({ each: [, operator, shapes, attributes, constants] }) => {
    const { graph, inputs } =
      operator === 'BatchNormalization'
        ? batchNormalization(shapes)
        : single(operator, shapes, attributes, constants);
    const corners = ['MaxPool', 'GlobalMaxPool', 'ReduceL1', 'PRelu'].includes(operator);
    // With corners, steps that reach none: the function is linear between them.
    await expectGradients(
      graph,
      inputs,
      { isa, threads: 2 },
      { step: corners ? 2 ** -13 : 2 ** -7, tolerance: 3e-3 },
    );
  });

  it.each(['nearest', 'linear', 'cubic'])('Resize, %s', async (mode) => {
    const b = new Builder();
    const x = b.input('in0', [1, 3, 5, 4]);
    const scales = b.constant(floatConstant([1, 1, 2, 1.6]));
    const graph = b.build({ y: b.node('Resize', [x, undefined, scales], { mode }) });
    await expectGradients(
      graph,
      { in0: apart([1, 3, 5, 4]) },
      { isa, threads: 2 },
      { step: 1, tolerance: 1e-4 },
    );
  });
});

/** With given statistics, which nothing flows into. */
function batchNormalization(shapes: readonly (readonly number[])[]) {
  const b = new Builder();
  const [x, scale, bias] = shapes.map((shape, i) => b.input(`in${i}`, shape));
  const channels = shapes[1]!;
  const constant = (seed: number) => {
    const { data } = apart(channels, seed);
    return b.constant({ type: 'float32', shape: channels, data: data.map((value) => Math.abs(value) + 0.5) });
  };
  const y = b.node('BatchNormalization', [x, scale, bias, constant(8), constant(9)]);
  return {
    graph: b.build({ y }),
    inputs: Object.fromEntries(shapes.map((shape, i) => [`in${i}`, apart(shape, i + 1)])),
  };
}
