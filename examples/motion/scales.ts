import { gaussianBlur } from './blur.js';
import type { Clip } from './clip.js';
import type { MotionField } from './motion.js';
import { areaResize } from './resize.js';

/** Halvings of the picture at the most: with filters for up to two pixels per frame, up to eight are seen. */
const halvings = 2;
/** Pixels of the shorter side that a halved picture has at the least: several filters across. */
const leastSide = 48;
/** Standard deviation in pixels of the blur before a picture is halved: finer stripes would alias into motion that is not there. */
const smoothing = 1;
/** Pixels per frame of a picture's own from which on its filters cannot be trusted to tell how fast, or which way. */
const tooFast = 1.7;
/** Confidence from which on a coarser picture's word counts. */
const sure = 0.5;

/**
 * The clip, and the clip at half the size and at a quarter of it while that leaves something to see: what moves too fast
 * for the filters moves half as fast in a picture of half the size, and its blur is half as wide (Heeger 1987 finds
 * velocities on the levels of a pyramid in this way).
 */
export function scalesOf(clip: Clip): readonly Clip[] {
  const scales = [clip];
  for (let { height, width } = clip; scales.length <= halvings; ) {
    [height, width] = [Math.floor(height / 2), Math.floor(width / 2)];
    if (Math.min(height, width) < leastSide) break;
    scales.push(resized(scales.at(-1)!, height, width));
  }
  return scales;
}

function resized(clip: Clip, height: number, width: number): Clip {
  const blur = gaussianBlur(clip.height, clip.width, smoothing);
  const resize = areaResize(clip, { height, width });
  const luma = new Float32Array(clip.frames * height * width);
  const size = clip.height * clip.width;
  for (let frame = 0; frame < clip.frames; frame++)
    luma.set(resize(blur(clip.luma.subarray(frame * size, (frame + 1) * size))), frame * height * width);
  return { name: clip.name, frames: clip.frames, height, width, luma, notes: clip.notes };
}

/**
 * Takes over from a coarser field, enlarged, what is too fast for the finer one, and what only the coarser one is sure
 * of.
 *
 * @param fine changed in place
 * @param coarse of as many frames and fewer pixels
 */
export function refine(fine: MotionField, coarse: MotionField): void {
  const [rows, columns] = [neighbours(fine.height, coarse.height), neighbours(fine.width, coarse.width)];
  const [down, across] = [fine.height / coarse.height, fine.width / coarse.width];
  for (let frame = 0; frame < fine.frames; frame++) {
    const from = frame * coarse.height * coarse.width;
    rows.forEach((row, y) => {
      columns.forEach((column, x) => {
        const at = (frame * fine.height + y) * fine.width + x;
        const value = (plane: Float32Array) => {
          const along = (line: number) => {
            const start = from + line * coarse.width;
            return mix(plane[start + column.first]!, plane[start + column.second]!, column.share);
          };
          return mix(along(row.first), along(row.second), row.share);
        };
        const confidence = value(coarse.confidence);
        const [right, up] = [across * value(coarse.right), down * value(coarse.up)];
        const blank = fine.clarity[at]! < sure;
        const fast = Math.hypot(right, up) > tooFast && fine.confidence[at]! >= sure;
        if (confidence < sure || !(blank || fast)) return;
        fine.right[at] = right;
        fine.up[at] = up;
        fine.confidence[at] = confidence;
      });
    });
  }
}

function mix(a: number, b: number, share: number): number {
  return a + share * (b - a);
}

/** For every position of the finer axis the two of the coarser one around it, and the second one's share. */
function neighbours(fine: number, coarse: number) {
  return Array.from({ length: fine }, (_, position) => {
    const place = Math.min(coarse - 1, Math.max(0, ((position + 0.5) * coarse) / fine - 0.5));
    const first = Math.floor(place);
    return { first, second: Math.min(coarse - 1, first + 1), share: place - first };
  });
}
