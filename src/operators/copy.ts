import { elementCount } from '../tensor/shape.js';
import type { KernelCall, LoweringSettings, TensorType } from './operator.js';

/** Copies a tensor as it lies. */
export function lowerCopy({ shape }: TensorType, { threads }: LoweringSettings): KernelCall {
  return { operator: 'copy', description: { bytes: 4 * elementCount(shape), threads } };
}
