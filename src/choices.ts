import { InputError } from '../synth/errors.js';
import { expectedLayerError } from '../synth/noise-layer.js';
import type { AxisAlgorithm, AxisForm } from './axis.js';
import { type Cost, positionsCost, sumBlocks, winogradCost } from './cost.js';
import { type Cover, cover, summedChannels } from './cover.js';
import type { Axes } from './native.js';
import { axes, type Problem } from './problem.js';
import { elementCount } from './shape.js';
import type { Tuning } from './wisdom.js';

/** One way to run a problem, with what it is expected to cost. */
export interface Choice {
  /** winograd: vectors hold channels; positions: Winograd, vectors hold positions of a tile. */
  readonly algorithm: 'winograd' | 'positions' | 'direct';
  /** Only for Winograd of either kind. */
  readonly covers?: Axes<Cover>;
  /** Input channels summed before the partial sum is added; 0 for all. */
  readonly sumBlock: number;
  /** Expected error as a multiple of direct convolution's. */
  readonly error: number;
  readonly cost: Cost;
  /** Set by measurement. */
  readonly tuning?: Tuning;
}

/** What vectors hold: channels, or positions of a transformed tile (Algorithm 2 of Budden et al. 2017). */
export type Lanes = 'channels' | 'positions';

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
  /** By default whichever suits. */
  readonly lanes?: Lanes | undefined;
}

/** How nested tiles run with vectors of either kind. */
interface Way {
  readonly algorithm: 'winograd' | 'positions';
  readonly possible: (problem: Problem) => boolean;
  /** Whether it is worth a thought where nobody asked for it. */
  readonly likely: (problem: Problem) => boolean;
  readonly takes: (algorithm: AxisAlgorithm) => boolean;
  readonly sumBlocks: readonly number[];
  readonly cost: typeof winogradCost;
}

/** With more pairs of channels in a group, vectors of positions are far behind. */
const FEW_PAIRS = 64;

const ways: Readonly<Record<Lanes, Way>> = {
  channels: {
    algorithm: 'winograd',
    possible: ({ groups }) => groups === 1,
    likely: () => true,
    takes: () => true,
    sumBlocks,
    cost: winogradCost,
  },
  positions: {
    algorithm: 'positions',
    possible: () => true,
    likely: ({ inChannels, outChannels, groups }) => groups > 1 || inChannels * outChannels <= FEW_PAIRS,
    takes: ({ forms, folded }) => forms.length === 1 && folded === 1,
    sumBlocks: [0],
    cost: positionsCost,
  },
};

/**
 * Combinations of the axes' candidates and of the ways to sum channels that keep the error limit, the cheapest first.
 *
 * @param ceiling only what costs less is of interest
 */
export function* rankedWinograd(
  problem: Problem,
  options: ChoiceOptions,
  ceiling: number,
): Generator<Choice> {
  const drafts = sketches(problem, options)
    .filter(({ estimate }) => estimate <= ESTIMATE_SLACK * options.errorLimit)
    .map((sketch) => ({
      ...sketch,
      cost: sketch.way.cost(problem, sketch.covers, sketch.sumBlock, options.width),
    }))
    .filter(({ cost }) => cost.total < ceiling)
    .sort((a, b) => a.cost.total - b.cost.total);
  for (const { way, covers, sumBlock, cost } of drafts) {
    const error = errorOf(problem, covers, sumBlock);
    if (error <= options.errorLimit) yield { algorithm: way.algorithm, covers, sumBlock, error, cost };
  }
}

/** The cheapest of them. */
export function bestWinograd(problem: Problem, options: ChoiceOptions, ceiling: number): Choice | undefined {
  return rankedWinograd(problem, options, ceiling).next().value ?? undefined;
}

/** A combination given by the names of its axes' algorithms; undefined if they are not among the candidates. */
export function namedWinograd(
  problem: Problem,
  options: ChoiceOptions,
  {
    algorithm,
    tiles,
    sumBlock,
  }: Pick<Choice, 'algorithm' | 'sumBlock'> & { readonly tiles: readonly string[] },
): Choice | undefined {
  const way = waysOf(problem, options).find((each) => each.algorithm === algorithm);
  const found = axes((a) => options.candidates[a].find((each) => each.name === tiles[a]));
  if (way === undefined || !found.every((each) => each !== undefined && way.takes(each))) return undefined;
  const covers = axes((a) => cover(found[a]!, problem.output[a]));
  const error = errorOf(problem, covers, sumBlock);
  if (error > options.errorLimit) return undefined;
  const cost = way.cost(problem, covers, sumBlock, options.width);
  return { algorithm: way.algorithm, covers, sumBlock, error, cost };
}

/**
 * The least error that any combination keeps.
 *
 * @throws InputError when the candidates suit no kind of vectors
 */
export function leastError(problem: Problem, options: ChoiceOptions): number {
  const all = sketches(problem, options);
  if (all.length === 0)
    throw new InputError(
      'Expected no axis to be folded with vectors of positions, which layers of several groups have',
    );
  const { covers, sumBlock } = all.reduce((least, sketch) =>
    sketch.estimate < least.estimate ? sketch : least,
  );
  return errorOf(problem, covers, sumBlock);
}

/** A candidate with a quick estimate of its error. */
interface Sketch extends Pick<Choice, 'sumBlock'> {
  readonly way: Way;
  readonly covers: Axes<Cover>;
  readonly estimate: number;
}

function waysOf(problem: Problem, { lanes }: ChoiceOptions): Way[] {
  if (lanes !== undefined) return [ways[lanes]].filter(({ possible }) => possible(problem));
  return Object.values(ways).filter(({ possible, likely }) => possible(problem) && likely(problem));
}

/** Every combination of the axes' candidates and of the ways to sum channels, but for those that grow too far. */
function sketches(problem: Problem, options: ChoiceOptions): Sketch[] {
  const inChannels = problem.inChannels / problem.groups;
  return waysOf(problem, options).flatMap((way) => {
    const blocks = way.sumBlocks.filter((channels) => channels < inChannels);
    return combinations(problem, options, way).flatMap((covers) => {
      const channels = summedChannels(inChannels, covers);
      return blocks.map((sumBlock) => ({
        ...{ way, covers, sumBlock },
        estimate: quickError(covers, channels, sumBlock),
      }));
    });
  });
}

function combinations(problem: Problem, { candidates }: ChoiceOptions, { takes }: Way): Axes<Cover>[] {
  const along = axes((a) =>
    undominated(candidates[a].filter(takes).map((algorithm) => cover(algorithm, problem.output[a]))),
  );
  const combined = along[0].flatMap((depth) =>
    along[1].flatMap((height) => along[2].map((breadth) => [depth, height, breadth] as const)),
  );
  const lean = combined.filter((covers) => growth(covers) <= MAX_GROWTH);
  return lean.length > 0 ? lean : combined;
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
function errorOf({ inChannels, groups }: Problem, covers: Axes<Cover>, sumBlock: number): number {
  const convolved = covers.filter(({ algorithm }) => algorithm.kernel.taps > 1);
  if (convolved.length === 0) return 1;
  const noisiest = convolved.map(({ runs }) => runs.reduce(noisier, runs[0]!).form.transform);
  return expectedLayerError(noisiest, { channels: summedChannels(inChannels / groups, covers), sumBlock })
    .ratio;
}

function noisier<T extends { readonly form: AxisForm }>(a: T, b: T): T {
  return b.form.noise > a.form.noise ? b : a;
}
