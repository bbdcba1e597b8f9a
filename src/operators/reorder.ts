import { elementCount } from '../tensor/shape.js';
import type { KernelCall, Layout, LoweringSettings, TensorType } from './operator.js';

/** Reshuffles a tensor from the other layout into this one. */
export function lowerReorder(
  { shape }: TensorType,
  to: Layout,
  { isa, threads }: LoweringSettings,
): KernelCall {
  const [batch = 1, channels = 1, ...spatial] = shape;
  return {
    operator: 'reorder',
    description: { batch, channels, pixels: elementCount(spatial), to, isa: isa.name, threads },
  };
}
