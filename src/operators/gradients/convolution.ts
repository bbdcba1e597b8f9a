/** Gradients of convolutions, each the other's (Georganas et al. 2018, sections II-I and II-J). */
import type { Problem } from '../../problem/problem.js';
import { given } from '../../support/given.js';
import { elementCount } from '../../tensor/shape.js';
import { transposedWindow } from '../conv-transpose.js';
import { problemOf } from '../convolution/geometry.js';
import type { Attributes } from '../operator.js';
import { channelSums, type GradientRule } from './rule.js';

/**
 * By x: the transposed convolution of the gradient by the same weights. By the weights: their own operator. By the bias:
 * the sum over images and pixels.
 */
export const convolutionGradient: GradientRule = ({ attributes, inputs, gradients, wanted }, tape) => {
  const [x = '', weight = ''] = inputs;
  const gradient = gradients[0]!;
  const problem = problemOf(attributes, tape.type(x), tape.type(weight), 1);
  return [
    wanted[0] ? tape.node('ConvTranspose', [gradient, weight], byInputOf(problem)) : undefined,
    wanted[1] ? tape.node('ConvWeightsGradient', [x, gradient], windowOf(problem)) : undefined,
    wanted[2] ? channelSums(gradient, tape) : undefined,
  ];
};

/** Attributes of the ConvTranspose that makes a convolution's gradient by its input. */
export function byInputOf(problem: Problem): Attributes {
  // Inputs behind the last window: what the transposed convolution would not reach.
  const output_padding = spatial(problem, problem.input).map((input, axis) => {
    const of = (member: 'kernel' | 'stride' | 'dilation' | 'padBegin' | 'padEnd' | 'output') =>
      spatial(problem, problem[member])[axis]!;
    const seen = (of('output') - 1) * of('stride') + of('dilation') * (of('kernel') - 1) + 1;
    return input + of('padBegin') + of('padEnd') - seen;
  });
  return { ...windowOf(problem), output_padding, ...given({ by: productFor(problem) }) };
}

/** By x: the convolution of the gradient by the same weights. */
export const convTransposeGradient: GradientRule = ({ attributes, inputs, gradients, wanted }, tape) => {
  const [x = '', weight = ''] = inputs;
  const gradient = gradients[0]!;
  const { shape } = tape.type(x);
  const window = transposedWindow(attributes, shape, tape.type(weight).shape, tape.type(gradient).shape);
  return [
    wanted[0] ? tape.node('Conv', [gradient, weight], window) : undefined,
    wanted[1] ? tape.node('ConvWeightsGradient', [gradient, x], window) : undefined,
    wanted[2] ? channelSums(gradient, tape) : undefined,
  ];
};

/**
 * Outputs of all images up to which turning, transforming and packing weights takes longer than it saves: 6 ns a weight on
 * Zen 4 and two threads, in which a product of matrices comes to some 300 outputs.
 */
const FEW_OUTPUTS = 300;
/** Outputs of an image that leave vectors of pixels mostly empty. */
const FEW_PIXELS = 16;

/**
 * The product of matrices that takes the weights as they are, if the gradient of the input is one instead of a convolution by
 * turned ones: of each image (DECONVGEMM), at a stride, too, where phases would multiply by zeros; or of all images with
 * pixels as rows.
 */
function productFor({ batch, output, stride, groups }: Problem): 'gemm' | 'rows' | undefined {
  if (groups !== 1) return undefined;
  const pixels = elementCount(output);
  const few = batch * pixels <= FEW_OUTPUTS;
  if (few && batch > 1 && pixels < FEW_PIXELS) return 'rows';
  return few || elementCount(stride) > 1 ? 'gemm' : undefined;
}

function windowOf(problem: Problem): Attributes {
  const of = (member: 'kernel' | 'stride' | 'dilation' | 'padBegin' | 'padEnd') =>
    spatial(problem, problem[member]);
  return {
    ...{ kernel_shape: of('kernel'), strides: of('stride'), dilations: of('dilation') },
    ...{ pads: [...of('padBegin'), ...of('padEnd')], group: problem.groups },
  };
}

/** Of the axes that there are. */
function spatial({ rank }: Problem, values: readonly number[]): readonly number[] {
  return values.slice(3 - rank);
}
