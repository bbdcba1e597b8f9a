import { expected, InputError } from '../synth/index.js';
import type { AxisAlgorithm } from './axis.js';
import { type Choice, directCost, relativeError, sumBlocks, winogradCost } from './cost.js';
import type { Axes } from './native.js';
import type { Problem } from './problem.js';

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

/**
 * Chooses algorithm and tiles: the least estimated cost among all candidates whose expected error stays within the
 * limit.
 *
 * @throws InputError when Winograd is asked for where it does not apply, or no candidate keeps the limit
 */
export function choose(problem: Problem, options: PlannerOptions): Decision {
  const obstacle = winogradObstacle(problem);
  const direct: Choice = {
    algorithm: 'direct',
    sumBlock: 0,
    error: 1,
    cost: directCost(problem, options.width),
  };
  if (options.algorithm === 'direct') return { choice: direct, reason: 'as asked' };
  if (obstacle !== undefined) {
    if (options.algorithm === 'winograd')
      throw new InputError(
        `Expected algorithm 'winograd' to have ${obstacle.needs}; 'direct' and 'auto' run any`,
      );
    return { choice: direct, reason: `Winograd needs ${obstacle.needs}` };
  }

  const all = winogradChoices(problem, options);
  const allowed = all.filter(({ error }) => error <= options.errorLimit);
  const best = cheapest(allowed);
  if (options.algorithm === 'winograd') {
    if (best === undefined)
      throw expected(
        'errorLimit',
        `at least ${least(all).toPrecision(3)} (of the most accurate tile)`,
        options.errorLimit,
      );
    return { choice: best, reason: reasonAmong(best, allowed, direct) };
  }
  if (best === undefined || direct.cost.total <= best.cost.total)
    return {
      choice: direct,
      reason: best ? compare('Winograd', best, direct) : 'no tile keeps the error limit',
    };
  return { choice: best, reason: reasonAmong(best, allowed, direct) };
}

/** What keeps a layer from nested F(S, G), if anything does. */
export function winogradObstacle(problem: Problem): { readonly needs: string } | undefined {
  const rules = [
    {
      holds: problem.stride.every((step) => step === 1),
      needs: `stride 1 (it is ${problem.stride.slice(3 - problem.rank).join(' × ')})`,
    },
    {
      holds: problem.dilation.every((step) => step === 1),
      needs: `dilation 1 (it is ${problem.dilation.slice(3 - problem.rank).join(' × ')})`,
    },
    { holds: problem.groups === 1, needs: `groups 1 (they are ${problem.groups})` },
  ];
  return rules.find(({ holds }) => !holds);
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

function cheapest(choices: readonly Choice[]): Choice | undefined {
  return choices.reduce<Choice | undefined>(
    (best, choice) => (best === undefined || choice.cost.total < best.cost.total ? choice : best),
    undefined,
  );
}

function least(choices: readonly Choice[]): number {
  return Math.min(...choices.map(({ error }) => error));
}

function reasonAmong(best: Choice, allowed: readonly Choice[], direct: Choice): string {
  return allowed.length === 1
    ? `as asked; ${compare('direct', direct, best)}`
    : `the least estimated time of ${allowed.length} that keep the error limit; ${compare('direct', direct, best)}`;
}

function compare(name: string, other: Choice, chosen: Choice): string {
  return `${name} is estimated at ${(other.cost.total / chosen.cost.total).toFixed(1)}× its time`;
}
