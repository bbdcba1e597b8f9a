/** What a way to run a node takes, of which more of the one can save the other. */
export interface Alternative {
  /** Estimated time, in flops at one core's peak (see `Rates`). */
  readonly cost: number;
  /** Of constants made ready. */
  readonly bytes: number;
}

/** Those that no other is better than in both, the fastest first. */
export function undominated<T extends Alternative>(alternatives: readonly T[]): readonly T[] {
  const sorted = [...alternatives].sort((a, b) => a.cost - b.cost || a.bytes - b.bytes);
  let least = Number.POSITIVE_INFINITY;
  return sorted.filter(({ bytes }) => {
    const better = bytes < least;
    least = Math.min(least, bytes);
    return better;
  });
}

/**
 * The best where a byte costs so much; fewer bytes among equals.
 *
 * @param alternatives undominated, the fastest first; at least one
 * @param price in flops at one core's peak a byte; Infinity for the fewest bytes
 */
export function bestAt<T extends Alternative>(alternatives: readonly T[], price: number): T {
  if (price === Number.POSITIVE_INFINITY) return alternatives.at(-1)!;
  const total = ({ cost, bytes }: Alternative) => cost + price * bytes;
  return alternatives.reduce((best, each) => (total(each) <= total(best) ? each : best));
}
