import { elementCount } from '../tensor/shape.js';
import { axisOf, flag, floats, integer } from './attributes.js';
import type { Attributes, Operator } from './operator.js';

/**
 * e^x / Σ e^x along an axis (default the last), or its logarithm. With `flattened: 1` along all axes from that one on, as
 * before opset 13, where the importer also has to give the default axis 1.
 */
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
  const flattened = flag(attributes, 'flattened');
  const axis = axisOf(integer(attributes, 'axis', -1), shape.length);
  const length = flattened ? elementCount(shape.slice(axis)) : shape[axis]!;
  const inner = flattened ? 1 : elementCount(shape.slice(axis + 1));
  // An axis of nothing has no results either.
  return length === 0
    ? { outer: 0, length: 1, inner: 1 }
    : { outer: elementCount(shape.slice(0, axis)), length, inner };
}
