import { expected, InputError } from '../synth/index.js';
import type { AxisAlgorithm } from './axis.js';
import { type Choice, directCost, relativeError, sumBlocks, winogradCost } from './cost.js';
import type { Axes } from './native.js';
import type { Problem } from './problem.js';
import { MAX_INPUTS } from './transforms.js';

/** 'auto' takes whichever is estimated to be faster. */
export type Algorithm = 'auto' | 'winograd' | 'direct';

/** What the planner may choose from. */
export interface PlannerOptions {
  readonly algorithm: Algorithm;
  /** Winograd candidates of each axis. */
  readonly candidates: Axes<readonly AxisAlgorithm[]>;
  /** Largest expected error, as a multiple of direct convolution's. */
  readonly errorLimit: number;
  /** Floats in a vector of the kernels that will run. */
  readonly width: number;
}

/** The planner's answer, with what it was chosen from. */
export interface Decision {
  readonly choice: Choice;
  /** In a few words, for `describe()`. */
  readonly reason: string;
}

/** What nested F(S, G) cannot do, with how to say so. */
const requirements: readonly {
  readonly met: (problem: Problem, options: PlannerOptions) => boolean;
  readonly text: (problem: Problem) => string;
}[] = [
  {
    met: ({ stride }) => areOnes(stride),
    text: (problem) => `stride 1 (it is ${spatial(problem, 'stride')})`,
  },
  {
    met: ({ dilation }) => areOnes(dilation),
    text: (problem) => `dilation 1 (it is ${spatial(problem, 'dilation')})`,
  },
  { met: ({ groups }) => groups === 1, text: ({ groups }) => `groups 1 (they are ${groups})` },
  {
    met: (_, { candidates }) => candidates.every((axis) => axis.length > 0),
    text: (problem) => `at most ${MAX_INPUTS} taps an axis (they are ${spatial(problem, 'kernel')})`,
  },
];

/**
 * Chooses algorithm and tiles: the least estimated cost among all candidates whose expected error stays within the
 * limit.
 *
 * @throws InputError when Winograd is asked for where it does not apply, or no candidate keeps the limit
 */
export function choose(problem: Problem, options: PlannerOptions): Decision {
  const direct: Choice = {
    algorithm: 'direct',
    sumBlock: 0,
    error: 1,
    cost: directCost(problem, options.width),
  };
  if (options.algorithm === 'direct') return { choice: direct, reason: 'as asked' };

  const unmet = requirements.find(({ met }) => !met(problem, options))?.text(problem);
  if (options.algorithm === 'winograd') {
    if (unmet !== undefined)
      throw new InputError(`Expected algorithm 'winograd' to have ${unmet}; 'direct' and 'auto' run any`);
    const choice = bestWinograd(problem, options);
    if (typeof choice === 'number')
      throw expected(
        'errorLimit',
        `at least ${choice.toPrecision(3)}, what the best tile keeps`,
        options.errorLimit,
      );
    return { choice, reason: `as asked; ${compare('direct', direct, choice)}` };
  }

  if (unmet !== undefined) return { choice: direct, reason: `Winograd needs ${unmet}` };
  if (areOnes(problem.kernel))
    return { choice: direct, reason: 'a kernel of one tap leaves nothing to save' };
  const winograd = bestWinograd(problem, options);
  if (typeof winograd === 'number') return { choice: direct, reason: 'no tile keeps the error limit' };
  return winograd.cost.total < direct.cost.total
    ? { choice: winograd, reason: `estimated fastest; ${compare('direct', direct, winograd)}` }
    : { choice: direct, reason: `estimated fastest; ${compare('Winograd', winograd, direct)}` };
}

/** The cheapest choice within the error limit, or the least error there is when none keeps it. */
function bestWinograd(problem: Problem, options: PlannerOptions): Choice | number {
  const choices = winogradChoices(problem, options);
  const allowed = choices.filter(({ error }) => error <= options.errorLimit);
  if (allowed.length === 0) return Math.min(...choices.map(({ error }) => error));
  return allowed.reduce((best, choice) => (choice.cost.total < best.cost.total ? choice : best));
}

/** Every combination of the axes' candidates and of the ways to sum channels. */
function winogradChoices(problem: Problem, { candidates, width }: PlannerOptions): Choice[] {
  const sums = sumBlocks.filter(({ channels }) => channels < problem.inChannels);
  const tiles = candidates[0].flatMap((depth) =>
    candidates[1].flatMap((height) => candidates[2].map((breadth) => [depth, height, breadth] as const)),
  );
  return tiles.flatMap((axes) =>
    sums.map(({ channels, slowdown }) => ({
      algorithm: 'winograd' as const,
      axes,
      sumBlock: channels,
      error: relativeError(axes, problem.inChannels, channels),
      cost: winogradCost(problem, axes, slowdown, width),
    })),
  );
}

function compare(name: string, other: Choice, chosen: Choice): string {
  return `${name} is estimated to take ${(other.cost.total / chosen.cost.total).toFixed(1)}× the time`;
}

function areOnes(values: readonly number[]): boolean {
  return values.every((value) => value === 1);
}

function spatial(problem: Problem, key: 'stride' | 'dilation' | 'kernel'): string {
  return problem[key].slice(3 - problem.rank).join(' × ');
}
