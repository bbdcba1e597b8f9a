import { randomNumbers } from '../../../../synth/random.js';
import { type Problem, type Rank, validateInput, validateLayer } from '../../../problem/problem.js';

/** Flops of direct convolution on one thread: enough to be timed, few enough for hundreds. */
const FLOPS = { least: 2e6, most: 1.5e9 } as const;
const MOST_NUMBERS = 8e6;
const kernels = [3, 3, 3, 3, 3, 2, 5, 1] as const;

/** Problems of all kinds for one thread: first layers, heads, squeezes, wide and deep ones, of one to three axes. */
export function* calibrationProblems(): Generator<Problem> {
  const next = randomNumbers(20_170);
  const pick = <T>(values: readonly T[]) => values[Math.floor(next() * values.length)]!;
  const between = (least: number, most: number) => Math.round(least * (most / least) ** next());
  for (;;) {
    const rank = pick<Rank>([1, 2, 2, 2, 3, 3]);
    const inChannels = pick([3, 16 * between(1, 32), between(3, 512)]);
    const outChannels = pick([8, 16 * between(1, 32), between(8, 512)]);
    const taps = pick(kernels);
    const side = between(7, 224);
    const input = { 1: [between(64, 20_000)], 2: [side, side], 3: [between(2, 32), side, side] }[rank];
    const batch = pick([1, 1, 4]);
    const pixels = input.reduce((product, size) => product * size, batch);
    const flops = 2 * pixels * inChannels * outChannels * taps ** rank;
    const numbers = pixels * Math.max(inChannels, outChannels);
    if (flops < FLOPS.least || flops > FLOPS.most || numbers > MOST_NUMBERS) continue;
    const layer = validateLayer(
      { inChannels, outChannels, kernelSize: taps, padding: Math.floor(taps / 2), threads: 1 },
      rank,
    );
    yield validateInput(layer, [batch, inChannels, ...input]);
  }
}
