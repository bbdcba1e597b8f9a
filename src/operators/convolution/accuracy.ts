import { expected } from '../../../synth/index.js';
import type { Decision } from '../../planner/planner.js';
import type { Problem } from '../../problem/problem.js';
import { relativeDirectError } from './expected-error.js';

/** 'direct': no worse than direct float32 convolution; a number: relative tolerance; 'fast': whatever is fastest. */
export type Accuracy = 'direct' | 'fast' | number;

/** @throws InputError for what is no {@link Accuracy} */
export function validateAccuracy(accuracy: unknown): Accuracy {
  if (accuracy === 'direct' || accuracy === 'fast' || (typeof accuracy === 'number' && accuracy > 0))
    return accuracy;
  throw expected('accuracy', "'direct', 'fast' or a positive number", accuracy);
}

/** The largest expected error that an accuracy admits, as a multiple of direct convolution's. */
export function errorLimitOf(accuracy: Accuracy, problem: Problem): number {
  if (accuracy === 'fast') return Number.POSITIVE_INFINITY;
  return accuracy === 'direct' ? 1 : accuracy / relativeDirectError(problem);
}

/**
 * Holds what was chosen to the accuracy: tiles may have been given that miss it, and no algorithm keeps any tolerance.
 *
 * @throws InputError saying what is reached
 */
export function checkAccuracy(accuracy: Accuracy, problem: Problem, { choice, row }: Decision): void {
  if (choice.error <= errorLimitOf(accuracy, problem)) return;
  const reached = (choice.error * relativeDirectError(problem)).toPrecision(3);
  throw expected('accuracy', `at least ${reached}, what ${row.kind} convolution keeps here,`, accuracy);
}
