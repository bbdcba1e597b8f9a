import { expected } from '../../synth/errors.js';
import { choice, flag, integers } from './attributes.js';
import type { Attributes } from './operator.js';

/** Windows along one axis. */
export interface Window {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padBegin: number;
  readonly padEnd: number;
}

/** A window that changes nothing. */
export const noWindow: Window = {
  ...{ input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, padBegin: 0, padEnd: 0 },
};

/**
 * Windows of a pooling along each spatial axis, from `kernel_shape`, `strides`, `dilations`, `pads`, `auto_pad` and
 * `ceil_mode`. With the last one, a window that begins on the padding at the end is left out.
 *
 * @param shape N×C×spatial
 * @throws InputError naming the attribute that does not fit, or for a window that does not meet the input
 */
export function windowsOf(attributes: Attributes, shape: readonly number[]): readonly Window[] {
  const spatial = shape.slice(2);
  const rank = spatial.length;
  if (rank < 1 || rank > 3) throw expected('the input', 'N × C × one to three axes', shape);
  const perAxis = (name: string) =>
    integers(attributes, name, { count: rank, least: 1, most: 2 ** 20 }) ?? spatial.map(() => 1);
  if (attributes.kernel_shape === undefined)
    throw expected('attribute kernel_shape', `${rank} integers`, undefined);
  const kernel = perAxis('kernel_shape');
  const strides = perAxis('strides');
  const dilations = perAxis('dilations');
  const automatic = choice(attributes, 'auto_pad', ['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'], 'NOTSET');
  const pads = integers(attributes, 'pads', { count: 2 * rank, least: 0, most: 2 ** 20 });
  const rounding = flag(attributes, 'ceil_mode') ? Math.ceil : Math.floor;
  return spatial.map((input, axis) => {
    const [size, stride, dilation] = [kernel[axis]!, strides[axis]!, dilations[axis]!];
    const reach = dilation * (size - 1) + 1;
    let [padBegin, padEnd] = [0, 0];
    if (automatic.startsWith('SAME')) {
      [padBegin, padEnd] = samePadding(automatic === 'SAME_UPPER', { input, reach, stride });
    } else if (automatic === 'NOTSET' && pads !== undefined) {
      [padBegin, padEnd] = [pads[axis]!, pads[axis + rank]!];
      if (padBegin >= reach || padEnd >= reach)
        throw expected('attribute pads', `below the reach of the kernel (${reach})`, pads);
    }
    const span = input + padBegin + padEnd - reach;
    let output = rounding(span / stride) + 1;
    if (rounding === Math.ceil && (output - 1) * stride >= input + padBegin) output--;
    const window = { input, output, kernel: size, stride, dilation, padBegin, padEnd };
    if (span < 0 || !meetsInput(window))
      throw expected(`the input's axis ${axis + 2}`, `met by every window of a kernel of ${size}`, input);
    return window;
  });
}

/** What ONNX's `SAME_UPPER` and `SAME_LOWER` put around an axis: ⌈input / stride⌉ outputs, an odd one behind or before. */
export function samePadding(
  upper: boolean,
  { input, reach, stride }: { readonly input: number; readonly reach: number; readonly stride: number },
): [number, number] {
  const total = Math.max(0, (Math.ceil(input / stride) - 1) * stride + reach - input);
  const less = Math.floor(total / 2);
  return upper ? [less, total - less] : [total - less, less];
}

/** Whether every window has a tap on the input; with a dilation it may stride over a short one. */
function meetsInput({ input, output, kernel, stride, dilation, padBegin }: Window): boolean {
  for (let x = 0; x < output; x++) {
    const start = x * stride - padBegin;
    const first = start < 0 ? Math.ceil(-start / dilation) : 0;
    if (first >= kernel || start + first * dilation >= input) return false;
  }
  return true;
}
