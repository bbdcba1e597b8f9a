import { setImmediate } from 'node:timers/promises';

/** Milliseconds for which the event loop may wait. */
const PATIENCE = 8;

/** Runs a generator to its end at once, and returns its result. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/**
 * The same, but lets the event loop turn every few milliseconds.
 *
 * @throws what `signal` was aborted with; the generator is then ended where it stands
 */
export async function unhurried<T>(steps: Generator<void, T>, signal?: AbortSignal): Promise<T> {
  let since = performance.now();
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (performance.now() - since < PATIENCE) continue;
    await setImmediate();
    if (signal?.aborted === true) {
      steps.return(undefined as never);
      throw signal.reason;
    }
    since = performance.now();
  }
}
