import { expected } from '../../synth/errors.js';
import { MAX_ELEMENTS } from '../tensor/shape.js';
import { knownIntegers, required } from './attributes.js';
import { type Picks, selectingOperator } from './movement.js';

/** The whole tensor several times along each axis. */
export const tile = selectingOperator('Tile', (_attributes, inputs, constants) => {
  const { shape } = required(inputs, 0, 'input');
  const repeats = knownIntegers(inputs, constants, 1, 'repeats');
  const fits =
    repeats?.length === shape.length &&
    repeats.every((times, axis) => times >= 0 && times * shape[axis]! <= MAX_ELEMENTS);
  if (!fits)
    throw expected(
      'input repeats',
      `${shape.length} integers from 0 that no memory is too small for`,
      repeats,
    );
  return [{ seen: shape, picks: shape.map((size, axis) => repeated(size, repeats[axis]!)) }];
});

/** Broadcasting to a shape: axes of one element are stretched, and new ones come before. */
export const expand = selectingOperator('Expand', (_attributes, inputs, constants) => {
  const { shape } = required(inputs, 0, 'input');
  const wanted = knownIntegers(inputs, constants, 1, 'shape') ?? [];
  const rank = Math.max(shape.length, wanted.length);
  const seen = [...Array<number>(rank - shape.length).fill(1), ...shape];
  const sizes = [...Array<number>(rank - wanted.length).fill(1), ...wanted];
  const picks = seen.map((size, axis) => {
    const stretched = sizes[axis]!;
    if (stretched < 0 || (size !== stretched && size !== 1 && stretched !== 1))
      throw expected('input shape', `one that ${shape.join(' × ')} can be expanded to`, wanted);
    return repeated(size, size === 1 ? stretched : 1);
  });
  return [{ seen, picks }];
});

function repeated(size: number, times: number): Picks {
  if (size === 1) return { first: 0, step: 0, count: times };
  if (times === 1) return { first: 0, step: 1, count: size };
  return Int32Array.from({ length: size * times }, (_, i) => i % size);
}
