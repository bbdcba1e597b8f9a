import { npyBytes } from '../../src/tensor/npy.js';
import { Tensor } from '../../src/tensor/tensor.js';
import { arrowPath } from './arrows.js';
import type { Clip } from './clip.js';
import type { GaborBank } from './gabor.js';
import type { MotionField } from './motion.js';
import { type Files, marker } from './output.js';
import { pageHtml } from './page/page.js';
import type { StageFrame } from './page/stage.js';
import { framePng, motionPng, truthPng, wheelPng } from './pictures.js';
import type { DemoReport } from './report.js';

/** The page, to be opened in a browser. */
export const pageName = 'index.html';

/**
 * All files of the result: the page, the figures as JSON, the pictures by themselves, and as arrays the velocity of every
 * pixel (right and up in pixels per frame) and the confidence in it.
 *
 * @param onFrame told after every frame how many of all are done
 */
export function reportFiles(
  report: DemoReport,
  bank: GaborBank,
  clip: Clip,
  field: MotionField,
  onFrame: (done: number, all: number) => void,
): Files {
  // The filters see half of their frames before and half after the one that they answer for.
  const delay = (bank.kernel[0] - 1) / 2;
  const frames = Array.from({ length: field.frames }, (_, index): StageFrame => {
    const frame = index + delay;
    onFrame(index + 1, field.frames);
    return {
      number: frame + 1,
      clip: framePng(clip, frame),
      motion: motionPng(field, index, clip, frame),
      arrows: arrowPath(field, index),
    };
  });
  const truth = clip.truth && truthPng(clip.truth, clip, delay);
  const stage = {
    frames,
    height: clip.height,
    width: clip.width,
    wheel: wheelPng(256),
    ...(truth && { truth }),
  };
  const numbered = (kind: string, { number }: StageFrame) =>
    `frames/${kind}-${String(number).padStart(4, '0')}.png`;
  return new Map<string, string | Uint8Array>([
    [pageName, pageHtml(report, bank, stage)],
    [marker, `${JSON.stringify(report, null, 2)}\n`],
    ...frames.flatMap((frame): [string, Uint8Array][] => [
      [numbered('clip', frame), frame.clip],
      [numbered('motion', frame), frame.motion],
    ]),
    ...(truth ? [['frames/truth.png', truth] as const] : []),
    ['velocity.npy', arrayFile(field, [field.right, field.up])],
    ['confidence.npy', arrayFile(field, [field.confidence])],
  ]);
}

/** Planes of a field as planes × frames × height × width in NumPy's format. */
function arrayFile({ frames, height, width }: MotionField, planes: readonly Float32Array[]): Uint8Array {
  const data = new Float32Array(planes.length * frames * height * width);
  planes.forEach((plane, index) => {
    data.set(plane, index * plane.length);
  });
  return Buffer.concat(npyBytes(new Tensor(data, [planes.length, frames, height, width])));
}
