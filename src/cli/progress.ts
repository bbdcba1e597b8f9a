import { Presets, SingleBar } from 'cli-progress';

/** A progress bar on standard error; nothing at all when that is no terminal. */
export interface Progress {
  /** @param share of the work that is done, from 0 to 1 */
  update(share: number): void;
  stop(): void;
}

/** Starts a progress bar with a word that says what is going on. */
export function startProgress(label: string): Progress {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  const bar = new SingleBar(
    { format: `${label} {bar} {percentage} %`, stream: process.stderr, clearOnComplete: true, fps: 5 },
    Presets.shades_classic,
  );
  bar.start(1000, 0);
  return { update: (share) => bar.update(Math.round(1000 * share)), stop: () => bar.stop() };
}
