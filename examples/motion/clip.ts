import { expected, InputError } from '../../synth/errors.js';

/** A grey clip in memory. */
export interface Clip {
  /** What a reader calls it: the file's name, or that of the rendered scene. */
  readonly name: string;
  readonly frames: number;
  readonly height: number;
  readonly width: number;
  /** Luma, frames × height × width, 0 (black) to 255 (white). */
  readonly luma: Float32Array;
  /** What was done to the input on the way here (frames left out, pictures made smaller), as sentences. */
  readonly notes: readonly string[];
  /** How every pixel moves, for a clip that was rendered. */
  readonly truth?: GroundTruth;
}

/** The motion that a clip was rendered with; the same in every frame. */
export interface GroundTruth {
  /** Height × width: index into `motions`, or −1 where nothing moves. */
  readonly region: Int8Array;
  readonly motions: readonly Motion[];
}

/** A constant motion in the picture. */
export interface Motion {
  /** Radians anticlockwise from "to the right", as a person looking at the picture sees it. */
  readonly direction: number;
  /** Pixels per frame. */
  readonly speed: number;
}

/** Bounds that keep a clip of any size within reach of the demo. */
export interface ClipLimits {
  /** Frames read at most; what follows them is left out. */
  readonly maxFrames: number;
  /** Pixels of the longer side at most; larger pictures are averaged down. */
  readonly maxSize: number;
}

/** Refuses a clip that is smaller than the kernel [frames, height, width] that is to run over it. */
export function assertCovers(clip: Clip, kernel: readonly [number, number, number]): void {
  const size = [clip.frames, clip.height, clip.width];
  if (kernel.every((taps, axis) => size[axis]! >= taps)) return;
  throw expected(
    clip.name,
    `a clip of at least ${kernel[0]} frames of ${kernel[2]}×${kernel[1]} pixels (the size of the filters)`,
    `${clip.frames} frames of ${clip.width}×${clip.height}`,
  );
}

/** Refuses luma that is not a number; one NaN would spread over the whole picture. */
export function assertFinite(luma: Float32Array, name: string): void {
  const bad = luma.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new InputError(`Expected ${name} to hold finite numbers but received ${luma[bad]}`);
}
