/** Gradients of products, reductions, softmax and movements of data. */
import { expected } from '../../../synth/errors.js';
import { axisOf, flag, integer, integers, number } from '../attributes.js';
import { countOf, indicesOf, type SelectingOperator, type Selection } from '../movement.js';
import { pad } from '../pad.js';
import { reducedAxes } from '../reduce.js';
import { tile } from '../repeat.js';
import { transposedTaps } from '../resample.js';
import { asResize, resizedTaps } from '../resize.js';
import { gather, slice } from '../slice.js';
import { type GradientRule, knownOf, shaped, summed, type Tape, unstretched } from './rule.js';

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

/** Elements go back to where they were taken from; those that were taken several times are summed. */
function selection({ select }: SelectingOperator): GradientRule {
  return ({ attributes, inputs, gradients }, tape) => {
    const { types, constants } = knownOf(inputs, tape);
    const [{ seen, picks }] = select(attributes, types, constants) as readonly [Selection];
    let gradient = shaped(gradients[0]!, picks.map(countOf), tape);
    const pads = [seen.map(() => 0), seen.map(() => 0)] as const;
    for (const [axis, each] of picks.entries()) {
      const indices = indicesOf(each);
      const around = paddingOf(indices, seen[axis]!);
      if (around === undefined) {
        const weights = Float32Array.from(indices, (index) => Number(index >= 0));
        const taps = transposedTaps({ taps: 1, indices, weights }, seen[axis]!);
        gradient = tape.node('Resample', [gradient], { axis, taps });
      } else [pads[0][axis], pads[1][axis]] = around;
    }
    if (pads.flat().some((size) => size !== 0))
      gradient = tape.node('Pad', [gradient, tape.integers(pads.flat())]);
    return [shaped(gradient, tape.type(inputs[0]!).shape, tape)];
  };
}

/** What has to be put around a gradient, or cut off, if elements were taken one after the other; else undefined. */
function paddingOf(indices: Int32Array, size: number): [number, number] | undefined {
  const before = Math.max(
    0,
    indices.findIndex((index) => index >= 0),
  );
  const count = indices.reduce((sum, index) => sum + Number(index >= 0), 0);
  const first = count === 0 ? 0 : indices[before]!;
  const [after, left] = [indices.length - before - count, size - first - count];
  const row = indices.subarray(before, before + count).every((index, i) => index === first + i);
  // Where something was filled in on a side, nothing is left of the input there.
  const fits = row && (before === 0 || first === 0) && (after === 0 || left === 0);
  return fits ? [first - before, left - after] : undefined;
}

/** One sum for all axes. */
const expand: GradientRule = ({ inputs, gradients }, tape) => [unstretched(gradients[0]!, inputs[0]!, tape)];

const resize: GradientRule = ({ attributes, inputs, gradients }, tape) => {
  const { types, constants } = knownOf(inputs, tape);
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
      reduction(rule, ({ attributes, inputs }, tape) => {
        const { types, constants } = knownOf(inputs, tape);
        return reducedAxes(attributes, types, constants);
      }),
    ]),
  ),
  ...{ Softmax: softmax(false), LogSoftmax: softmax(true) },
  ...{ Reshape: reshaped, Flatten: reshaped, Squeeze: reshaped, Unsqueeze: reshaped },
  ...{ Identity: passed, Dropout: passed, Transpose: transpose },
  ...{ DepthToSpace: depthToSpace, SpaceToDepth: spaceToDepth },
  ...{ Concat: concat, Split: split, Expand: expand },
  ...Object.fromEntries([gather, pad, slice, tile].map((row) => [row.name, selection(row)])),
  ...{ Resize: resize, Upsample: upsample },
};
