import { setImmediate } from 'node:timers/promises';
import type { LongOptions, Progress } from './long.js';

/** What takes long, in steps between which others may do something; some say how far it has come. */
export type Steps<T> = Generator<Progress | undefined, T>;

/** Milliseconds for which the event loop may wait. */
const PATIENCE = 8;

/** Runs a generator to its end at once, and returns its result. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/**
 * The same, but lets the event loop turn every few milliseconds.
 *
 * @throws what the signal was aborted with, or `onProgress` threw; the generator is then ended where it stands
 */
export async function unhurried<T>(
  steps: Steps<T>,
  { signal, onProgress = () => {} }: LongOptions = {},
): Promise<T> {
  try {
    let since = performance.now();
    for (;;) {
      const { done, value } = steps.next();
      if (done === true) return value;
      if (value) onProgress(value);
      if (performance.now() - since < PATIENCE) continue;
      await setImmediate();
      signal?.throwIfAborted();
      since = performance.now();
    }
  } finally {
    steps.return(undefined as never);
  }
}
