/** Gradients of normalizations whose statistics are those of their input. */
import { elementCount } from '../../tensor/shape.js';
import { axisOf, integer, number } from '../attributes.js';
import type { Attributes } from '../operator.js';
import { averaged, channelSums, type GradientRule, perChannel, shaped, summed, type Tape } from './rule.js';

/** What was normalized: (x − mean) / √(variance + ε) over axes, and the factor. */
interface Normalized {
  readonly value: string;
  readonly factor: string;
}

function normalized(x: string, axes: readonly number[], attributes: Attributes, tape: Tape): Normalized {
  const centred = tape.node('Sub', [x, averaged(x, axes, tape)]);
  const variance = averaged(tape.node('Mul', [centred, centred]), axes, tape);
  const epsilon = tape.floats(number(attributes, 'epsilon', 1e-5));
  const factor = tape.node('Reciprocal', [tape.node('Sqrt', [tape.node('Add', [variance, epsilon])])]);
  return { value: tape.node('Mul', [centred, factor]), factor };
}

/** (g − mean(g) − x̂ mean(g x̂)) · factor: of x, where g is the gradient of x̂ (Ioffe and Szegedy 2015, section 3). */
function throughStatistics(
  { value, factor }: Normalized,
  gradient: string,
  axes: readonly number[],
  tape: Tape,
): string {
  const along = averaged(tape.node('Mul', [gradient, value]), axes, tape);
  const rest = tape.node('Sub', [gradient, averaged(gradient, axes, tape)]);
  return tape.node('Mul', [tape.node('Sub', [rest, tape.node('Mul', [value, along])]), factor]);
}

/**
 * With statistics that are given, the input is scaled. With the attribute `batch_statistics` (what training puts there) they
 * are those of the batch, and the gradient goes through them: of n pixels in all, where f is 1 / √(variance + ε), dβ the sum
 * of the gradients g and s that of g (x − mean), dx = γ f (g − dβ / n − (x − mean) f² s / n) (Ioffe and Szegedy 2015,
 * section 3). Two sums serve x, scale and shift, and nothing but the gradient is as large as the input.
 */
const batch: GradientRule = ({ attributes, inputs, gradients, wanted }, tape) => {
  const [x = '', scale = '', , mean = '', variance = ''] = inputs;
  const gradient = gradients[0]!;
  const { shape } = tape.type(x);
  const spread = (name: string) => perChannel(name, shape.length, tape);
  const times = (...factors: readonly string[]) => factors.reduce((a, b) => tape.node('Mul', [a, b]));
  const epsilon = tape.floats(number(attributes, 'epsilon', 1e-5));
  const factor = tape.node('Reciprocal', [tape.node('Sqrt', [tape.node('Add', [variance, epsilon])])]);
  const throughThem = wanted[0] && attributes.batch_statistics === 1;
  const sum = wanted[2] || throughThem ? channelSums(gradient, tape) : undefined;
  const along =
    wanted[1] || throughThem
      ? channelSums(times(gradient, tape.node('Sub', [x, spread(mean)])), tape)
      : undefined;
  const ofX = () => {
    const own = spread(times(scale, factor));
    if (!throughThem) return times(gradient, own);
    const share = tape.floats(shape[1]! / elementCount(shape));
    const slope = spread(times(along!, factor, factor, share));
    // From the mean to x instead of the other way: so that nobody keeps one difference for both.
    const turned = times(tape.node('Sub', [spread(mean), x]), slope);
    const rest = tape.node('Sub', [gradient, spread(times(sum!, share))]);
    return times(tape.node('Add', [rest, turned]), own);
  };
  return [
    wanted[0] ? ofX() : undefined,
    wanted[1] ? times(along!, factor) : undefined,
    wanted[2] ? sum : undefined,
  ];
};

/** Over the pixels of a group of channels of an image. */
function grouped(groupsOf: (attributes: Attributes, channels: number) => number): GradientRule {
  return ({ attributes, inputs, gradients, wanted }, tape) => {
    const [x = '', scale = ''] = inputs;
    const { shape } = tape.type(x);
    const [images = 1, channels = 1] = shape;
    const groups = groupsOf(attributes, channels);
    const apart = [images, groups, channels / groups, ...shape.slice(2)];
    const axes = apart.flatMap((_, axis) => (axis < 2 ? [] : [axis]));
    const inGroups = (name: string) => shaped(name, apart, tape);
    const own = normalized(inGroups(x), axes, attributes, tape);
    const value = shaped(own.value, shape, tape);
    const scaled = tape.node('Mul', [gradients[0]!, perChannel(scale, shape.length, tape)]);
    return [
      wanted[0] ? shaped(throughStatistics(own, inGroups(scaled), axes, tape), shape, tape) : undefined,
      wanted[1] ? channelSums(tape.node('Mul', [gradients[0]!, value]), tape) : undefined,
      wanted[2] ? channelSums(gradients[0]!, tape) : undefined,
    ];
  };
}

/** Over all axes from one on. */
const layer: GradientRule = ({ attributes, inputs, gradients, wanted }, tape) => {
  const [x = '', scale = '', bias = ''] = inputs;
  const { shape } = tape.type(x);
  const first = axisOf(integer(attributes, 'axis', -1), shape.length);
  const axes = shape.flatMap((_, axis) => (axis < first ? [] : [axis]));
  const others = shape.flatMap((_, axis) => (axis < first ? [axis] : []));
  const own = normalized(x, axes, attributes, tape);
  const scaled = tape.node('Mul', [gradients[0]!, scale]);
  const rowwise = (name: string, like: string) => {
    const sum = others.length === 0 ? name : summed(name, others, tape);
    return shaped(sum, tape.type(like).shape, tape);
  };
  return [
    wanted[0] ? throughStatistics(own, scaled, axes, tape) : undefined,
    wanted[1] ? rowwise(tape.node('Mul', [gradients[0]!, own.value]), scale) : undefined,
    wanted[2] ? rowwise(gradients[0]!, bias) : undefined,
  ];
};

/**
 * y = x s^−β with s = bias + α/size Σ x² over a window of channels: dx = dy s^−β − 2 α β / size · x Σ dy y / s, the sum over the
 * windows that a channel is in.
 */
const localResponse: GradientRule = ({ attributes, inputs, outputs, gradients }, tape) => {
  const [x, y, dy] = [inputs[0]!, outputs[0]!, gradients[0]!];
  const { shape } = tape.type(x);
  const [images = 1, channels = 1] = shape;
  const pixels = shape.slice(2).reduce((product, each) => product * each, 1);
  const size = integer(attributes, 'size');
  const [alpha, beta] = [number(attributes, 'alpha', 0.0001), number(attributes, 'beta', 0.75)];
  const less = Math.floor((size - 1) / 2);
  const mean = (name: string, before: number) => {
    const seen = shaped(name, [images, 1, channels, pixels], tape);
    const pads = [before, 0, size - 1 - before, 0];
    const window = { kernel_shape: [size, 1], pads, count_include_pad: 1 };
    return shaped(tape.node('AveragePool', [seen], window), shape, tape);
  };
  const times = (name: string, factor: number) => tape.node('Mul', [name, tape.floats(factor)]);
  const square = times(mean(tape.node('Mul', [x, x]), less), alpha);
  const sum = tape.node('Add', [square, tape.floats(number(attributes, 'bias', 1))]);
  const own = tape.node('Mul', [dy, tape.node('Pow', [sum, tape.floats(-beta)])]);
  const share = tape.node('Div', [tape.node('Mul', [dy, y]), sum]);
  const others = times(tape.node('Mul', [x, mean(share, size - 1 - less)]), 2 * alpha * beta);
  return [tape.node('Sub', [own, others])];
};

/** By the name of the operator. */
export const normalizeGradients: Readonly<Record<string, GradientRule>> = {
  BatchNormalization: batch,
  InstanceNormalization: grouped((_attributes, channels) => channels),
  GroupNormalization: grouped((attributes) => integer(attributes, 'num_groups')),
  LayerNormalization: layer,
  LRN: localResponse,
};
