import { forwardErrorBound, relativeBound } from '../../../synth/noise/bound.js';
import type { AxisForm } from '../../catalogue/axis-algorithm.js';
import { defaultAlgorithm } from '../../catalogue/catalogue.js';
import { summedChannels } from '../../catalogue/cover.js';
import type { Settled } from '../../planner/choices.js';
import type { Problem } from '../../problem/problem.js';
import { elementCount } from '../../tensor/shape.js';

/**
 * The bound of nested F(S, G): a rigorous one on the rounding error of every output before bias and activation, as a multiple of
 * max|input| · max|weight|, barring overflow and underflow (Higham, lemma 3.1).
 *
 * The programs that carry out a transform share parts of rows but never let terms cancel, so that magnitudes are those of
 * the matrices. A row of n terms meets fewer than 3n roundings: n − 1 additions join them, each after at most one
 * multiplication by a constant, which may be rounded itself.
 */
export function nestedBound(problem: Problem, { covers, sumBlock, weightFormat }: Settled): number {
  const channels = summedChannels(problem.inChannels / problem.groups, covers!);
  const convolved = covers!.filter(({ algorithm }) => algorithm.kernel.taps > 1);
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

/** The bound of direct convolution: one sum over taps and channels. */
export function directBound({ inChannels, groups, kernel }: Problem): number {
  const channels = (inChannels / groups) * elementCount(kernel);
  return forwardErrorBound([identity()], { channels }).absolute;
}

function identity() {
  return defaultAlgorithm(1, 1).forms[0]!.transform;
}
