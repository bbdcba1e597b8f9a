import { setImmediate } from 'node:timers/promises';
import { median } from './statistics.js';

/** Of one contender: milliseconds of all its rounds. */
export interface Timing {
  readonly median: number;
  readonly least: number;
  readonly rounds: number;
}

/**
 * Times several ways to do the same thing in rounds, each once a round, so that what disturbs the machine disturbs all
 * alike. Between them the event loop turns.
 *
 * @param seconds for all together; each is run three times at the least, the first of which does not count
 */
export async function alternate(
  ways: readonly (() => void | Promise<void>)[],
  seconds: number,
): Promise<Timing[]> {
  const times = ways.map((): number[] => []);
  const end = performance.now() + 1000 * seconds;
  for (let round = 0; round < 3 || performance.now() < end; round++)
    for (const [i, way] of ways.entries()) {
      await setImmediate();
      const start = performance.now();
      await way();
      if (round > 0) times[i]!.push(performance.now() - start);
    }
  return times.map((each) => ({ median: median(each), least: Math.min(...each), rounds: each.length }));
}
