import { classes } from './volumes.js';

/** The class with the largest output of each voxel. @param logits classes × voxels */
export function answersOf(logits: Float32Array): Uint8Array {
  const voxels = logits.length / classes.length;
  const answers = new Uint8Array(voxels);
  for (let i = 0; i < voxels; i++)
    for (let c = 1; c < classes.length; c++)
      if (logits[c * voxels + i]! > logits[answers[i]! * voxels + i]!) answers[i] = c;
  return answers;
}

/** 2 |A ∩ B| / (|A| + |B|), for the voxels that are of a class in each. */
export function dice(
  answer: ArrayLike<number>,
  truth: ArrayLike<number>,
  of: (label: number) => boolean,
): number {
  let [both, all] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    const [a, b] = [of(answer[i]!), of(truth[i]!)];
    if (a && b) both++;
    all += Number(a) + Number(b);
  }
  return all === 0 ? 1 : (2 * both) / all;
}

/** The best that a threshold of brightness does at telling what is no tissue. */
export function bestThreshold(volume: Float32Array, truth: ArrayLike<number>): number {
  const steps = Array.from({ length: 40 }, (_, i) => -1 + 0.1 * i);
  return Math.max(
    ...steps.map((threshold) =>
      dice(
        Array.from(volume, (value) => Number(value > threshold)),
        truth,
        (label) => label > 0,
      ),
    ),
  );
}
