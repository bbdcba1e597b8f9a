import { expected } from '../../../synth/errors.js';
import type { NativeActivation } from '../../native/addon.js';
import { type Layer, type Problem, type Rank, validateInput, validateLayer } from '../../problem/problem.js';
import { choice, integer, integers } from '../attributes.js';
import type { Attributes, TensorType } from '../operator.js';
import { samePadding } from '../windows.js';

const NOTHING: NativeActivation = { slope: 1, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

/**
 * The problem that a node of ONNX's Conv poses: `kernel_shape`, `strides`, `dilations`, `pads`, `auto_pad` and `group` as
 * there, and `activation`, which graph passes put there.
 *
 * @throws InputError naming the attribute or input that does not fit
 */
export function problemOf(
  attributes: Attributes,
  x: TensorType,
  weight: TensorType,
  threads: number,
): Problem {
  const rank = x.shape.length - 2;
  if (rank < 1 || rank > 3) throw expected('the input', 'N × C × one to three axes', x.shape);
  if (weight.shape.length !== rank + 2) throw expected('the weight', `of rank ${rank + 2}`, weight.shape);
  const kernel = weight.shape.slice(2);
  const stated = integers(attributes, 'kernel_shape', { count: rank });
  if (stated !== undefined && stated.join() !== kernel.join())
    throw expected('attribute kernel_shape', `${kernel.join(', ')}, as the weight has it`, stated);
  const ones = kernel.map(() => 1);
  const strides = integers(attributes, 'strides', { count: rank, least: 1 }) ?? ones;
  const dilations = integers(attributes, 'dilations', { count: rank, least: 1 }) ?? ones;
  const groups = integer(attributes, 'group', 1, 1);
  const layer = validateLayer(
    {
      ...{ inChannels: weight.shape[1]! * groups, outChannels: weight.shape[0]!, groups, threads },
      ...{ kernelSize: kernel, stride: strides, dilation: dilations },
      padding: padsOf(attributes, x.shape.slice(2), kernel, strides, dilations),
    },
    rank as Rank,
  );
  const activation = (attributes.activation as NativeActivation | undefined) ?? NOTHING;
  return validateInput({ ...layer, activation } satisfies Layer, x.shape);
}

/** Zeros before and behind each axis. */
function padsOf(
  attributes: Attributes,
  sizes: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): [number, number][] {
  const automatic = choice(attributes, 'auto_pad', ['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'], 'NOTSET');
  const pads = integers(attributes, 'pads', { count: 2 * kernel.length, least: 0 });
  return kernel.map((taps, axis) => {
    if (automatic === 'VALID') return [0, 0];
    if (automatic === 'NOTSET') return [pads?.[axis] ?? 0, pads?.[axis + kernel.length] ?? 0];
    const reach = dilations[axis]! * (taps - 1) + 1;
    return samePadding(automatic === 'SAME_UPPER', { input: sizes[axis]!, reach, stride: strides[axis]! });
  });
}
