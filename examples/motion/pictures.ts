import { encode } from 'fast-png';
import type { Clip, GroundTruth } from './clip.js';
import { motionPicture, wheelPicture } from './colour.js';
import type { GaborBank } from './gabor.js';
import type { MotionField } from './motion.js';

/** A PNG file's bytes. */
export type Png = Uint8Array;

/** A picture as an address that a page can hold in itself. */
export function dataUri(png: Png): string {
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

/** One frame of the clip in grey. */
export function framePng(clip: Clip, frame: number): Png {
  const luma = frameOf(clip, frame);
  const { width, height } = clip;
  return encode({ width, height, channels: 1, data: Uint8Array.from(luma, Math.round) });
}

/**
 * One frame of the motion found, in colour over the dimmed clip.
 *
 * @param frame counts the field's frames
 * @param clipFrame the clip's frame that it belongs to
 */
export function motionPng(field: MotionField, frame: number, clip: Clip, clipFrame: number): Png {
  const { width, height } = field;
  return encode({ width, height, channels: 3, data: motionPicture(field, frame, frameOf(clip, clipFrame)) });
}

/** The motion that was rendered, in the same colours at full confidence. */
export function truthPng(truth: GroundTruth, clip: Clip, clipFrame: number): Png {
  return motionPng(truthField(truth, clip), 0, clip, clipFrame);
}

/** The legend of the colours. */
export function wheelPng(size: number): Png {
  return encode({ width: size, height: size, channels: 4, data: wheelPicture(size) });
}

/** Frames of a filter below each other, mid-grey for zero: a strip that a page can step through. */
export function filterPng(bank: GaborBank, channel: number): Png {
  const [frames, rows, columns] = bank.kernel;
  const taps = frames * rows * columns;
  const weight = bank.weight.subarray(channel * taps, (channel + 1) * taps);
  const largest = weight.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const data = Uint8Array.from(weight, (value) => Math.round(127.5 + (127.5 * value) / largest));
  return encode({ width: columns, height: frames * rows, channels: 1, data });
}

/** The true motion of the clip's pixels as one frame of a field; confidence 1 where something moves. */
function truthField(truth: GroundTruth, { height, width }: Clip): MotionField {
  const along = (part: (direction: number) => number) =>
    Float32Array.from(truth.region, (region) => {
      const motion = truth.motions[region];
      return motion ? motion.speed * part(motion.direction) : 0;
    });
  const confidence = Float32Array.from(truth.region, (region) => (region < 0 ? 0 : 1));
  return {
    frames: 1,
    height,
    width,
    right: along(Math.cos),
    up: along(Math.sin),
    confidence,
    clarity: confidence,
  };
}

function frameOf({ luma, height, width }: Clip, frame: number): Float32Array {
  return luma.subarray(frame * height * width, (frame + 1) * height * width);
}
