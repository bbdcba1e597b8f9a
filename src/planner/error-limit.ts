import { expected } from '../../synth/index.js';
import { forwardErrorBound, relativeBound } from '../../synth/noise/bound.js';
import type { AxisForm } from '../catalogue/axis-algorithm.js';
import { defaultAlgorithm } from '../catalogue/catalogue.js';
import { summedChannels } from '../catalogue/cover.js';
import type { Problem } from '../problem/problem.js';
import { elementCount } from '../tensor/shape.js';
import type { Choice } from './choices.js';
import { relativeDirectError } from './expected-error.js';

/** 'direct': no worse than direct float32 convolution; a number: relative tolerance; 'fast': whatever is fastest. */
export type Accuracy = 'direct' | 'fast' | number;

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
export function checkAccuracy(accuracy: Accuracy, problem: Problem, choice: Choice): void {
  if (choice.error <= errorLimitOf(accuracy, problem)) return;
  const reached = (choice.error * relativeDirectError(problem)).toPrecision(3);
  throw expected(
    'accuracy',
    `at least ${reached}, what ${choice.algorithm} convolution keeps here,`,
    accuracy,
  );
}

/**
 * A rigorous bound on the rounding error of every output before bias and activation, as a multiple of
 * max|input| · max|weight|, barring overflow and underflow (Higham, lemma 3.1).
 *
 * The programs that carry out a transform share parts of rows but never let terms cancel, so that magnitudes are those of
 * the matrices. A row of n terms meets fewer than 3n roundings: n − 1 additions join them, each after at most one
 * multiplication by a constant, which may be rounded itself.
 */
export function errorBound(problem: Problem, { covers, sumBlock, weightFormat }: Choice): number {
  if (covers === undefined) return forwardErrorBound([identity()], { channels: sumLength(problem) }).absolute;
  const channels = summedChannels(problem.inChannels / problem.groups, covers);
  const convolved = covers.filter(({ algorithm }) => algorithm.kernel.taps > 1);
  const transforms = convolved.map(({ runs }) =>
    Math.max(...runs.map(({ form: { native } }) => 3 * (native.inputs + native.products))),
  );
  const still = forwardErrorBound([identity()], { channels, sumBlock });
  const roundings = transforms.reduce((sum, each) => sum + each, still.roundings);
  const amplification = convolved.reduce(
    (product, { runs }) => product * Math.max(...runs.map(({ form }) => amplificationOf(form))),
    still.amplification,
  );
  return amplification * relativeBound(roundings, { weightFormat });
}

const amplifications = new WeakMap<AxisForm, number>();

/** The largest Σ |A| (|B| 1)(|C| 1) of an output. */
function amplificationOf(form: AxisForm): number {
  const known = amplifications.get(form);
  if (known !== undefined) return known;
  const { amplification } = forwardErrorBound([form.transform], { channels: 1 });
  amplifications.set(form, amplification);
  return amplification;
}

function sumLength({ inChannels, groups, kernel }: Problem): number {
  return (inChannels / groups) * elementCount(kernel);
}

function identity() {
  return defaultAlgorithm(1, 1).forms[0]!.transform;
}
