import type { AxisAlgorithm } from './axis.js';
import type { Axes } from './native.js';
import { axes, directFlops, type Problem } from './problem.js';

/**
 * The cost model: estimated time in units of one flop at one core's FMA peak, so that no clock enters and a plan
 * is the same on every machine of a kind. It ranks plans; it does not predict milliseconds.
 */
const model = {
  /** Share of the peak that a full register tile of the batched products reaches, and the direct kernel. */
  productRate: 0.92,
  directRate: 0.9,
  /** Rate of a register tile of 1 … 6 rows relative to the full one. */
  rowRate: [0.3, 0.55, 0.8, 0.95, 0.98, 1],
  /** A transform issues about one vector instruction a cycle, in which the peak counts two FMAs of two flops. */
  flopsPerInstruction: 4,
  /** Pairing rows of ±x halves the arithmetic of a transform, about. */
  instructionsPerEntry: 0.5,
  /** Two loads or stores go with each instruction. */
  instructionsPerMove: 0.5,
  /** Peak flops of one core in the time in which memory delivers a byte to all of them. */
  flopsPerByte: 5,
  /** Share of streaming the weights (or of the products, if they are shorter) that prefetching does not hide. */
  unhidden: 0.25,
  /** Starting the stages and joining the threads. */
  overhead: 200_000,
} as const;

/** How often the inner sum over channels is cut, and what adding the partial sums costs. */
export const sumBlocks: readonly { readonly channels: number; readonly slowdown: number }[] = [
  { channels: 0, slowdown: 1 },
  { channels: 128, slowdown: 1.02 },
  { channels: 64, slowdown: 1.05 },
];

/** Where the estimated time goes, in flops at one core's peak. */
export interface Cost {
  readonly transforms: number;
  readonly products: number;
  /** On all threads, with the streaming of the weights. */
  readonly total: number;
}

/** One way to run a problem, with what it is expected to cost. */
export interface Choice {
  readonly algorithm: 'winograd' | 'direct';
  /** Only for Winograd. */
  readonly axes?: Axes<AxisAlgorithm>;
  /** Input channels summed before the partial sum is added; 0 for all. */
  readonly sumBlock: number;
  /** Expected error as a multiple of direct convolution's. */
  readonly error: number;
  readonly cost: Cost;
}

/** Estimates nested F(S, G) (Budden et al. 2017, equations 4 and 5), overhanging tiles included. */
export function winogradCost(
  problem: Problem,
  algorithms: Axes<AxisAlgorithm>,
  slowdown: number,
  width: number,
): Cost {
  const tiles = problem.batch * volume(axes((a) => tilesAlong(problem, algorithms[a], a)));
  const products = volume(axes((a) => algorithms[a].kernel.products));
  const [inputs, outputs] = [roundUp(problem.inChannels, width), roundUp(problem.outChannels, width)];
  const rows = tiles / Math.ceil(tiles / model.rowRate.length);
  const rate = model.productRate * model.rowRate[Math.floor(rows) - 1]!;
  const productCost = (2 * tiles * products * inputs * outputs * slowdown) / rate;
  const inputPasses = passes(
    axes((a) => algorithms[a].form.inputs),
    axes((a) => algorithms[a].form.products),
    axes((a) => algorithms[a].entries.input),
  );
  const outputPasses = passes(
    axes((a) => algorithms[a].form.products),
    axes((a) => algorithms[a].form.outputs),
    axes((a) => algorithms[a].entries.output),
  );
  const transforms = model.flopsPerInstruction * tiles * (inputs * inputPasses + outputs * outputPasses);
  const weights = 4 * products * inputs * outputs * model.flopsPerByte;
  return sum(problem, transforms, productCost, weights);
}

/** Estimates the direct kernel. */
export function directCost(problem: Problem, width: number): Cost {
  const { groups, outChannels } = problem;
  const padding = (groups * roundUp(outChannels / groups, width)) / outChannels;
  return sum(problem, 0, (directFlops(problem) * padding) / model.directRate, 0);
}

/** How many tiles cover an axis. */
export function tilesAlong(problem: Problem, algorithm: AxisAlgorithm, axis: 0 | 1 | 2): number {
  return Math.ceil(problem.output[axis] / algorithm.form.outputs);
}

/**
 * Error of a plan as a multiple of direct convolution's: the product of the axes' noise, times what cutting a sum of
 * n channels into blocks of m saves. Rounding of a running sum grows with its length, so its variance falls from n²
 * to n·m within the blocks plus (n/m)²·m² / m … over them: a factor of √(m/n + 1/m).
 */
export function relativeError(algorithms: Axes<AxisAlgorithm>, channels: number, sumBlock: number): number {
  const noise = algorithms.reduce((product, { noise }) => product * noise, 1);
  const blocked = sumBlock > 0 && sumBlock < channels;
  return noise * (blocked ? Math.min(1, Math.sqrt(sumBlock / channels + 1 / sumBlock)) : 1);
}

function sum(problem: Problem, transforms: number, products: number, streaming: number): Cost {
  const computing = products / problem.threads;
  const overlapped = Math.max(computing, streaming) + model.unhidden * Math.min(computing, streaming);
  return { transforms, products, total: overlapped + transforms / problem.threads + model.overhead };
}

/** Vector instructions of moving one channel of a tile in and out, and transforming it along each axis in turn. */
function passes(before: Axes, after: Axes, entries: Axes): number {
  const extents = [...before];
  const moves = (volume(before) + volume(after)) * model.instructionsPerMove;
  return [0, 1, 2].reduce((total, a) => {
    const lines = volume(extents) / extents[a]!;
    extents[a] = after[a]!;
    if (before[a] === 1 && after[a] === 1) return total;
    const touched = (before[a]! + after[a]!) * model.instructionsPerMove;
    return total + lines * (entries[a]! * model.instructionsPerEntry + touched);
  }, moves);
}

function volume(sizes: readonly number[]): number {
  return sizes.reduce((product, size) => product * size, 1);
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
