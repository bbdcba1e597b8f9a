import { describe, expect, test } from 'vitest';
import { chunkInput, chunksOf } from '../../../examples/motion/chunks.js';
import type { Clip } from '../../../examples/motion/clip.js';
import { gaborBank } from '../../../examples/motion/gabor.js';
import { estimateMotion, type MotionField, motionField } from '../../../examples/motion/motion.js';
import { renderScene } from '../../../examples/motion/render.js';
import { refine, scalesOf } from '../../../examples/motion/scales.js';
import { scoreMotion } from '../../../examples/motion/score.js';
import { Conv3d, Tensor } from '../../../src/index.js';
import { randomNumbers } from '../../../synth/random.js';

const bank = gaborBank({ kernel: [7, 9, 9], frequency: 0.18, speeds: [1, 2] });
const filters = 2 * bank.pairs.length;
const layer = new Conv3d(
  { inChannels: 1, outChannels: filters, kernelSize: bank.kernel, padding: [0, 4, 4] },
  { weight: new Tensor(bank.weight, [filters, 1, ...bank.kernel]) },
);

function motionOf(clip: Clip): MotionField {
  const { frames, height, width } = clip;
  const field = motionField(frames - 6, height, width);
  for (const chunk of chunksOf(clip, bank)) {
    const { data } = layer.forwardSync(chunkInput(clip, bank, chunk));
    estimateMotion({ data, frames: chunk.frames, height, width }, bank, field, chunk.first);
  }
  return field;
}

function refined(clip: Clip): MotionField {
  const fields = scalesOf(clip).map(motionOf);
  return fields.reduceRight((coarse, fine) => {
    refine(fine, coarse);
    return fine;
  });
}

describe('scales', () => {
  test('halve the picture while several filters fit across', () => {
    const sizes = (size: number) => scalesOf(renderScene({ frames: 1, size })).map(({ width }) => width);
    expect(sizes(216)).toEqual([216, 108, 54]);
    expect(sizes(99)).toEqual([99, 49]);
    expect(sizes(95)).toEqual([95]);
  });

  test('find blurred motion of two to six pixels per frame that one scale misjudges', () => {
    const clip = renderScene({ frames: 9, pace: 4, exposure: 0.8, band: { low: 0.025, high: 0.08 } });
    const [one, all] = [motionOf(clip), refined(clip)].map((field) => scoreMotion(field, clip.truth!));
    expect(all!.accuracy).toBeGreaterThan(one!.accuracy + 0.03);
    expect(all!.accuracyWhereSure).toBeGreaterThan(0.9);
    expect(all!.stillness).toBeGreaterThan(0.85);
  });

  test('leave slow motion as it was found', () => {
    const clip = renderScene({ frames: 8 });
    const { accuracy, stillness } = scoreMotion(refined(clip), clip.truth!);
    expect(accuracy).toBeGreaterThan(0.98);
    expect(stillness).toBeGreaterThan(0.93);
  });

  test('colour little of what is noise alone', () => {
    const random = randomNumbers(3);
    const scene = renderScene({ frames: 9, size: 120 });
    for (const amplitude of [6, 12, 30]) {
      const luma = scene.luma.map(() => 128 + amplitude * (2 * random() - 1));
      const { confidence } = refined({ ...scene, luma });
      const coloured = confidence.filter((each) => each >= 0.5).length / confidence.length;
      expect(coloured, `amplitude ${amplitude}`).toBeLessThan(0.22);
    }
  });
});
