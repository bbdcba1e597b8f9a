import { expected } from '../../synth/errors.js';
import { choice, integer, integers } from './attributes.js';
import { permutingOperator } from './movement.js';

/** Axes in another order, by default reversed. */
export const transpose = permutingOperator('Transpose', (attributes, shape) => {
  const rank = shape.length;
  const order = integers(attributes, 'perm', { count: rank }) ?? shape.map((_, axis) => rank - 1 - axis);
  if (new Set(order).size !== rank || !order.every((axis) => axis >= 0 && axis < rank))
    throw expected('attribute perm', `each of the ${rank} axes once`, order);
  return { seen: shape, order, shape: order.map((axis) => shape[axis]!) };
});

/** Channels become pixels: blocksize × blocksize of them, the block before the channel (DCR) or behind it (CRD). */
export const depthToSpace = permutingOperator('DepthToSpace', (attributes, shape) => {
  const [batch, channels, height, width] = image(shape);
  const block = integer(attributes, 'blocksize', undefined, 1);
  const mode = choice(attributes, 'mode', ['DCR', 'CRD'], 'DCR');
  const rest = channels / block ** 2;
  if (!Number.isInteger(rest)) throw expected('channels', `a multiple of ${block ** 2}`, channels);
  return {
    seen:
      mode === 'DCR'
        ? [batch, block, block, rest, height, width]
        : [batch, rest, block, block, height, width],
    order: mode === 'DCR' ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3],
    shape: [batch, rest, height * block, width * block],
  };
});

/** Pixels become channels: blocksize × blocksize of them, before the channel. */
export const spaceToDepth = permutingOperator('SpaceToDepth', (attributes, shape) => {
  const [batch, channels, height, width] = image(shape);
  const block = integer(attributes, 'blocksize', undefined, 1);
  if (height % block !== 0 || width % block !== 0)
    throw expected('height and width', `multiples of ${block}`, [height, width]);
  return {
    seen: [batch, channels, height / block, block, width / block, block],
    order: [0, 3, 5, 1, 2, 4],
    shape: [batch, channels * block ** 2, height / block, width / block],
  };
});

function image(shape: readonly number[]): readonly [number, number, number, number] {
  if (shape.length !== 4) throw expected('the input', 'of rank 4', shape);
  return shape as readonly [number, number, number, number];
}
