import { expected } from '../../synth/errors.js';
import { elementCount } from '../tensor/shape.js';
import { required } from './attributes.js';
import type { Operator, TensorType } from './operator.js';

/** Operators whose result is their first input; Dropout, which drops nothing, can tell which elements it has kept. */
export const identityOperators: readonly Operator[] = [identity('Identity'), identity('Dropout', true)];

function identity(name: string, withMask = false): Operator {
  const mask = ({ shape }: TensorType) => (withMask ? [{ type: 'bool' as const, shape }] : []);
  return {
    name,
    infer(_attributes, inputs, constants) {
      // Dropout in training: the third input says so.
      if (constants[2]?.data[0]) throw expected('input training_mode', 'false', true);
      const { type, shape } = required(inputs, 0, 'data');
      return [{ type, shape }, ...mask({ type, shape })];
    },
    evaluate(_attributes, inputs) {
      const data = required(inputs, 0, 'data');
      const ones = new Float64Array(elementCount(data.shape)).fill(1);
      return [data, ...mask(data).map((type) => ({ ...type, data: ones }))];
    },
    layouts(_attributes, inputs, outputs) {
      const any = outputs[0]!.shape.length > 2 ? (['blocked', 'planar'] as const) : (['planar'] as const);
      return { inputs: inputs.map((_, i) => (i === 0 ? any : ['planar'])), outputs: [any], alike: true };
    },
    lower: () => ({ steps: [], alias: true, title: 'alias' }),
  };
}
