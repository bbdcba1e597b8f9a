import { directError, HALF_ULP } from '../../synth/noise/layer.js';
import { elementCount } from '../tensor/shape.js';
import type { Attributes, Constant, TensorType } from './operator.js';

/*
 * How rounding errors of what a node reads show in what it makes, by mean squares alone: numbers are taken as independent and
 * of mean zero but for what rectifiers and biases do, weights as they are. Sums of such add up signal and noise alike, so that
 * noise relative to the signal stays the same through a convolution, and is averaged where branches meet.
 */

/** An input of a node. */
export interface Incoming extends TensorType {
  /** Its mean square; of constants that of their numbers. */
  readonly power: number;
  /** Its numbers, where they are known. */
  readonly constant?: Constant;
}

/** What a node does to signal and noise. */
export interface Passage {
  /** Mean square of its result. */
  readonly power: number;
  /** Of each input's variance of errors relative to it, how much that of the result has; constants have none. */
  readonly shares: readonly number[];
  /** Variance of its own roundings relative to its result; of convolutions their plan tells it. */
  readonly own: number;
}

/** A node of one result, with its inputs; those that are left out are undefined. */
export interface Passed {
  readonly attributes: Attributes;
  readonly inputs: readonly (Incoming | undefined)[];
  readonly output: TensorType;
}

type Rule = (node: Passed) => Passage;

/** Variance of one rounding to float32 relative to the result: uniform within half a unit, over mantissas. */
const ROUNDING = HALF_ULP.float32 ** 2 / 3;

/**
 * What normalizing by the mean of the data adds to relative noise: it takes signal away, which rectified inputs give every channel
 * of a convolution. A third of the power (1/π) would make it 1.47; the 22 layers of nnU-Net show 1.3 each.
 */
const CENTRING = 1.3;

/** Of numbers around zero a rectifier leaves half of signal and noise. */
const RECTIFIED = 1 / 2;

/** Only the first input counts. */
const first = (node: Passed, power: number, share: number, own: number): Passage => ({
  power,
  shares: node.inputs.map((_, i) => (i === 0 ? share : 0)),
  own,
});

/** Terms that products of matrices add up before the sum is added to memory, at most about. */
const SUM_BLOCK = 512;

/** Variance of a sum of products in order, relative to its square. */
const sumError = (terms: number) => directError([{ taps: { mean: 1, meanSquare: 1 } }], terms) ** 2;

/** Sums of products with weights, so many terms for each output. */
function sums(node: Passed, terms: number): Passage {
  const [x, weight, bias] = node.inputs;
  const gain = terms * weight!.power;
  const added = bias?.constant ? bias.power : 0;
  const own = sumError(Math.min(terms, SUM_BLOCK)) + sumError(Math.max(1, terms / SUM_BLOCK));
  const signal = x!.power * gain;
  const share = ratio(signal, signal + added);
  if (weight!.constant) return first(node, signal + added, share, own);
  return { power: signal + added, shares: [share, share, ...node.inputs.slice(2).map(() => 0)], own };
}

const ratio = (part: number, whole: number) => (whole > 0 ? part / whole : 1);

/** A result that is made of parts, each with its power. */
function mixed(node: Passed, parts: readonly number[], own: number): Passage {
  const power = parts.reduce((sum, part) => sum + part, 0);
  return { power, shares: node.inputs.map((each, i) => (each?.constant ? 0 : ratio(parts[i]!, power))), own };
}

const powers = ({ inputs }: Passed) => inputs.map((each) => each?.power ?? 0);

const rectifying =
  (slope: (node: Passed) => number): Rule =>
  (node) =>
    first(node, node.inputs[0]!.power * RECTIFIED * (1 + slope(node) ** 2), 1, 0);

/** Scale and shift by channel after a normalization. */
function affine(
  node: Passed,
  scale: Incoming | undefined,
  shift: Incoming | undefined,
  noise: number,
): Passage {
  const [signal, added] = [scale?.power ?? 1, shift?.power ?? 0];
  return first(node, signal + added, ratio(signal, signal + added) * noise, 3 * ROUNDING);
}

const centred: Rule = (node) => affine(node, node.inputs[1], node.inputs[2], CENTRING);

/** By statistics that are known: they say what of the signal is mean. */
const batchNormalization: Rule = (node) => {
  const [x, scale, shift, mean, variance] = node.inputs;
  const epsilon = (node.attributes.epsilon as number | undefined) ?? 1e-5;
  if (!scale?.constant || !mean?.constant || !variance?.constant) return centred(node);
  const spread = [...variance.constant.data].map((value) => value + epsilon);
  const gains = [...scale.constant.data].map((value, c) => value ** 2 / spread[c]!);
  const gain = gains.reduce((sum, each) => sum + each, 0) / gains.length;
  const centre = mean.power / (spread.reduce((sum, each) => sum + each, 0) / spread.length);
  const [signal, added] = [x!.power * gain, shift?.power ?? 0];
  return first(node, signal + added, ratio(signal, signal + added) * (1 + centre), 2 * ROUNDING);
};

/** Its result is in [0, 1], where it changes by a quarter of its operand's change at most. */
const sigmoid: Rule = (node) => first(node, 1 / 3, Math.min(1, (node.inputs[0]!.power * 3) / 16), ROUNDING);

const product: Rule = (node) => ({
  power: powers(node).reduce((all, power) => all * power, 1),
  shares: node.inputs.map((each) => (each?.constant ? 0 : 1)),
  own: ROUNDING,
});

const rules: Readonly<Record<string, Rule>> = {
  Conv: (node) => ({ ...sums(node, elementCount(node.inputs[1]!.shape.slice(1))), own: 0 }),
  ConvTranspose(node) {
    const [, weight] = node.inputs;
    const strides = (node.attributes.strides as readonly number[] | undefined) ?? [];
    const group = (node.attributes.group as number | undefined) ?? 1;
    const taps = elementCount(weight!.shape.slice(2)) / elementCount(strides);
    return { ...sums(node, (weight!.shape[0]! / group) * taps), own: 0 };
  },
  Gemm: (node) => sums(node, elementCount(node.inputs[1]!.shape) / (node.output.shape.at(-1) || 1)),
  MatMul: (node) => sums(node, node.inputs[0]!.shape.at(-1) ?? 1),
  BatchNormalization: batchNormalization,
  InstanceNormalization: centred,
  GroupNormalization: centred,
  LayerNormalization: centred,
  Relu: rectifying(() => 0),
  LeakyRelu: rectifying(({ attributes }) => (attributes.alpha as number | undefined) ?? 0.01),
  PRelu: rectifying(({ inputs }) => Math.sqrt(inputs[1]?.power ?? 0)),
  Sigmoid: sigmoid,
  Add: (node) => mixed(node, powers(node), ROUNDING),
  Sub: (node) => mixed(node, powers(node), ROUNDING),
  Sum: (node) => mixed(node, powers(node), ROUNDING),
  Mul: product,
  Concat(node) {
    const all = elementCount(node.output.shape) || 1;
    const parts = node.inputs.map((each) => (each ? (each.power * elementCount(each.shape)) / all : 0));
    return mixed(node, parts, 0);
  },
};

/**
 * What a node does to signal and noise. Of operators without a rule every input's noise shows in full in a result of the
 * first input's power.
 */
export function passageOf(operator: string, node: Passed): Passage {
  const rule = Object.hasOwn(rules, operator) ? rules[operator] : undefined;
  if (rule !== undefined && node.inputs[0] !== undefined) return rule(node);
  return {
    power: node.inputs[0]?.power ?? 1,
    shares: node.inputs.map((each) => (each === undefined || each.constant ? 0 : 1)),
    own: ROUNDING,
  };
}
