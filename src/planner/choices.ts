import { InputError } from '../../synth/errors.js';
import type { LayerAxis } from '../../synth/noise/layer.js';
import type { AxisAlgorithm } from '../catalogue/axis-algorithm.js';
import { type Cover, cover } from '../catalogue/cover.js';
import type { Axes, WeightFormat } from '../native/addon.js';
import { axes, type Problem } from '../problem/problem.js';
import { elementCount } from '../tensor/shape.js';
import type { Tuning } from '../wisdom/wisdom.js';
import { type Cost, positionsCost, sumBlocks, winogradCost } from './cost.js';
import { expectedError, layerAxis } from './expected-error.js';

/** One way to run a problem, with what it is expected to cost. */
export interface Choice {
  /** winograd: vectors hold channels; positions: Winograd, vectors hold positions of a tile. */
  readonly algorithm: 'winograd' | 'positions' | 'direct';
  /** Only for Winograd of either kind. */
  readonly covers?: Axes<Cover>;
  /** Of the transformed weights. */
  readonly weightFormat: WeightFormat;
  /** Input channels summed before the partial sum is added; 0 for all. */
  readonly sumBlock: number;
  /** Expected error as a multiple of direct convolution's, both root mean squares over the outputs. */
  readonly error: number;
  readonly cost: Cost;
  /** Set by measurement. */
  readonly tuning?: Tuning;
}

/** What vectors hold: channels, or positions of a transformed tile (Algorithm 2 of Budden et al. 2017). */
export type Lanes = 'channels' | 'positions';

/** Tiles whose weights grow beyond this many times the kernel's are left to those who ask for them. */
const MAX_GROWTH = 24;

/** What Winograd candidates are made of and held to. */
export interface ChoiceOptions {
  /** Algorithms to combine, for each axis. */
  readonly candidates: Axes<readonly AxisAlgorithm[]>;
  /** Largest expected error, as a multiple of direct convolution's. */
  readonly errorLimit: number;
  /** The same with weights in bfloat16; by default 0, which none keeps. */
  readonly roundedErrorLimit?: number;
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
  readonly weightFormats: readonly WeightFormat[];
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
    weightFormats: ['float32', 'bfloat16'],
    cost: winogradCost,
  },
  positions: {
    algorithm: 'positions',
    possible: () => true,
    likely: ({ inChannels, outChannels, groups }) => groups > 1 || inChannels * outChannels <= FEW_PAIRS,
    takes: ({ forms, folded }) => forms.length === 1 && folded === 1,
    sumBlocks: [0],
    weightFormats: ['float32'],
    cost: positionsCost,
  },
};

/** What rounded weights must save to be worth their error; estimates promise up to several per cent too much. */
const WORTH_ROUNDING = { measured: 1.03, estimated: 1.1 } as const;

/** By how much longer than it takes a choice counts as taking. */
export function handicap({ weightFormat }: Choice, by: keyof typeof WORTH_ROUNDING): number {
  return weightFormat === 'float32' ? 1 : WORTH_ROUNDING[by];
}

/**
 * Combinations of the axes' candidates and of the ways to sum channels that keep the error limits, the cheapest first.
 *
 * @param ceiling only what costs less is of interest
 */
export function* rankedWinograd(
  problem: Problem,
  options: ChoiceOptions,
  ceiling: number,
): Generator<Choice> {
  const choices: Choice[] = [];
  for (const sketch of sketches(problem, options)) {
    const errors = errorsOf(problem, sketch);
    // The more channels are summed at a time, the faster.
    const limit = limitOf(options, sketch.weightFormat);
    const sumBlock = sumBlocksOf(problem, sketch).find((block) => errors(block) <= limit);
    if (sumBlock === undefined) continue;
    const choice = choiceOf(problem, options, sketch, sumBlock, errors(sumBlock));
    if (ranking(choice) < ceiling) choices.push(choice);
  }
  yield* choices.sort((a, b) => ranking(a) - ranking(b));
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
    weightFormat = 'float32',
  }: Pick<Choice, 'algorithm' | 'sumBlock'> &
    Partial<Pick<Choice, 'weightFormat'>> & { readonly tiles: readonly string[] },
): Choice | undefined {
  const way = waysOf(problem, options).find((each) => each.algorithm === algorithm);
  const found = axes((a) => options.candidates[a].find((each) => each.name === tiles[a]));
  if (way === undefined || !found.every((each) => each !== undefined && way.takes(each))) return undefined;
  const sketch = { way, weightFormat, sides: axes((a) => sideOf(problem, a, found[a]!)) };
  const error = errorsOf(problem, sketch)(sumBlock);
  return error <= limitOf(options, weightFormat)
    ? choiceOf(problem, options, sketch, sumBlock, error)
    : undefined;
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
  const errors = all.map((sketch) => errorsOf(problem, sketch)(sumBlocksOf(problem, sketch).at(-1)!));
  return errors.reduce((least, each) => Math.min(least, each));
}

/** An algorithm along an axis of the problem. */
interface Side {
  readonly cover: Cover;
  readonly error: LayerAxis;
}

/** A candidate before it is settled how channels are summed. */
interface Sketch {
  readonly way: Way;
  readonly weightFormat: WeightFormat;
  readonly sides: Axes<Side>;
}

function errorsOf(problem: Problem, { sides, weightFormat }: Sketch): (sumBlock: number) => number {
  return expectedError(
    problem,
    axes((a) => sides[a].error),
    weightFormat,
  );
}

function limitOf({ errorLimit, roundedErrorLimit = 0 }: ChoiceOptions, format: WeightFormat): number {
  return format === 'float32' ? errorLimit : roundedErrorLimit;
}

function ranking(choice: Choice): number {
  return handicap(choice, 'estimated') * choice.cost.total;
}

/** Input channels to sum at a time, from all (0) to the fewest. */
function sumBlocksOf({ inChannels, groups }: Problem, { way }: Sketch): readonly number[] {
  return way.sumBlocks.filter((channels) => channels < inChannels / groups);
}

function sideOf(problem: Problem, axis: 0 | 1 | 2, algorithm: AxisAlgorithm): Side {
  const covering = cover(algorithm, problem.output[axis]);
  return { cover: covering, error: layerAxis(problem, axis, covering) };
}

function choiceOf(
  problem: Problem,
  { width }: ChoiceOptions,
  { way, weightFormat, sides }: Sketch,
  sumBlock: number,
  error: number,
): Choice {
  const covers = axes((a) => sides[a].cover);
  const cost = way.cost(problem, covers, { sumBlock, weightFormat, width });
  return { algorithm: way.algorithm, covers, weightFormat, sumBlock, error, cost };
}

function waysOf(problem: Problem, { lanes }: ChoiceOptions): Way[] {
  if (lanes !== undefined) return [ways[lanes]].filter(({ possible }) => possible(problem));
  return Object.values(ways).filter(({ possible, likely }) => possible(problem) && likely(problem));
}

/** Every combination of the axes' candidates but for those that grow too far, with every format that may be. */
function sketches(problem: Problem, options: ChoiceOptions): Sketch[] {
  return waysOf(problem, options).flatMap((way) => {
    const formats = way.weightFormats.filter((format) => limitOf(options, format) > 0);
    return combinations(problem, options, way).flatMap((sides) =>
      formats.map((weightFormat) => ({ way, weightFormat, sides })),
    );
  });
}

function combinations(problem: Problem, { candidates }: ChoiceOptions, { takes }: Way): Axes<Side>[] {
  const along = axes((a) =>
    undominated(candidates[a].filter(takes).map((algorithm) => sideOf(problem, a, algorithm))),
  );
  const combined = along[0].flatMap((depth) =>
    along[1].flatMap((height) => along[2].map((breadth) => [depth, height, breadth] as const)),
  );
  const lean = combined.filter((sides) => growth(sides) <= MAX_GROWTH);
  return lean.length > 0 ? lean : combined;
}

/** Without covers that another one beats, or equals before them, in everything that matters: keeps 3-D plans quick. */
function undominated(sides: readonly Side[]): Side[] {
  const measures = sides.map(({ cover: { algorithm, totals }, error: { noise } }) => [
    totals.products * algorithm.folded,
    totals.inputs,
    totals.outputs,
    algorithm.kernel.products,
    algorithm.folded,
    noise?.gain ?? 0,
  ]);
  return sides.filter((_, i) =>
    measures.every((other, j) => {
      const differences = other.map((value, k) => value - measures[i]![k]!);
      return i === j || differences.some((by) => by > 0) || (j > i && differences.every((by) => by === 0));
    }),
  );
}

function growth(sides: Axes<Side>): number {
  return elementCount(
    sides.map(
      ({
        cover: {
          algorithm: { kernel },
        },
      }) => kernel.products / kernel.taps,
    ),
  );
}
