import { expected } from '../../../synth/errors.js';
import { outputShape } from '../../problem/problem.js';
import { elementCount } from '../../tensor/shape.js';
import { floats, integer, integers } from '../attributes.js';
import type { Attributes, Operator, TensorType } from '../operator.js';
import { threadsFor } from '../threads.js';
import { problemOf } from './geometry.js';

/**
 * The gradient of a convolution's weights: of x and the gradient of its result, with the attributes of Conv, `kernel_shape`
 * among them. dW[k][c][tap] = Σ dy[n][k][o] x[n][c][o · stride + tap · dilation − padding] (Georganas et al. 2018, section
 * II-J), each sum in blocks of some hundred positions, so that its error does not grow with the number of images.
 */
export const convWeightsGradient: Operator = {
  name: 'ConvWeightsGradient',
  infer(attributes, inputs) {
    const [x, gradient] = [floats(inputs, 0, 'X'), floats(inputs, 1, 'dY')];
    const weight = weightOf(attributes, x, gradient);
    const made = outputShape(problemOf(attributes, x, weight, 1));
    if (made.join() !== gradient.shape.join())
      throw expected(
        'input dY',
        `of shape [${made.join(', ')}], as the convolution's result`,
        gradient.shape,
      );
    return [weight];
  },
  layouts: () => ({ inputs: [['blocked'], ['blocked']], outputs: [['planar']] }),
  lower({ attributes, inputs }, { isa, threads }) {
    const [x, gradient] = [inputs[0]!, inputs[1]!];
    const problem = problemOf(attributes, x, weightOf(attributes, x, gradient), 1);
    const { batch, inChannels, outChannels, groups } = problem;
    const of = (member: 'input' | 'output' | 'kernel' | 'stride' | 'dilation' | 'padBegin') =>
      Int32Array.from(problem[member]);
    const flops = 2 * elementCount(gradient.shape) * (inChannels / groups) * elementCount(problem.kernel);
    const bytes = 4 * (elementCount(x.shape) + elementCount(gradient.shape));
    const description = {
      ...{
        isa: isa.name,
        threads: threadsFor(threads, bytes, flops),
        batch,
        inChannels,
        outChannels,
        groups,
      },
      ...{ input: of('input'), output: of('output'), kernel: of('kernel') },
      ...{ stride: of('stride'), dilation: of('dilation'), padBegin: of('padBegin') },
    };
    return {
      steps: [
        {
          ...{ operator: 'convolutionWeightsGradient', description },
          inputs: [{ input: 0 }, { input: 1 }],
          outputs: [{ output: 0 }],
        },
      ],
      title: 'outer products',
    };
  },
};

function weightOf(attributes: Attributes, x: TensorType, gradient: TensorType): TensorType {
  const rank = x.shape.length - 2;
  const kernel = integers(attributes, 'kernel_shape', { count: rank, least: 1 });
  if (kernel === undefined) throw expected('attribute kernel_shape', `${rank} integers`, undefined);
  const groups = integer(attributes, 'group', 1, 1);
  const [channels, outputs] = [x.shape[1]!, gradient.shape[1]!];
  if (channels % groups !== 0 || outputs % groups !== 0)
    throw expected('attribute group', `a divisor of ${channels} and ${outputs}`, groups);
  return { type: 'float32', shape: [outputs, channels / groups, ...kernel] };
}
