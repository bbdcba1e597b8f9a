import { expected } from '../../synth/errors.js';
import { elementCount } from '../tensor/shape.js';
import { axisOf, integer, required } from './attributes.js';
import { numbersOf } from './constants.js';
import { blockedShape } from './movement.js';
import type { Constant, Layout, Operator, TensorType } from './operator.js';
import { threadsFor } from './threads.js';

/** Tensors side by side along an axis. */
export const concat: Operator = {
  name: 'Concat',

  infer(attributes, inputs) {
    const { type, shape } = required(inputs, 0, 'inputs');
    const axis = axisOf(integer(attributes, 'axis'), shape.length);
    let size = 0;
    for (const [i, input] of inputs.entries()) {
      const fits =
        input?.type === type &&
        input.shape.length === shape.length &&
        input.shape.every((each, a) => a === axis || each === shape[a]);
      if (!fits)
        throw expected(
          `input ${i}`,
          `${type} of shape ${shape.join(' × ')} but for axis ${axis}`,
          input?.shape,
        );
      size += input.shape[axis]!;
    }
    return [{ type, shape: shape.map((each, a) => (a === axis ? size : each)) }];
  },

  evaluate(attributes, inputs, types) {
    const [made] = concat.infer(attributes, types, inputs) as [TensorType];
    const { outer, runs } = rowsOf(integer(attributes, 'axis'), inputs as readonly Constant[]);
    const data = numbersOf(made.type, elementCount(made.shape));
    let at = 0;
    for (let row = 0; row < outer; row++)
      for (const [i, run] of runs.entries()) {
        data.set(inputs[i]!.data.subarray(row * run, (row + 1) * run), at);
        at += run;
      }
    return [{ ...made, data }];
  },

  layouts(attributes, inputs, outputs, { isa }) {
    const rank = outputs[0]!.shape.length;
    const axis = axisOf(integer(attributes, 'axis'), rank);
    // Vectors of channels stay whole, but for the last input's.
    const whole = axis !== 1 || inputs.slice(0, -1).every((input) => input!.shape[1]! % isa.width === 0);
    const layouts: readonly Layout[] = rank > 2 && whole ? ['blocked', 'planar'] : ['planar'];
    return { inputs: inputs.map(() => layouts), outputs: [layouts], alike: true };
  },

  lower({ attributes, inputs, outputs }, { isa, threads }) {
    const axis = axisOf(integer(attributes, 'axis'), outputs[0]!.shape.length);
    const blocked = outputs[0]!.layout === 'blocked';
    const placed = inputs.map((input) =>
      blocked ? { ...input!, shape: blockedShape(input!.shape, isa.width) } : input!,
    );
    const { outer, runs } = rowsOf(axis, placed);
    const bytes = 8 * placed.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    return {
      steps: [
        {
          operator: 'concat',
          description: { threads: threadsFor(threads, bytes), outer, runs: Int32Array.from(runs) },
          inputs: inputs.map((_, input) => ({ input })),
          outputs: [{ output: 0 }],
        },
      ],
      // In one row, each input is a part of the result.
      ...(outer === 1 && {
        inside: runs.map((_, i) => 4 * runs.slice(0, i).reduce((sum, run) => sum + run, 0)),
      }),
      title: 'concatenate',
    };
  },
};

/** The result as rows, each of a run of every input. */
function rowsOf(axis: number, inputs: readonly TensorType[]) {
  const rank = inputs[0]!.shape.length;
  const from = axis < 0 ? axis + rank : axis;
  return {
    outer: elementCount(inputs[0]!.shape.slice(0, from)),
    runs: inputs.map(({ shape }) => elementCount(shape.slice(from))),
  };
}
