/** Bytes of a cache line: where tensors begin in the arena. */
const LINE = 64;

/** Something that needs memory from one step to another, both included. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** Where each lies in the arena, and how large that is. */
export interface Colouring {
  readonly offsets: readonly number[];
  readonly bytes: number;
}

/**
 * Places what lives at the same time apart: the largest first, each in the smallest gap among those it meets. That is not
 * always the least arena there is, but for networks hardly ever more than the largest sum of what lives at once.
 */
export function colour(lifetimes: readonly Lifetime[]): Colouring {
  const offsets = new Array<number>(lifetimes.length).fill(0);
  const placed: number[] = [];
  let bytes = 0;
  const order = lifetimes.map((_, i) => i).sort((a, b) => lifetimes[b]!.bytes - lifetimes[a]!.bytes || a - b);
  for (const i of order) {
    const { first, last, bytes: size } = lifetimes[i]!;
    if (size === 0) continue;
    const met = placed
      .filter((j) => lifetimes[j]!.first <= last && first <= lifetimes[j]!.last)
      .sort((a, b) => offsets[a]! - offsets[b]!);
    let [end, best, gap] = [0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const j of met) {
      const room = offsets[j]! - end;
      if (room >= size && room < gap) [best, gap] = [end, room];
      end = Math.max(end, roundUp(offsets[j]! + lifetimes[j]!.bytes));
    }
    offsets[i] = best === Number.POSITIVE_INFINITY ? end : best;
    placed.push(i);
    bytes = Math.max(bytes, offsets[i]! + size);
  }
  return { offsets, bytes: roundUp(bytes) };
}

/** The largest sum of what lives at one step: no arena can be smaller. */
export function leastBytes(lifetimes: readonly Lifetime[]): number {
  const steps = new Set(lifetimes.map(({ first }) => first));
  let most = 0;
  for (const step of steps) {
    const live = lifetimes.filter(({ first, last }) => first <= step && step <= last);
    most = Math.max(
      most,
      live.reduce((sum, { bytes }) => sum + bytes, 0),
    );
  }
  return most;
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / LINE) * LINE;
}
