import { elementCount } from '../../tensor/shape.js';
import { gathered, stridesOf } from '../movement.js';
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

/** How phases lie in memory: outer × phases × inner × pixels × lanes. */
interface PhaseExtents {
  readonly outer: number;
  readonly inner: number;
  readonly pixels: readonly number[];
  readonly lanes: number;
}

/** The kernel that puts phases in order. */
export function inOrderFrom(
  { outer, inner, pixels, lanes }: PhaseExtents,
  { strides, firsts, sizes }: Interleaving,
  settings: LoweringSettings,
): KernelCall {
  const plane = elementCount(pixels) * lanes;
  const phase = inner * plane;
  const all = elementCount(strides) * phase;
  const [phaseSteps, pixelSteps] = [stridesOf(strides), stridesOf(pixels)];
  const axes = sizes.map((size, a) => ({
    table: Int32Array.from({ length: size }, (_, t) => {
      const place = t + firsts[a]!;
      const [of, at] = [place % strides[a]!, Math.floor(place / strides[a]!)];
      return of * phaseSteps[a]! * phase + at * pixelSteps[a]! * lanes;
    }),
  }));
  const rows = [
    { count: outer, step: all },
    { count: inner, step: plane },
  ];
  const vector = { count: lanes, step: 1 };
  return gathered({ inputs: outer * all, base: 0, axes: [...rows, ...axes, vector] }, settings);
}

/**
 * The kernel that puts phases in order which are channels.
 *
 * @param shape of the phases: N × (groups · phases · C) × pixels
 */
export function interleaved(
  interleaving: Interleaving,
  groups: number,
  [batch = 1, channels = 1, ...pixels]: readonly number[],
  settings: LoweringSettings,
): KernelCall {
  const inner = channels / groups / elementCount(interleaving.strides);
  return inOrderFrom({ outer: batch * groups, inner, pixels, lanes: 1 }, interleaving, settings);
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
