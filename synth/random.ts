/**
 * A small deterministic generator (mulberry32): the same seed gives the same numbers everywhere, so that a
 * randomised search can be repeated.
 *
 * @param seed any integer; its low 32 bits count
 * @returns a function that gives the next number, uniform in [0, 1)
 */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
