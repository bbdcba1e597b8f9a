import { expected } from '../../synth/errors.js';
import { elementCount, MAX_ELEMENTS } from '../tensor/shape.js';
import { choice, integer, integers, required } from './attributes.js';
import type { Interleaving } from './convolution/interleaving.js';
import { gathered, type Movement, moveNumbers, permuted, stridesOf } from './movement.js';
import type { Attributes, Operator, TensorType } from './operator.js';

/** A transposed convolution along one axis. */
interface Axis {
  readonly input: number;
  readonly output: number;
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padBegin: number;
}

/**
 * ONNX's ConvTranspose: x, N×C×spatial; weight, C × O/group × kernel; bias. Output t of an axis is the sum of x[i] w[k] over
 * all i · stride + k · dilation = t + padding. A graph pass turns it into a convolution that makes every phase of the
 * outputs, t + padding modulo the stride, a channel of its own (polyphase), and puts them in order.
 */
export const convTranspose: Operator = {
  name: 'ConvTranspose',
  infer(attributes, inputs) {
    const [x, weight] = [required(inputs, 0, 'X'), required(inputs, 1, 'W')];
    const groups = integer(attributes, 'group', 1, 1);
    if (x.shape.length < 3 || x.shape.length > 5 || weight.shape.length !== x.shape.length)
      throw expected('the input', 'N × C × one to three axes, and the weight of its rank', x.shape);
    if (x.shape[1] !== weight.shape[0] || weight.shape[0]! % groups !== 0)
      throw expected('the channels of the input', `${weight.shape[0]}, a multiple of ${groups}`, x.shape[1]);
    const channels = weight.shape[1]! * groups;
    const axes = axesOf(attributes, x.shape, weight.shape);
    return [{ type: 'float32', shape: [x.shape[0]!, channels, ...axes.map(({ output }) => output)] }];
  },
  rewritten: true,
};

/** A stride-1 convolution whose channels are the phases, and where its pixels go. */
export interface Phases {
  /** How the weights become those of the phases (see {@link phaseWeights}). */
  readonly attributes: Attributes;
  /** Which of the bias's values each phase of each channel has. */
  readonly biasIndices: readonly number[];
  readonly pads: readonly number[];
  /** Undefined where the convolution's pixels are the outputs already. */
  readonly interleave: Interleaving | undefined;
}

/** What the graph pass makes of a node. */
export function phasesOf(attributes: Attributes, x: TensorType, weight: TensorType): Phases {
  const axes = axesOf(attributes, x.shape, weight.shape);
  const groups = integer(attributes, 'group', 1, 1);
  const strides = axes.map(({ stride }) => stride);
  const phases = elementCount(strides);
  const outputs = weight.shape[1]!;
  const lengths = axes.map(lengthOf);
  // Pixels of a phase that some output needs, from the first to the last; the first taps reach length − 1 before it.
  const firsts = axes.map(({ padBegin, stride }) => Math.floor(padBegin / stride));
  const lasts = axes.map(({ padBegin, stride, output }) => Math.floor((output - 1 + padBegin) / stride));
  const begins = axes.map((_, a) => Math.max(0, lengths[a]! - 1 - firsts[a]!));
  const ends = axes.map(({ input }, a) => Math.max(0, lasts[a]! - input + 1));
  const made = firsts.map((_, a) => lengths[a]! - 1 - begins[a]!);
  const interleave = {
    strides,
    // The place of output 0, counted in outputs from the first pixel that the convolution makes.
    firsts: axes.map(({ padBegin, stride }, a) => padBegin - made[a]! * stride),
    sizes: axes.map(({ output }) => output),
  };
  const inOrder = axes.every(
    ({ input, output, stride }, a) =>
      stride === 1 &&
      interleave.firsts[a] === 0 &&
      input + begins[a]! + ends[a]! - lengths[a]! + 1 === output,
  );
  return {
    attributes: { strides, dilations: axes.map(({ dilation }) => dilation), group: groups },
    biasIndices: Array.from(
      { length: outputs * groups * phases },
      (_, i) => Math.floor(i / outputs / phases) * outputs + (i % outputs),
    ),
    pads: [...begins, ...ends],
    interleave: inOrder ? undefined : interleave,
  };
}

/** Taps of a phase, those that the kernel has not being zero: k · dilation = m · stride + phase for a tap m. */
function lengthOf({ taps, stride, dilation }: Pick<Axis, 'taps' | 'stride' | 'dilation'>): number {
  return Math.floor(((taps - 1) * dilation) / stride) + 1;
}

/**
 * Weights of a transposed convolution, C × O/group × kernel, as those of the convolution that makes its phases: O/group ·
 * group · phases channels, taps reversed, for it is a correlation. Attributes `strides`, `dilations` and `group`.
 */
export const phaseWeights: Operator = {
  name: 'PhaseWeights',
  infer(attributes, inputs) {
    const { type, shape } = required(inputs, 0, 'W');
    const { groups, axes, lengths } = phasing(attributes, shape);
    const phases = elementCount(axes.map(({ stride }) => stride));
    return [{ type, shape: [shape[1]! * groups * phases, shape[0]! / groups, ...lengths] }];
  },
  evaluate(attributes, inputs) {
    const { data, shape } = required(inputs, 0, 'W');
    const numbers = movementsOf(attributes, shape).reduce((from, each) => moveNumbers(each, from, 0), data);
    return [{ ...phaseWeights.infer(attributes, inputs, inputs)[0]!, data: numbers }];
  },
  lower({ attributes, inputs, outputs }, settings) {
    const movements = movementsOf(attributes, inputs[0]!.shape);
    const last = movements.length - 1;
    const steps = movements.map((movement, i) => ({
      ...gathered(movement, settings),
      inputs: [i === 0 ? { input: 0 } : { temporary: i - 1 }],
      outputs: [i === last ? { output: 0 } : { temporary: i }],
    }));
    // Each has as many numbers as the result.
    const temporaries = Array<number>(last).fill(4 * elementCount(outputs[0]!.shape));
    return { steps, temporaries, title: 'weights by phases' };
  },
};

/** Channels change places first, while a kernel's taps lie side by side; then phases, if there are several, come to the front. */
function movementsOf(attributes: Attributes, shape: readonly number[]): readonly Movement[] {
  const { groups, axes, lengths } = phasing(attributes, shape);
  const [ofGroup, outputs, kernel] = [shape[0]! / groups, shape[1]!, shape.slice(2)];
  const taps = elementCount(kernel);
  const swapped: Movement = {
    inputs: elementCount(shape),
    base: 0,
    axes: [
      { count: groups, step: ofGroup * outputs * taps },
      { count: outputs, step: taps },
      { count: ofGroup, step: outputs * taps },
      { table: tapsByPhases(axes, lengths, stridesOf(kernel)) },
    ],
  };
  if (axes.every(({ stride }) => stride === 1)) return [swapped];
  const sizes = axes.flatMap(({ stride }, a) => [stride, lengths[a]!]);
  const order = [0, ...axes.map((_, a) => 2 + 2 * a), 1, ...axes.map((_, a) => 3 + 2 * a)];
  return [swapped, permuted([groups, outputs * ofGroup, ...sizes], order)];
}

/** Along each axis each phase's taps from the last to the first, phase by phase; then all axes as one. −1: none. */
function tapsByPhases(
  axes: readonly Pick<Axis, 'taps' | 'stride' | 'dilation'>[],
  lengths: readonly number[],
  steps: readonly number[],
): Int32Array {
  const table = axes.reduce(
    (before, { taps, stride, dilation }, a) =>
      before.flatMap((offset) =>
        Array.from({ length: stride * lengths[a]! }, (_, i) => {
          const [phase, at] = [Math.floor(i / lengths[a]!), i % lengths[a]!];
          const tap = ((lengths[a]! - 1 - at) * stride + phase) / dilation;
          return offset >= 0 && Number.isInteger(tap) && tap < taps ? offset + tap * steps[a]! : -1;
        }),
      ),
    [0],
  );
  return Int32Array.from(table);
}

function phasing(attributes: Attributes, shape: readonly number[]) {
  const count = shape.length - 2;
  const strides = integers(attributes, 'strides', { count, least: 1, most: 2 ** 20 }) ?? [];
  const dilations = integers(attributes, 'dilations', { count, least: 1, most: 2 ** 20 }) ?? [];
  const axes = shape.slice(2).map((taps, a) => ({ taps, stride: strides[a]!, dilation: dilations[a]! }));
  return { groups: integer(attributes, 'group', 1, 1), axes, lengths: axes.map(lengthOf) };
}

/** @throws InputError naming the attribute that does not fit */
export function axesOf(
  attributes: Attributes,
  shape: readonly number[],
  weight: readonly number[],
): readonly Axis[] {
  const sizes = shape.slice(2);
  const kernel = weight.slice(2);
  const count = sizes.length;
  const list = (name: string, fallback: number, least: number) =>
    integers(attributes, name, { count, least, most: 2 ** 20 }) ?? sizes.map(() => fallback);
  const [strides, dilations] = [list('strides', 1, 1), list('dilations', 1, 1)];
  const extra = list('output_padding', 0, 0);
  const pads = integers(attributes, 'pads', { count: 2 * count, least: 0, most: 2 ** 20 });
  const wanted = integers(attributes, 'output_shape', { count, least: 1 });
  const automatic = choice(attributes, 'auto_pad', ['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'], 'NOTSET');
  return sizes.map((input, a) => {
    const [taps, stride, dilation] = [kernel[a]!, strides[a]!, dilations[a]!];
    const full = (input - 1) * stride + (taps - 1) * dilation + 1 + extra[a]!;
    const same = automatic.startsWith('SAME');
    const size = wanted?.[a] ?? (same ? input * stride : undefined);
    const total = size === undefined ? 0 : Math.max(0, full - size);
    const half = automatic === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
    const padBegin = size === undefined ? (pads?.[a] ?? 0) : half;
    const output = size ?? full - (pads?.[a] ?? 0) - (pads?.[a + count] ?? 0);
    if (output < 1 || output > MAX_ELEMENTS) throw expected(`the output's axis ${a + 2}`, 'positive', output);
    return { input, output, taps, stride, dilation, padBegin };
  });
}

/**
 * Attributes of the convolution that takes what the transposed one makes, and has as many outputs as that has inputs.
 *
 * @param shape,weight,result of the transposed one
 * @throws InputError naming the attribute that does not fit
 */
export function transposedWindow(
  attributes: Attributes,
  shape: readonly number[],
  weight: readonly number[],
  result: readonly number[],
): Attributes {
  const axes = axesOf(attributes, shape, weight);
  const ends = axes.map(({ input, taps, stride, dilation, padBegin }, a) =>
    // Negative where the convolution leaves the last pixels alone: then it has no padding and one stride's rest.
    Math.max(0, (input - 1) * stride + dilation * (taps - 1) + 1 - padBegin - result[a + 2]!),
  );
  return {
    ...{ kernel_shape: weight.slice(2), group: attributes.group ?? 1 },
    ...{ strides: axes.map(({ stride }) => stride), dilations: axes.map(({ dilation }) => dilation) },
    pads: [...axes.map(({ padBegin }) => padBegin), ...ends],
  };
}
