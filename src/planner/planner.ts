import { expected, InputError } from '../../synth/index.js';
import { MAX_SIZE } from '../catalogue/candidates.js';
import type { Problem } from '../problem/problem.js';
import { bestWinograd, type Choice, type ChoiceOptions, leastError, rankedWinograd } from './choices.js';
import { directCost } from './cost.js';

/** 'auto' takes whichever is estimated to be faster. */
export type Algorithm = 'auto' | 'winograd' | 'direct';

/** What the planner may choose from. */
export interface PlannerOptions extends ChoiceOptions {
  readonly algorithm: Algorithm;
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
  {
    met: ({ groups }, { lanes }) => groups === 1 || lanes !== 'channels',
    text: ({ groups }) => `groups 1 for vectors of channels (they are ${groups})`,
  },
  {
    met: (_, { candidates }) => candidates.every((axis) => axis.length > 0),
    text: (problem) => `at most ${MAX_SIZE} taps an axis (they are ${spatial(problem, 'kernel')})`,
  },
];

/**
 * Chooses algorithm and tiles: the least estimated cost among all candidates whose expected error stays within the
 * limit.
 *
 * @throws InputError when Winograd is asked for where it does not apply, or no candidate keeps the limit
 */
export function choose(problem: Problem, options: PlannerOptions): Decision {
  const direct = directChoice(problem, options);
  if (options.algorithm === 'direct') return { choice: direct, reason: 'as asked' };

  const unmet = requirements.find(({ met }) => !met(problem, options))?.text(problem);
  if (options.algorithm === 'winograd') {
    if (unmet !== undefined)
      throw new InputError(`Expected algorithm 'winograd' to have ${unmet}; 'direct' and 'auto' run any`);
    const choice = bestWinograd(problem, options, Number.POSITIVE_INFINITY);
    if (choice === undefined) {
      const least = leastError(problem, options).toPrecision(3);
      throw expected('errorLimit', `at least ${least}, what the best tile keeps`, options.errorLimit);
    }
    return { choice, reason: `as asked; ${compare('direct', direct, choice)}` };
  }

  if (unmet !== undefined) return { choice: direct, reason: `Winograd needs ${unmet}` };
  if (areOnes(problem.kernel))
    return { choice: direct, reason: 'a kernel of one tap leaves nothing to save' };
  const choice = bestWinograd(problem, options, direct.cost.total);
  if (choice !== undefined)
    return { choice, reason: `estimated fastest; ${compare('direct', direct, choice)}` };
  return { choice: direct, reason: 'estimated faster than any tile that keeps the error limit' };
}

/** What is slower than direct convolution by the estimate may be faster in truth, but hardly by more than this. */
const DOUBT = 1.5;

/**
 * The likeliest choices by estimate, for measurement: first what {@link choose} takes.
 *
 * @param count most of them
 * @throws InputError as {@link choose} does
 */
export function contenders(problem: Problem, options: PlannerOptions, count: number): readonly Choice[] {
  const { choice } = choose(problem, options);
  const settled = options.algorithm === 'direct' || areOnes(problem.kernel);
  if (settled || requirements.some(({ met }) => !met(problem, options))) return [choice];
  const direct = directChoice(problem, options);
  const auto = options.algorithm === 'auto';
  const likely = auto ? [direct] : [];
  for (const each of rankedWinograd(problem, options, auto ? DOUBT * direct.cost.total : Infinity)) {
    if (likely.length >= count) break;
    likely.push(each);
  }
  return likely.sort((a, b) => a.cost.total - b.cost.total);
}

/** Direct convolution as a choice. */
export function directChoice(problem: Problem, { width }: Pick<ChoiceOptions, 'width'>): Choice {
  return {
    algorithm: 'direct',
    weightFormat: 'float32',
    sumBlock: 0,
    error: 1,
    cost: directCost(problem, width),
  };
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
