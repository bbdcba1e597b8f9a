import type { GroundTruth } from './clip.js';
import { directionCount } from './gabor.js';
import type { MotionField } from './motion.js';

/** How well the motion found agrees with the motion that was rendered. */
export interface Score {
  /** Share of the pixels of the moving regions, over all frames, whose direction is right. */
  readonly accuracy: number;
  /** Pixels × frames that were counted. */
  readonly counted: number;
  /** Mean angle between the direction found and the true one, degrees. */
  readonly meanAngle: number;
  /** Rows: true direction; columns: the nearest of the bank's directions found; shares of the row. */
  readonly confusion: readonly (readonly number[])[];
  /** Share of the still pixels whose confidence stays below one half. */
  readonly stillness: number;
  /** Share of the moving pixels whose confidence reaches one half, and of those the share whose direction is right. */
  readonly sure: number;
  readonly accuracyWhereSure: number;
}

/** A direction is right when it is nearer to the true one than to the bank's neighbours: within 22.5° of it. */
const tolerance = Math.PI / directionCount;

/**
 * Compares every pixel of the moving regions, up to their very edge, and of every frame.
 *
 * @param truth of the same height × width as the field
 */
export function scoreMotion(field: MotionField, truth: GroundTruth): Score {
  const counts = Array.from({ length: directionCount }, () => new Array<number>(directionCount).fill(0));
  const tally = { right: 0, counted: 0, angle: 0, still: 0, quiet: 0, sure: 0, surelyRight: 0 };
  const size = field.height * field.width;
  for (let index = 0; index < field.frames * size; index++) {
    const region = truth.region[index % size]!;
    if (region < 0) {
      tally.still++;
      if (field.confidence[index]! < 0.5) tally.quiet++;
      continue;
    }
    const { direction } = truth.motions[region]!;
    const found = Math.atan2(field.up[index]!, field.right[index]!);
    const angle = Math.abs(wrap(found - direction));
    tally.counted++;
    tally.angle += angle;
    const sure = field.confidence[index]! >= 0.5;
    if (sure) tally.sure++;
    if (angle <= tolerance) {
      tally.right++;
      if (sure) tally.surelyRight++;
    }
    counts[nearestDirection(direction)]![nearestDirection(found)]!++;
  }
  return {
    accuracy: tally.right / tally.counted,
    counted: tally.counted,
    meanAngle: ((tally.angle / tally.counted) * 180) / Math.PI,
    confusion: counts.map((row) => {
      const sum = row.reduce((a, b) => a + b, 0);
      return row.map((count) => (sum === 0 ? 0 : count / sum));
    }),
    stillness: tally.still === 0 ? 1 : tally.quiet / tally.still,
    sure: tally.sure / tally.counted,
    accuracyWhereSure: tally.sure === 0 ? 1 : tally.surelyRight / tally.sure,
  };
}

/** Index of the bank's direction nearest to an angle in radians. */
export function nearestDirection(angle: number): number {
  const turns = angle / (2 * Math.PI);
  return ((Math.round(turns * directionCount) % directionCount) + directionCount) % directionCount;
}

/** The same angle in (−π, π]. */
function wrap(angle: number): number {
  return Math.atan2(Math.sin(angle), Math.cos(angle));
}
