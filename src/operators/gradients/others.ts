/** Gradients of products, reductions, softmax and movements of data. */
import { expected } from '../../../synth/errors.js';
import { axisOf, flag, integer, integers, number } from '../attributes.js';
import type { Constant, TensorType } from '../operator.js';
import { transposedTaps } from '../resample.js';
import { asResize, resizedTaps } from '../resize.js';
import { type GradientRule, shaped, summed, type Tape, unstretched } from './rule.js';

/** y = α A B + β C with A or B maybe transposed: dA = α dy Bᵀ, dB = α Aᵀ dy, either transposed again. */
const gemm: GradientRule = ({ attributes, inputs, gradients, wanted }, tape) => {
  const [a = '', b = '', c = ''] = inputs;
  const dy = gradients[0]!;
  const [transA, transB] = [flag(attributes, 'transA'), flag(attributes, 'transB')];
  const alpha = number(attributes, 'alpha', 1);
  const product = (left: string, leftTransposed: boolean, right: string, rightTransposed: boolean) =>
    tape.node('Gemm', [left, right], {
      ...{ transA: Number(leftTransposed), transB: Number(rightTransposed), alpha },
    });
  const ofC = () => {
    const beta = number(attributes, 'beta', 1);
    const sum = unstretched(dy, c, tape);
    return beta === 1 ? sum : tape.node('Mul', [sum, tape.floats(beta)]);
  };
  return [
    wanted[0] ? (transA ? product(b, transB, dy, true) : product(dy, false, b, !transB)) : undefined,
    wanted[1] ? (transB ? product(dy, true, a, transA) : product(a, !transA, dy, false)) : undefined,
    wanted[2] ? ofC() : undefined,
  ];
};

/** Matrix by matrix; what was stretched over stacks of them is summed. */
const matMul: GradientRule = ({ inputs, gradients, wanted }, tape) => {
  const [a = '', b = ''] = inputs;
  const dy = gradients[0]!;
  const turned = (name: string) => {
    const rank = tape.type(name).shape.length;
    if (rank < 2)
      throw expected('an input of MatMul whose gradient is wanted', 'a matrix', tape.type(name).shape);
    const perm = Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
    return tape.node('Transpose', [name], { perm });
  };
  return [
    wanted[0] ? unstretched(tape.node('MatMul', [dy, turned(b)]), a, tape) : undefined,
    wanted[1] ? unstretched(tape.node('MatMul', [turned(a), dy]), b, tape) : undefined,
  ];
};

/** Axes that a reduction has taken, from its input and result. */
function reducedAxes(attributes: Readonly<Record<string, unknown>>, names: readonly string[], tape: Tape) {
  const { shape } = tape.type(names[0]!);
  const given = names[1] ? tape.constant(names[1])?.data : undefined;
  if (given === undefined || given.length === 0)
    return flag(attributes, 'noop_with_empty_axes') ? [] : shape.map((_, axis) => axis);
  return Array.from(given, (axis) => axisOf(axis, shape.length));
}

/** What a reduction's gradient is multiplied with, element by element, once it is stretched over what was reduced. */
type Reduced = (
  terms: { readonly x: string; readonly y: string; readonly dy: string; readonly count: number },
  tape: Tape,
) => string;

const stretch = (name: string, like: string, tape: Tape) =>
  tape.node('Expand', [name, tape.integers(tape.type(like).shape)]);

const reductions: Readonly<Record<string, Reduced>> = {
  Sum: ({ dy, x }, tape) => stretch(dy, x, tape),
  Mean: ({ dy, x, count }, tape) => stretch(tape.node('Div', [dy, tape.floats(count)]), x, tape),
  SumSquare: ({ dy, x }, tape) => tape.node('Mul', [x, tape.node('Mul', [dy, tape.floats(2)])]),
  L1: ({ dy, x }, tape) => tape.node('Mul', [tape.node('Sign', [x]), dy]),
  L2: ({ dy, x, y }, tape) => tape.node('Mul', [x, tape.node('Div', [dy, y])]),
};

function reduction(
  rule: Reduced,
  axesOf: (node: Parameters<GradientRule>[0], tape: Tape) => readonly number[],
) {
  const gradient: GradientRule = (node, tape) => {
    const x = node.inputs[0]!;
    const { shape } = tape.type(x);
    const axes = axesOf(node, tape);
    const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const count = axes.reduce((product, axis) => product * shape[axis]!, 1);
    const [dy, y] = [shaped(node.gradients[0]!, kept, tape), shaped(node.outputs[0]!, kept, tape)];
    return [rule({ x, y, dy, count }, tape)];
  };
  return gradient;
}

/** dx = (dy − Σ dy y) y, and for the logarithm dx = dy − e^y Σ dy. */
function softmax(logarithm: boolean): GradientRule {
  return ({ attributes, inputs, outputs, gradients }, tape) => {
    const [dy, y] = [gradients[0]!, outputs[0]!];
    const { shape } = tape.type(inputs[0]!);
    const axis = axisOf(integer(attributes, 'axis', -1), shape.length);
    if (logarithm) {
      const share = tape.node('Mul', [tape.node('Exp', [y]), summed(dy, [axis], tape)]);
      return [tape.node('Sub', [dy, share])];
    }
    const sum = summed(tape.node('Mul', [dy, y]), [axis], tape);
    return [tape.node('Mul', [tape.node('Sub', [dy, sum]), y])];
  };
}

const reshaped: GradientRule = ({ inputs, gradients }, tape) => [
  shaped(gradients[0]!, tape.type(inputs[0]!).shape, tape),
];

const passed: GradientRule = ({ gradients }) => [gradients[0]];

const transpose: GradientRule = ({ attributes, inputs, gradients }, tape) => {
  const rank = tape.type(inputs[0]!).shape.length;
  const order = integers(attributes, 'perm') ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  return [tape.node('Transpose', [gradients[0]!], { perm: order.map((_, axis) => order.indexOf(axis)) })];
};

/** Blocks of pixels back to channels: axes split, moved and joined. */
const depthToSpace: GradientRule = ({ attributes, inputs, gradients }, tape) => {
  const [n = 1, , h = 1, w = 1] = tape.type(inputs[0]!).shape;
  const block = integer(attributes, 'blocksize');
  const split = shaped(gradients[0]!, [n, tape.type(gradients[0]!).shape[1]!, h, block, w, block], tape);
  const perm = attributes.mode === 'CRD' ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4];
  return [shaped(tape.node('Transpose', [split], { perm }), tape.type(inputs[0]!).shape, tape)];
};

const spaceToDepth: GradientRule = ({ attributes, gradients }, tape) => [
  tape.node('DepthToSpace', [gradients[0]!], { blocksize: integer(attributes, 'blocksize'), mode: 'DCR' }),
];

/** Elements from `start` on along an axis. */
function part(name: string, axis: number, start: number, count: number, tape: Tape): string {
  const at = (value: number) => tape.integers([value]);
  return tape.node('Slice', [name, at(start), at(start + count), at(axis)]);
}

const concat: GradientRule = ({ attributes, inputs, gradients, wanted }, tape) => {
  const axis = axisOf(integer(attributes, 'axis'), tape.type(gradients[0]!).shape.length);
  let start = 0;
  return inputs.map((name, i) => {
    const count = tape.type(name).shape[axis]!;
    start += count;
    return wanted[i] ? part(gradients[0]!, axis, start - count, count, tape) : undefined;
  });
};

const split: GradientRule = ({ attributes, inputs, outputs, gradients }, tape) => {
  const axis = axisOf(integer(attributes, 'axis', 0), tape.type(inputs[0]!).shape.length);
  const parts = outputs.map((name, i) => gradients[i] ?? tape.node('Mul', [name, tape.floats(0)]));
  return [tape.node('Concat', parts, { axis })];
};

/** Sums over elements that were taken several times, axis by axis. @param picked for each element of an axis, whose it is */
function returned(gradient: string, axis: number, picked: Int32Array, size: number, tape: Tape): string {
  const taps = { taps: 1, indices: picked, weights: new Float32Array(picked.length).fill(1) };
  return tape.node('Resample', [gradient], { axis, taps: transposedTaps(taps, size) });
}

const slice: GradientRule = ({ inputs, gradients }, tape) => {
  const { shape } = tape.type(inputs[0]!);
  const known = (i: number) => (inputs[i] ? Array.from(tape.constant(inputs[i])!.data) : undefined);
  const starts = known(1)!;
  const axes = known(3) ?? starts.map((_, axis) => axis);
  const steps = known(4) ?? starts.map(() => 1);
  let gradient = gradients[0]!;
  for (const [i, axis] of axes.entries()) {
    const at = axisOf(axis, shape.length);
    const [size, count] = [shape[at]!, tape.type(gradient).shape[at]!];
    const step = steps[i]!;
    const from = starts[i]! < 0 ? starts[i]! + size : starts[i]!;
    const first = Math.min(Math.max(from, 0), step > 0 ? size : size - 1);
    if (step === 1) {
      const pads = tape.integers([first, size - first - count]);
      gradient = tape.node('Pad', [gradient, pads, undefined, tape.integers([at])]);
    } else
      gradient = returned(
        gradient,
        at,
        Int32Array.from({ length: count }, (_, x) => first + x * step),
        size,
        tape,
      );
  }
  return [gradient];
};

const gather: GradientRule = ({ attributes, inputs, gradients }, tape) => {
  const { shape } = tape.type(inputs[0]!);
  const axis = axisOf(integer(attributes, 'axis', 0), shape.length);
  const indices = Int32Array.from(tape.constant(inputs[1]!)!.data, (i) => (i < 0 ? i + shape[axis]! : i));
  const flat = shaped(gradients[0]!, shape.with(axis, indices.length), tape);
  return [returned(flat, axis, indices, shape[axis]!, tape)];
};

const pad: GradientRule = ({ attributes, inputs, gradients }, tape) => {
  const { shape } = tape.type(inputs[0]!);
  if (attributes.mode !== undefined && attributes.mode !== 'constant')
    throw expected('attribute mode of a Pad whose gradient is wanted', 'constant', attributes.mode);
  const pads = Array.from(tape.constant(inputs[1]!)!.data);
  const axes = inputs[3] ? Array.from(tape.constant(inputs[3])!.data) : shape.map((_, axis) => axis);
  const back = tape.integers(pads.map((size) => -size));
  return [tape.node('Pad', [gradients[0]!, back, undefined, tape.integers(axes)])];
};

/** Copies behind each other are axes of their own, which are summed. */
const tile: GradientRule = ({ inputs, gradients }, tape) => {
  const { shape } = tape.type(inputs[0]!);
  const repeats = tape.constant(inputs[1]!)!.data;
  const apart = shaped(
    gradients[0]!,
    shape.flatMap((size, axis) => [repeats[axis]!, size]),
    tape,
  );
  return [
    shaped(
      summed(
        apart,
        shape.map((_, axis) => 2 * axis),
        tape,
      ),
      shape,
      tape,
    ),
  ];
};

const expand: GradientRule = ({ inputs, gradients }, tape) => [unstretched(gradients[0]!, inputs[0]!, tape)];

type Known = (TensorType | Constant | undefined)[];

const resize: GradientRule = ({ attributes, inputs, gradients }, tape) => {
  const types: Known = inputs.map((name) => (name === '' ? undefined : tape.type(name)));
  const constants = inputs.map((name) => (name === '' ? undefined : tape.constant(name)));
  let gradient = gradients[0]!;
  for (const [axis, taps] of resizedTaps(attributes, types, constants).entries()) {
    if (taps === undefined) continue;
    const back = transposedTaps(taps, types[0]!.shape[axis]!);
    gradient = tape.node('Resample', [gradient], { axis, taps: back });
  }
  return [gradient];
};

const upsample: GradientRule = (node, tape) => {
  const [attributes, inputs] = asResize(node.attributes, node.inputs, []);
  return resize({ ...node, attributes, inputs: inputs.map((name) => name ?? '') }, tape);
};

function pool(name: string): GradientRule {
  return ({ attributes, inputs, gradients }, tape) => [
    tape.node(`${name}Gradient`, [gradients[0]!, inputs[0]!], attributes),
  ];
}

/** A window over all pixels. */
const globalMaximum: GradientRule = ({ inputs, gradients }, tape) => {
  const kernel_shape = tape.type(inputs[0]!).shape.slice(2);
  return [tape.node('MaxPoolGradient', [gradients[0]!, inputs[0]!], { kernel_shape })];
};

const pixelAxes = ({ inputs }: Parameters<GradientRule>[0], tape: Tape) =>
  tape.type(inputs[0]!).shape.flatMap((_, axis) => (axis < 2 ? [] : [axis]));

/** By the name of the operator. */
export const otherGradients: Readonly<Record<string, GradientRule>> = {
  ...{ Gemm: gemm, MatMul: matMul },
  ...{ AveragePool: pool('AveragePool'), MaxPool: pool('MaxPool') },
  ...{ GlobalAveragePool: reduction(reductions.Mean!, pixelAxes), GlobalMaxPool: globalMaximum },
  ...Object.fromEntries(
    Object.entries(reductions).map(([name, rule]) => [
      `Reduce${name}`,
      reduction(rule, ({ attributes, inputs }, tape) => reducedAxes(attributes, inputs, tape)),
    ]),
  ),
  ...{ Softmax: softmax(false), LogSoftmax: softmax(true) },
  ...{ Reshape: reshaped, Flatten: reshaped, Squeeze: reshaped, Unsqueeze: reshaped },
  ...{ Identity: passed, Dropout: passed, Transpose: transpose },
  ...{ DepthToSpace: depthToSpace, SpaceToDepth: spaceToDepth },
  ...{ Concat: concat, Split: split, Slice: slice, Gather: gather, Pad: pad, Tile: tile, Expand: expand },
  ...{ Resize: resize, Upsample: upsample },
};
