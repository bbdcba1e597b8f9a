import { expected } from '../../synth/errors.js';
import { MAX_ELEMENTS } from '../tensor/shape.js';
import { axisOf, choice, knownIntegers, knownNumbers, required } from './attributes.js';
import { type Picks, selectingOperator, whole } from './movement.js';

/** Where an index beyond an axis is taken from; −1 for the fill value. */
const beyond = {
  constant: () => -1,
  edge: (index: number, size: number) => Math.min(Math.max(index, 0), size - 1),
  reflect(index: number, size: number) {
    if (size === 1) return 0;
    const period = 2 * (size - 1);
    const at = ((index % period) + period) % period;
    return at < size ? at : period - at;
  },
  wrap: (index: number, size: number) => ((index % size) + size) % size,
};

/** Elements around a tensor, by `mode`: a constant, the edge, the mirrored or the repeated input. Negative pads cut. */
export const pad = selectingOperator(
  'Pad',
  (attributes, inputs, constants) => {
    const { shape } = required(inputs, 0, 'data');
    const mode = choice(attributes, 'mode', ['constant', 'edge', 'reflect', 'wrap'], 'constant');
    // Known, or refused.
    knownNumbers(inputs, constants, 2, 'constant_value');
    const pads = knownIntegers(inputs, constants, 1, 'pads') ?? [];
    const axes = (knownIntegers(inputs, constants, 3, 'axes') ?? shape.map((_, axis) => axis)).map((axis) =>
      axisOf(axis, shape.length, 'input axes'),
    );
    if (pads.length !== 2 * axes.length) throw expected('input pads', `${2 * axes.length} integers`, pads);
    const picks: Picks[] = shape.map(whole);
    for (const [i, axis] of axes.entries()) {
      const size = shape[axis]!;
      const [before, after] = [pads[i]!, pads[i + axes.length]!];
      const count = size + before + after;
      const possible =
        count >= 0 && count <= MAX_ELEMENTS && (mode === 'constant' || size > 0 || count === 0);
      if (!possible) throw expected('input pads', `possible for an axis of ${size}`, [before, after]);
      if (before === 0 && after === 0) continue;
      picks[axis] = Int32Array.from({ length: count }, (_, x) => {
        const index = x - before;
        return index >= 0 && index < size ? index : beyond[mode](index, size);
      });
    }
    return [{ seen: shape, picks }];
  },
  (_attributes, constants) => constants[2]?.data[0] ?? 0,
);
