import { tilingOf } from '../catalogue/cover.js';
import type { Machine } from '../machine/machine.js';
import type { NativeSchedule } from '../native/addon.js';
import { axes, type Problem } from '../problem/problem.js';
import { elementCount } from '../tensor/shape.js';
import type { Choice, EngineAlgorithm } from './choices.js';
import { directBlocks } from './direct-blocks.js';
import { groupedBand } from './grouped-bands.js';
import type { Layouts } from './layouts.js';
import { productBlocks, productOf } from './product-blocks.js';
import { sparseBlocks } from './sparse-blocks.js';
import { winogradBlocks } from './winograd-blocks.js';

/** Flops at one core's peak whose time waking a sleeping thread takes, some 50 microseconds. */
export const WORTH_WAKING = 6e6;

/**
 * Shares of the last level of cache that a result may take before it is stored past the caches: little of a larger one
 * would be left there for those who read it, and storing past the caches saves fetching each line before it is
 * overwritten. Only Winograd streams planar results, and what has small results by nature streams none.
 */
const FAR_OUTPUT: Readonly<Record<EngineAlgorithm, number>> = {
  winograd: 1 / 4,
  positions: Infinity,
  direct: 1,
  grouped: Infinity,
  gemm: Infinity,
  sparse: Infinity,
};

/** The flops at one core's peak that a choice is estimated to take as long as. */
export function workOf({ cost }: Choice): number {
  return cost.work;
}

/** Threads that a choice runs on. */
export function threadsOf({ tuning, cost }: Choice): number {
  return tuning?.threads ?? cost.threads;
}

/**
 * Every decision that the engine obeys.
 *
 * @param layouts blocked only where the algorithm takes it, see `blockedLayouts`
 */
export function scheduleOf(
  problem: Problem,
  choice: Choice,
  layouts: Layouts,
  machine: Machine,
): NativeSchedule {
  const { algorithm } = choice;
  const threads = threadsOf(choice);
  const common = {
    isa: machine.table.name,
    threads,
    wake: workOf(choice) >= WORTH_WAKING,
    layouts,
    streamOutput: streams(problem, algorithm, layouts, machine),
  };
  const { covers } = choice;
  if (covers === undefined) {
    if (algorithm === 'grouped')
      return { algorithm, ...common, band: groupedBand(problem, threads, machine) };
    if (algorithm === 'gemm')
      return { algorithm, ...common, ...productBlocks(productOf(problem), threads, machine) };
    if (algorithm === 'sparse')
      return { algorithm, ...common, nonZeros: choice.nonZeros!, ...sparseBlocks(problem, threads, machine) };
    return { algorithm: 'direct', ...common, ...directBlocks(problem, threads, layouts, machine) };
  }
  const tiles = {
    transforms: axes((a) => covers[a].algorithm.kernel),
    tilings: axes((a) => tilingOf(covers[a])),
  };
  if (algorithm === 'positions') return { algorithm, ...common, ...tiles };
  return {
    algorithm: 'winograd',
    ...common,
    ...tiles,
    fold: axes((a) => covers[a].algorithm.folded > 1),
    weightFormat: choice.weightFormat,
    ...winogradBlocks(problem, { ...choice, covers }, threads, layouts, machine),
  };
}

function streams(
  problem: Problem,
  algorithm: EngineAlgorithm,
  { output }: Layouts,
  machine: Machine,
): boolean {
  if (algorithm === 'direct' && output === 'planar') return false;
  const { width } = machine.table;
  const { batch, outChannels } = problem;
  const channels = output === 'blocked' ? Math.ceil(outChannels / width) * width : outChannels;
  const bytes = 4 * batch * channels * elementCount(problem.output);
  return bytes >= FAR_OUTPUT[algorithm] * machine.caches.l3;
}
