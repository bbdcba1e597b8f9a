import { elementCount } from '../tensor/shape.js';
import { floats, integer, number } from './attributes.js';
import type { Operator } from './operator.js';

/** Local response normalization: x / (bias + alpha / size · Σ x²)^beta over `size` channels around each element's. */
export const lrn: Operator = {
  name: 'LRN',
  infer(attributes, inputs) {
    const { type, shape } = floats(inputs, 0, 'X');
    integer(attributes, 'size', undefined, 1, 64);
    return [{ type, shape }];
  },
  lower({ attributes, inputs }, { isa, threads }) {
    const [batch = 1, channels = 1, ...spatial] = inputs[0]!.shape;
    const description = {
      ...{ isa: isa.name, threads, batch, channels, pixels: elementCount(spatial) },
      size: integer(attributes, 'size', undefined, 1, 64),
      alpha: number(attributes, 'alpha', 0.0001),
      beta: number(attributes, 'beta', 0.75),
      bias: number(attributes, 'bias', 1),
    };
    return {
      steps: [{ operator: 'lrn', description, inputs: [{ input: 0 }], outputs: [{ output: 0 }] }],
      title: 'LRN',
    };
  },
};
