import { expectedLayerError } from '../synth/noise-layer.js';
import type { AxisAlgorithm, AxisForm } from './axis.js';
import { type Cost, sumBlocks, winogradCost } from './cost.js';
import { type Cover, cover, summedChannels } from './cover.js';
import type { Axes } from './native.js';
import { axes, type Problem } from './problem.js';
import { elementCount } from './shape.js';

/** One way to run a problem, with what it is expected to cost. */
export interface Choice {
  readonly algorithm: 'winograd' | 'direct';
  /** Only for Winograd. */
  readonly covers?: Axes<Cover>;
  /** Input channels summed before the partial sum is added; 0 for all. */
  readonly sumBlock: number;
  /** Expected error as a multiple of direct convolution's. */
  readonly error: number;
  readonly cost: Cost;
}

/** Tiles whose weights grow beyond this many times the kernel's are left to those who ask for them. */
const MAX_GROWTH = 24;

/** The quick estimate of an error is within some 30 % of the full one, which is asked of promising candidates alone. */
const ESTIMATE_SLACK = 1.3;

/** What Winograd candidates are made of and held to. */
export interface ChoiceOptions {
  /** Algorithms to combine, for each axis. */
  readonly candidates: Axes<readonly AxisAlgorithm[]>;
  /** Largest expected error, as a multiple of direct convolution's. */
  readonly errorLimit: number;
  /** Floats in a vector of the kernels that will run. */
  readonly width: number;
}

/**
 * The cheapest combination of the axes' candidates and of the ways to sum channels, within the error limit.
 *
 * @param ceiling only what costs less is of interest
 */
export function bestWinograd(problem: Problem, options: ChoiceOptions, ceiling: number): Choice | undefined {
  const drafts = sketches(problem, options)
    .filter(({ estimate }) => estimate <= ESTIMATE_SLACK * options.errorLimit)
    .map((sketch) => ({
      ...sketch,
      cost: winogradCost(problem, sketch.covers, sketch.sumBlock, options.width),
    }))
    .filter(({ cost }) => cost.total < ceiling)
    .sort((a, b) => a.cost.total - b.cost.total);
  for (const { covers, sumBlock, cost } of drafts) {
    const error = errorOf(problem, covers, sumBlock);
    if (error <= options.errorLimit) return { algorithm: 'winograd', covers, sumBlock, error, cost };
  }
  return undefined;
}

/** The least error that any combination keeps. */
export function leastError(problem: Problem, options: ChoiceOptions): number {
  const { covers, sumBlock } = sketches(problem, options).reduce((least, sketch) =>
    sketch.estimate < least.estimate ? sketch : least,
  );
  return errorOf(problem, covers, sumBlock);
}

/** A candidate with a quick estimate of its error. */
interface Sketch extends Pick<Choice, 'sumBlock'> {
  readonly covers: Axes<Cover>;
  readonly estimate: number;
}

/** Every combination of the axes' candidates and of the ways to sum channels, but for those that grow too far. */
function sketches(problem: Problem, { candidates }: ChoiceOptions): Sketch[] {
  const blocks = sumBlocks.filter((channels) => channels < problem.inChannels);
  const along = axes((a) =>
    undominated(candidates[a].map((algorithm) => cover(algorithm, problem.output[a]))),
  );
  const combined = along[0].flatMap((depth) =>
    along[1].flatMap((height) => along[2].map((breadth) => [depth, height, breadth] as const)),
  );
  const lean = combined.filter((covers) => growth(covers) <= MAX_GROWTH);
  return (lean.length > 0 ? lean : combined).flatMap((covers) => {
    const channels = summedChannels(problem.inChannels, covers);
    return blocks.map((sumBlock) => ({ covers, sumBlock, estimate: quickError(covers, channels, sumBlock) }));
  });
}

/** Without covers that another one beats, or equals before them, in everything that matters: keeps 3-D plans quick. */
function undominated(covers: readonly Cover[]): Cover[] {
  const measures = covers.map(({ algorithm, totals }) => [
    totals.products * algorithm.folded,
    totals.inputs,
    totals.outputs,
    algorithm.kernel.products,
    algorithm.folded,
    algorithm.noise,
  ]);
  return covers.filter((_, i) =>
    measures.every((other, j) => {
      const differences = other.map((value, k) => value - measures[i]![k]!);
      return i === j || differences.some((by) => by > 0) || (j > i && differences.every((by) => by === 0));
    }),
  );
}

function growth(covers: Axes<Cover>): number {
  return elementCount(covers.map(({ algorithm: { kernel } }) => kernel.products / kernel.taps));
}

/**
 * Product of the axes' noise, times what cutting a sum of n channels into blocks of m saves: rounding errors of a
 * running sum have a variance of about n²/2 roundings, of the blocks (n/m) m²/2, of adding them m (n/m)²/2.
 */
function quickError(covers: Axes<Cover>, channels: number, block: number): number {
  const noise = covers.reduce((product, { algorithm }) => product * algorithm.noise, 1);
  return noise * (block === 0 ? 1 : Math.sqrt(block / channels + 1 / block));
}

/** The expected error of the noisiest tiles, every rounding followed to the output. */
function errorOf({ inChannels }: Problem, covers: Axes<Cover>, sumBlock: number): number {
  const convolved = covers.filter(({ algorithm }) => algorithm.kernel.taps > 1);
  if (convolved.length === 0) return 1;
  const noisiest = convolved.map(({ runs }) => runs.reduce(noisier, runs[0]!).form.transform);
  return expectedLayerError(noisiest, { channels: summedChannels(inChannels, covers), sumBlock }).ratio;
}

function noisier<T extends { readonly form: AxisForm }>(a: T, b: T): T {
  return b.form.noise > a.form.noise ? b : a;
}
