import type { Machine } from '../../machine/machine.js';
import type { Rates } from '../../machine/rates.js';
import type { Cost, Stages } from '../../planner/choices.js';
import type { Problem } from '../../problem/problem.js';
import { elementCount } from '../../tensor/shape.js';

/** What a pass in one go takes on as many threads as it is done soonest with. */
export function sharedCost(problem: Problem, rates: Rates, stages: Stages): Cost {
  const work = stages.input + stages.product + stages.output;
  const threads = usefulThreads(problem, rates, rates.threads.perPass, work);
  const total = work / threads + overhead(rates, rates.threads.perPass, threads);
  return { stages, work, threads, total };
}

/** Threads that work is done soonest with. */
export function usefulThreads({ threads }: Problem, rates: Rates, sharing: number, work: number): number {
  const time = (count: number) => work / count + overhead(rates, sharing, count);
  let useful = 1;
  while (useful < threads && time(useful + 1) < time(useful)) useful++;
  return useful;
}

/** Starting a pass on so many threads. */
export function overhead(rates: Rates, sharing: number, threads: number): number {
  return rates.perPass + sharing * Math.log2(threads);
}

/** Output channels as register tiles see them, two vectors at a time: an odd last vector takes longer. */
export function paddedOutputs(channels: number, width: number, { registerTile }: Rates): number {
  const vectors = Math.ceil(channels / width);
  return width * (vectors - (vectors % 2) + (vectors % 2) / registerTile.halfRate);
}

/** Rate of register tiles that share so many rows evenly, relative to full ones. */
export function rowRate(rows: number, most: number, { registerTile }: Rates): number {
  const rates = registerTile.rowRate;
  const inTile = rows / Math.ceil(rows / Math.min(most, rates.length));
  const [low, high] = [Math.floor(inTile), Math.ceil(inTile)];
  const rate = (count: number) => rates[Math.max(count, 1) - 1]!;
  return rate(low) + (inTile - low) * (rate(high) - rate(low));
}

/** The least multiple of a step that is at least the value. */
export function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

/** What activations of a planar algorithm take beside all else, among blocked ones (see `Machine`). */
export function movedCost(problem: Problem, { perMovedNumber = 0 }: Machine): number {
  const { batch, inChannels, outChannels, input, output } = problem;
  return perMovedNumber * batch * (inChannels * elementCount(input) + outChannels * elementCount(output));
}

/** What so many bytes of weights take beside all else (see `Machine`). */
export function coldCost(bytes: number, { perColdByte = 0 }: Machine): number {
  return perColdByte * bytes;
}

/** Of weights as they are. */
export function weightBytes({ inChannels, outChannels, groups, kernel }: Problem): number {
  return 4 * (inChannels / groups) * outChannels * elementCount(kernel);
}
