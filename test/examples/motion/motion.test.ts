import { describe, expect, test } from 'vitest';
import { gaborBank } from '../../../examples/motion/gabor.js';
import { estimateMotion, motionField } from '../../../examples/motion/motion.js';
import { renderScene } from '../../../examples/motion/render.js';
import { nearestDirection, scoreMotion } from '../../../examples/motion/score.js';

const bank = gaborBank({ kernel: [7, 7, 7], frequency: 0.18, speeds: [1, 2] });

/** Answers of one even filter everywhere and of no other: what a pure grating would give. */
function answersOf(active: readonly { pair: number; value: number }[], height = 3, width = 4) {
  const data = new Float32Array(2 * bank.pairs.length * height * width);
  for (const { pair, value } of active)
    data.fill(value, 2 * pair * height * width, (2 * pair + 1) * height * width);
  return { data, frames: 1, height, width };
}

function estimate(active: readonly { pair: number; value: number }[]) {
  const field = motionField(1, 3, 4);
  estimateMotion(answersOf(active), bank, field, 0);
  return { right: field.right[5]!, up: field.up[5]!, confidence: field.confidence[5]! };
}

const pairOf = (direction: number, speed: number) =>
  bank.pairs.findIndex((pair) => pair.direction === direction && pair.speed === speed);

describe('estimateMotion', () => {
  test.each([0, 1, 2, 3, 4, 5, 6, 7])(
    'one stripe pattern moves across its stripes: direction %i',
    (direction) => {
      const { right, up, confidence } = estimate([{ pair: pairOf(direction, 1), value: 1 }]);
      expect(nearestDirection(Math.atan2(up, right))).toBe(direction);
      // The ridge of 2 % takes 2 % off the speed.
      expect(Math.hypot(right, up)).toBeCloseTo(1 / 1.02, 3);
      expect(confidence).toBeGreaterThan(0.9);
    },
  );

  test('two orientations give the velocity that explains both (the aperture problem)', () => {
    // Moving right at 2 px/frame: 2 across upright stripes, 2·cos 45° across oblique ones, between the pairs for 1 and 2.
    const across = 2 * Math.SQRT1_2;
    const active = [1, 7].flatMap((direction) => [
      { pair: pairOf(direction, 1), value: Math.sqrt(2 - across) },
      { pair: pairOf(direction, 2), value: Math.sqrt(across - 1) },
    ]);
    const { right, up } = estimate([...active, { pair: pairOf(0, 2), value: 1 }]);
    expect(up).toBeCloseTo(0, 5);
    // Of an energy of 3, 2 lie along the axis; the ridge adds 2 % of 3.
    expect(right).toBeCloseTo((2 * 2) / (2 + 0.02 * 3), 4);
  });

  test('equal energy either way is no motion, and nothing to see is no confidence', () => {
    const still = estimate([pairOf(2, 1), pairOf(6, 1)].map((pair) => ({ pair, value: 1 })));
    expect(still.confidence).toBeCloseTo(0, 5);
    const blank = estimate([]);
    expect(blank).toEqual({ right: 0, up: 0, confidence: 0 });
    expect(estimate([{ pair: pairOf(0, 1), value: 1e-3 }]).confidence).toBeLessThan(0.01);
  });
});

describe('renderScene', () => {
  const scene = renderScene({ frames: 3, size: 60 });

  test('is 8-bit grey with eight motions, each towards the side where its disc lies', () => {
    expect(scene.luma.every((value) => Number.isInteger(value) && value >= 0 && value <= 255)).toBe(true);
    const directions = scene.truth!.motions.map(({ direction }) => nearestDirection(direction));
    expect(directions).toEqual([3, 2, 1, 4, 0, 5, 6, 7]);
    expect(scene.truth!.region[30 * 60 + 55]).toBe(4);
    expect(scene.truth!.region[30 * 60 + 30]).toBe(-1);
  });

  test('is the same each time, and another with another seed', () => {
    expect(renderScene({ frames: 3, size: 60 }).luma).toEqual(scene.luma);
    expect(renderScene({ frames: 3, size: 60, seed: 8 }).luma).not.toEqual(scene.luma);
  });
});

describe('scoreMotion', () => {
  test('counts directions within 22.5° of the truth, and still pixels', () => {
    const truth = { region: Int8Array.of(0, 0, 0, -1), motions: [{ direction: Math.PI / 2, speed: 1 }] };
    const field = motionField(1, 1, 4);
    const angles = [90, 90 + 22, 90 - 23, 0].map((degrees) => (degrees * Math.PI) / 180);
    field.right.set(angles.map(Math.cos));
    field.up.set(angles.map(Math.sin));
    field.confidence.set([1, 0.2, 1, 0.1]);
    const score = scoreMotion(field, truth);
    expect(score.accuracy).toBeCloseTo(2 / 3, 10);
    expect(score.counted).toBe(3);
    expect(score.meanAngle).toBeCloseTo(15, 4);
    expect(score.stillness).toBe(1);
    expect(score.sure).toBeCloseTo(2 / 3, 10);
    expect(score.accuracyWhereSure).toBe(0.5);
    expect(score.confusion[2]).toEqual([0, 1 / 3, 2 / 3, 0, 0, 0, 0, 0]);
  });
});
