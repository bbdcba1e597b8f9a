import { elementCount } from '../../tensor/shape.js';
import { gathered } from '../movement.js';
import type { KernelCall, LoweringSettings } from '../operator.js';

/**
 * Where the pixels of phases go: output t of an axis is pixel ⌊(t + first) / stride⌋ of phase (t + first) modulo stride.
 * Phases are channels, those of a group phase · C + c.
 */
export interface Interleaving {
  readonly strides: readonly number[];
  readonly firsts: readonly number[];
  readonly sizes: readonly number[];
}

/**
 * The kernel that puts phases in order.
 *
 * @param shape of the phases: N × (groups · phases · C) × pixels
 */
export function interleaved(
  { strides, firsts, sizes }: Interleaving,
  groups: number,
  shape: readonly number[],
  settings: LoweringSettings,
): KernelCall {
  const [batch = 1, channels = 1, ...pixels] = shape;
  const phases = elementCount(strides);
  const plane = elementCount(pixels);
  const ofPhase = channels / groups / phases;
  const axes = sizes.map((size, a) => {
    const phaseStep = elementCount(strides.slice(a + 1)) * ofPhase * plane;
    const step = elementCount(pixels.slice(a + 1));
    const table = Int32Array.from({ length: size }, (_, t) => {
      const place = t + firsts[a]!;
      return (place % strides[a]!) * phaseStep + Math.floor(place / strides[a]!) * step;
    });
    return { table };
  });
  const rows = [
    { count: batch * groups, step: phases * ofPhase * plane },
    { count: ofPhase, step: plane },
  ];
  return gathered({ inputs: batch * channels * plane, base: 0, axes: [...rows, ...axes] }, settings);
}

/** The shape of what phases of this shape make. */
export function inOrder(
  [batch = 1, channels = 1]: readonly number[],
  { strides, sizes }: Interleaving,
): number[] {
  return [batch, channels / elementCount(strides), ...sizes];
}

/** Whether each pixel of each phase is an output, and they begin with the first: then phases need no moving. */
export function coversAll({ strides, firsts, sizes }: Interleaving, pixels: readonly number[]): boolean {
  return sizes.every((size, a) => firsts[a] === 0 && size === strides[a]! * pixels[a]!);
}
