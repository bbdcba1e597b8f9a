import { elementCount } from '../tensor/shape.js';
import { axisOf, floats, integer } from './attributes.js';
import type { Attributes, Operator } from './operator.js';

/** e^x / Σ e^x along an axis, by default the last, or its logarithm. */
export const softmaxOperators: readonly Operator[] = [softmax('Softmax', false), softmax('LogSoftmax', true)];

function softmax(name: string, logarithm: boolean): Operator {
  return {
    name,
    infer(attributes, inputs) {
      const { type, shape } = floats(inputs, 0, 'input');
      extents(attributes, shape);
      return [{ type, shape }];
    },
    lower({ attributes, inputs }, { isa, threads }) {
      const description = { isa: isa.name, threads, ...extents(attributes, inputs[0]!.shape), logarithm };
      return {
        steps: [{ operator: 'softmax', description, inputs: [{ input: 0 }], outputs: [{ output: 0 }] }],
        title: name,
      };
    },
    inPlace: [0],
  };
}

function extents(attributes: Attributes, shape: readonly number[]) {
  if (shape.length === 0) return { outer: 1, length: 1, inner: 1 };
  const axis = axisOf(integer(attributes, 'axis', -1), shape.length);
  const length = shape[axis]!;
  // An axis of nothing has no results either.
  if (length === 0) return { outer: 0, length: 1, inner: 1 };
  return { outer: elementCount(shape.slice(0, axis)), length, inner: elementCount(shape.slice(axis + 1)) };
}
