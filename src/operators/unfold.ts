/**
 * Inputs unfolded into matrices: the columns of windows, and back, and the reindexed input whose windows lie side by side
 * (Barrachina et al. 2023, figures 2, 4 and 8).
 */
import { expected } from '../../synth/errors.js';
import { nativeProblem } from '../planner/lower.js';
import type { Problem } from '../problem/problem.js';
import { elementCount } from '../tensor/shape.js';
import { floats, integers, knownIntegers } from './attributes.js';
import { problemOf } from './convolution/geometry.js';
import { type Picks, selectingOperator, whole } from './movement.js';
import type { Attributes, LoweringSettings, Operator, TensorType } from './operator.js';
import { threadsFor } from './threads.js';

/**
 * x, N × C × spatial, with the attributes of Conv, `kernel_shape` among them, to N × (C · taps) × outputs: a convolution is
 * its weights, O × (C · taps), by that.
 */
export const im2col: Operator = {
  name: 'Im2Col',
  infer(attributes, inputs) {
    const problem = windowsOf(attributes, floats(inputs, 0, 'X'));
    return [{ type: 'float32', shape: columnsShape(problem) }];
  },
  lower: ({ attributes, inputs }, settings) => lowered('im2col', windowsOf(attributes, inputs[0]!), settings),
};

/**
 * ONNX's Col2Im: columns, N × (C · taps) × windows, are added up where they come from; the extents of the image and of the
 * windows are its second and third input, `strides`, `dilations` and `pads` attributes.
 */
export const col2im: Operator = {
  name: 'Col2Im',
  infer(attributes, inputs, constants) {
    const { problem } = foldingOf(attributes, inputs, constants);
    return [{ type: 'float32', shape: imageShape(problem) }];
  },
  lower: ({ attributes, inputs }, settings) => {
    const known = inputs.map((input) => (input !== undefined && 'data' in input ? input : undefined));
    return lowered('col2im', foldingOf(attributes, inputs, known).problem, settings);
  },
};

function lowered(operator: 'im2col' | 'col2im', problem: Problem, { isa, threads }: LoweringSettings) {
  const bytes = 4 * elementCount(columnsShape(problem));
  const description = {
    ...{ isa: isa.name, threads: threadsFor(threads, 2 * bytes) },
    problem: nativeProblem(problem, { bias: false, residual: false }),
  };
  return {
    steps: [{ operator, description, inputs: [{ input: 0 }], outputs: [{ output: 0 }] }],
    title: `${problem.kernel.slice(3 - problem.rank).join(' × ')} windows`,
  };
}

/** A convolution of one group whose windows these are. */
function windowsOf(attributes: Attributes, x: TensorType): Problem {
  const kernel = integers(attributes, 'kernel_shape', { count: x.shape.length - 2, least: 1 });
  if (kernel === undefined) throw expected('attribute kernel_shape', 'the extents of a window', undefined);
  return problemOf(
    { ...attributes, group: 1 },
    x,
    { type: 'float32', shape: [1, x.shape[1]!, ...kernel] },
    1,
  );
}

function foldingOf(
  attributes: Attributes,
  inputs: readonly (TensorType | undefined)[],
  constants: Parameters<Operator['infer']>[2],
): { readonly problem: Problem } {
  const { shape } = floats(inputs, 0, 'input');
  const image = knownIntegers(inputs, constants, 1, 'image_shape') ?? [];
  const block = knownIntegers(inputs, constants, 2, 'block_shape') ?? [];
  const taps = elementCount(block);
  if (shape.length !== 3 || shape[1]! % taps !== 0)
    throw expected('the input', `N × (channels · ${taps}) × windows`, shape);
  if (image.length !== block.length)
    throw expected('input block_shape', `${image.length} integers, as image_shape`, block);
  const x: TensorType = { type: 'float32', shape: [shape[0]!, shape[1]! / taps, ...image] };
  const problem = windowsOf({ ...attributes, kernel_shape: block }, x);
  const windows = elementCount(problem.output);
  if (windows !== shape[2]) throw expected('the input', `of ${windows} windows`, shape);
  return { problem };
}

function columnsShape({ batch, inChannels, kernel, output }: Problem): readonly number[] {
  return [batch, inChannels * elementCount(kernel), elementCount(output)];
}

function imageShape({ batch, inChannels, input, rank }: Problem): readonly number[] {
  return [batch, inChannels, ...input.slice(3 - rank)];
}

/**
 * Reindex (Barrachina et al. 2023, figure 8), with the attributes of Im2Col: along each axis the inputs that the first tap
 * meets, then those of the second, …, those in the padding being zero: taps · outputs of them. A convolution of strides
 * as long as its outputs, by a kernel of as many taps as there are outputs, meets each tap's inputs in a window of its own.
 */
export const reindex = selectingOperator('Reindex', (attributes, inputs) => {
  const x = floats(inputs, 0, 'X');
  const { rank, kernel, stride, dilation, padBegin, input, output } = windowsOf(attributes, x);
  const picks = ([0, 1, 2] as const).slice(3 - rank).map((axis) =>
    Int32Array.from({ length: kernel[axis] * output[axis] }, (_, i) => {
      const [tap, place] = [Math.floor(i / output[axis]), i % output[axis]];
      const at = place * stride[axis] + tap * dilation[axis] - padBegin[axis];
      return at >= 0 && at < input[axis] ? at : -1;
    }),
  );
  const [batch, channels] = x.shape as [number, number];
  const all: readonly Picks[] = [whole(batch), whole(channels), ...picks];
  return [{ seen: x.shape, picks: all }];
});
