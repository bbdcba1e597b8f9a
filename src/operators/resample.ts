import { expected } from '../../synth/errors.js';
import { elementCount } from '../tensor/shape.js';
import { axisOf, floats, integer } from './attributes.js';
import type { Taps } from './coordinates.js';
import type { KernelCall, LoweringSettings, Operator } from './operator.js';
import { threadsFor } from './threads.js';

/** The kernel that resamples one axis of a tensor of this shape. */
export function resampling(
  shape: readonly number[],
  axis: number,
  { taps, indices, weights }: Taps,
  { isa, threads }: LoweringSettings,
): KernelCall {
  const outer = elementCount(shape.slice(0, axis));
  const inner = elementCount(shape.slice(axis + 1));
  const [inputs, outputs] = [shape[axis]!, indices.length / taps];
  const used = threadsFor(threads, 4 * outer * inner * (inputs + outputs));
  return {
    operator: 'resample',
    description: { isa: isa.name, threads: used, outer, inputs, outputs, inner, taps, indices, weights },
  };
}

/**
 * An axis of weighted sums of its elements: attribute `axis`, and `taps`, which says for each output which inputs it sums and
 * how they weigh. What resizing comes down to, and its gradient.
 */
export const resample: Operator = {
  name: 'Resample',
  infer(attributes, inputs) {
    const { type, shape } = floats(inputs, 0, 'X');
    const axis = axisOf(integer(attributes, 'axis'), shape.length);
    const { taps, indices } = attributes.taps as Taps;
    if (!indices.every((index) => index < shape[axis]!))
      throw expected('attribute taps', `of indices below ${shape[axis]}`, indices);
    return [{ type, shape: shape.with(axis, indices.length / taps) }];
  },
  lower({ attributes, inputs }, settings) {
    const { shape } = inputs[0]!;
    const axis = axisOf(integer(attributes, 'axis'), shape.length);
    const call = resampling(shape, axis, attributes.taps as Taps, settings);
    return {
      steps: [{ ...call, inputs: [{ input: 0 }], outputs: [{ output: 0 }] }],
      title: 'weighted sums along an axis',
    };
  },
};

/** Sums that give back what each element has given: the transposed matrix. @param size of the axis that was resampled */
export function transposedTaps({ taps, indices, weights }: Taps, size: number): Taps {
  const outputs = indices.length / taps;
  const readers = Array.from({ length: size }, (): [number, number][] => []);
  for (const [i, index] of indices.entries())
    if (weights[i] !== 0) readers[index]!.push([i % outputs, weights[i]!]);
  const most = readers.reduce((longest, { length }) => Math.max(longest, length), 1);
  const back = { taps: most, indices: new Int32Array(most * size), weights: new Float32Array(most * size) };
  for (const [element, each] of readers.entries())
    for (const [tap, [output, weight]] of each.entries()) {
      back.indices[tap * size + element] = output;
      back.weights[tap * size + element] = weight;
    }
  return back;
}
