import type { Machine } from '../machine/machine.js';
import type { ConvolutionDescription, NativeProblem } from '../native/addon.js';
import type { Problem } from '../problem/problem.js';
import type { Choice } from './choices.js';
import { type Layouts, planarLayouts } from './layouts.js';
import { scheduleOf } from './schedule.js';

/** What is added to a result before its activation. */
export interface Addends {
  readonly bias: boolean;
  readonly residual: boolean;
}

/** The engine's words for a problem. */
export function nativeProblem(problem: Problem, { bias, residual }: Addends): NativeProblem {
  const { batch, inChannels, outChannels, groups, input, kernel } = problem;
  const { stride, dilation, padBegin, padEnd, activation } = problem;
  return {
    direction: 'forward',
    ...{ batch, inChannels, outChannels, groups, input, kernel },
    ...{ stride, dilation, padBegin, padEnd, activation, bias, residual },
    types: { input: 'float32', weight: 'float32', accumulate: 'float32', output: 'float32' },
  };
}

/** What the engine runs once an algorithm is chosen, and what its weights are packed by. */
export function lower(
  problem: Problem,
  choice: Choice,
  machine: Machine,
  addends: Addends,
  layouts: Layouts = planarLayouts,
): ConvolutionDescription {
  return {
    problem: nativeProblem(problem, addends),
    schedule: scheduleOf(problem, choice, layouts, machine),
  };
}
