import { Presets, SingleBar } from 'cli-progress';
import type { Progress } from '../support/long.js';

/** A progress bar on standard error; nothing at all when that is no terminal. */
export interface ProgressBar {
  /** Shows the stage by name, and `done` of `all` of it. */
  readonly update: (stage: string, done: number, all: number) => void;
  /** The same for calls of the library. */
  readonly onProgress: (progress: Progress) => void;
  readonly stop: () => void;
}

/** A progress bar that appears at its first update. */
export function progressBar(): ProgressBar {
  if (!process.stderr.isTTY) return { update: () => {}, onProgress: () => {}, stop: () => {} };
  const bar = new SingleBar(
    { format: '{stage} {bar} {percentage} %', stream: process.stderr, clearOnComplete: true, fps: 5 },
    Presets.shades_classic,
  );
  const update = (stage: string, done: number, all: number) => {
    if (!bar.isActive) bar.start(all, 0, { stage });
    bar.setTotal(all);
    bar.update(done, { stage });
  };
  return {
    update,
    onProgress: ({ what, done, total }) => update(what, done, total),
    stop: () => bar.stop(),
  };
}
