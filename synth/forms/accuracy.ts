import { checkTransform } from '../core/check.js';
import type { Transform } from '../core/transform.js';
import { expected } from '../errors.js';
import { expectedLayerError, MAX_DIMS } from '../noise/layer.js';
import { checkOptions } from '../options.js';
import { backwardData, backwardWeights } from './gradients.js';

/** Over how much a training step sums. */
export interface TrainingStep {
  /** Nested axes; default 2. */
  readonly dims?: number;
  /** Channels that the forward pass and the gradient of the data sum over; default 64. */
  readonly channels?: number;
  /** Tiles of all images, which the gradient of the weights sums over; default 1024. */
  readonly tiles?: number;
}

/** Expected errors of a training step, each as a multiple of direct convolution's for the same sum. */
export interface TrainingAccuracy {
  readonly forward: number;
  readonly backwardData: number;
  readonly backwardWeights: number;
}

/**
 * Expected rounding errors of the forward pass and of both gradients by one algorithm. Weights are transformed in
 * double precision beforehand; for the gradient of the weights their place is taken by gradients of the output, which
 * can only be transformed in single precision as they come.
 *
 * @throws InputError when it is no transform or a number is not positive
 */
export function trainingAccuracy(transform: Transform, step: TrainingStep = {}): TrainingAccuracy {
  checkTransform(transform);
  checkOptions('trainingAccuracy', step, { dims: true, channels: true, tiles: true });
  const { dims = 2, channels = 64, tiles = 1024 } = step;
  for (const [name, value] of Object.entries({ dims, channels, tiles })) {
    if (!Number.isInteger(value) || value < 1) throw expected(name, 'a positive integer', value);
  }
  if (dims > MAX_DIMS) throw expected('dims', `at most ${MAX_DIMS}`, dims);
  const ratio = (each: Transform, count: number, kernelTransform: 'single' | 'double') =>
    expectedLayerError(Array<Transform>(dims).fill(each), { channels: count, kernelTransform }).ratio;
  return {
    forward: ratio(transform, channels, 'double'),
    backwardData: ratio({ ...transform, C: backwardData(transform).C }, channels, 'double'),
    backwardWeights: ratio(backwardWeights(transform), tiles, 'single'),
  };
}
