import { MAX_SIZE } from '../../../catalogue/candidates.js';
import type { AlgorithmRow } from '../../../planner/algorithm.js';
import type { Problem } from '../../../problem/problem.js';

/** Something that an algorithm cannot do without, and how to say so. */
interface Need {
  readonly met: (...[problem, options]: Parameters<AlgorithmRow['applies']>) => boolean;
  readonly text: (problem: Problem) => string;
}

/** What nested F(S, G) may need. */
export const needs = {
  stride: {
    met: ({ stride }) => areOnes(stride),
    text: (problem) => `stride 1 (it is ${spatial(problem, 'stride')})`,
  },
  dilation: {
    met: ({ dilation }) => areOnes(dilation),
    text: (problem) => `dilation 1 (it is ${spatial(problem, 'dilation')})`,
  },
  oneGroup: {
    met: ({ groups }) => groups === 1,
    text: ({ groups }) => `groups 1 for vectors of channels (they are ${groups})`,
  },
  noFold: {
    met: (_, { candidates }) => candidates.every((axis) => !isFolded(axis)),
    text: () => 'no folded axis with vectors of positions, which layers of several groups have',
  },
  taps: {
    met: (_, { candidates }) => candidates.every((axis) => axis.length > 0),
    text: (problem) =>
      problem.kernel.some((taps) => taps > MAX_SIZE)
        ? `at most ${MAX_SIZE} taps an axis (they are ${spatial(problem, 'kernel')})`
        : `tiles that the library has at stride ${spatial(problem, 'stride')}`,
  },
} satisfies Readonly<Record<string, Need>>;

/** @returns a function that finds the first need that is not met, in words */
export function unmetNeed(all: readonly Need[]): AlgorithmRow['applies'] {
  return (problem, options) => all.find(({ met }) => !met(problem, options))?.text(problem);
}

/** Whether nothing is left for an axis but to fold it. */
function isFolded(axis: Parameters<AlgorithmRow['applies']>[1]['candidates'][0]): boolean {
  return axis.length > 0 && axis.every(({ folded }) => folded > 1);
}

function areOnes(values: readonly number[]): boolean {
  return values.every((value) => value === 1);
}

function spatial(problem: Problem, key: 'stride' | 'dilation' | 'kernel'): string {
  return problem[key].slice(3 - problem.rank).join(' × ');
}
