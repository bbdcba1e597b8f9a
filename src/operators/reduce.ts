import { elementCount } from '../tensor/shape.js';
import { axisOf, constantsOf, flag, floats, knownIntegers, required } from './attributes.js';
import type { Formula } from './elementwise/formula.js';
import { describeInputs } from './elementwise/lower.js';
import type { Attributes, Constant, Layout, LoweredStep, Operator, TensorType } from './operator.js';

/** What a reduction computes, in double precision: `take` one after the other from `start` on, then `finish`. */
interface Reduction {
  readonly start: number;
  take(total: number, x: number): number;
  finish?(total: number, count: number): number;
}

const sum: Reduction = { start: 0, take: (total, x) => total + x };

/** By the kernel's name; the operator is `Reduce` and that. */
export const reductions: Readonly<Record<string, Reduction>> = {
  Sum: sum,
  Mean: { ...sum, finish: (total, count) => total / count },
  Max: { start: Number.NEGATIVE_INFINITY, take: (total, x) => Math.max(total, x) },
  Min: { start: Number.POSITIVE_INFINITY, take: (total, x) => Math.min(total, x) },
  Prod: { start: 1, take: (total, x) => total * x },
  L1: { start: 0, take: (total, x) => total + Math.abs(x) },
  L2: { start: 0, take: (total, x) => total + x * x, finish: Math.sqrt },
  SumSquare: { start: 0, take: (total, x) => total + x * x },
  LogSum: { ...sum, finish: Math.log },
};

/**
 * A reduction over all axes but that of channels, of what a formula makes of the inputs: each as large as the others or with a
 * number for each channel. A graph pass makes it.
 */
export const REDUCE_FUSED = 'ReduceFused';

/** Reductions over the axes of the second input, all of them by default; and those over pixels. */
export const reduceOperators: readonly Operator[] = [
  ...Object.entries(reductions).map(([name, reduction]) =>
    reduce(`Reduce${name}`, name, reduction, reducedAxes),
  ),
  reduce('GlobalAveragePool', 'Mean', reductions.Mean!, spatialAxes),
  reduce('GlobalMaxPool', 'Max', reductions.Max!, spatialAxes),
  {
    name: REDUCE_FUSED,
    infer({ operation: _, keepdims }, inputs) {
      const [, channels = 1, ...rest] = fusedShape(inputs);
      return [{ type: 'float32', shape: keepdims === 0 ? [channels] : [1, channels, ...rest.map(() => 1)] }];
    },
    layouts(_attributes, inputs, outputs) {
      const rank = fusedShape(inputs).length;
      const any: readonly Layout[] = outputs[0]!.shape.length === rank ? ['blocked', 'planar'] : ['planar'];
      return {
        inputs: inputs.map((each) => (each?.shape.length === rank ? any : ['planar'])),
        ...{ outputs: [any], alike: true },
      };
    },
    lower({ attributes, inputs, outputs }, settings) {
      const shape = fusedShape(inputs);
      const { layout } = outputs[0]!;
      const { description, operands, before, temporaries, title } = describeInputs(
        inputs,
        attributes.formula as Formula,
        { shape, layout },
        settings,
      );
      const { isa, threads } = settings;
      const axes = shape.flatMap((size, axis) => (axis === 1 || size === 1 ? [] : [axis]));
      const step: LoweredStep = {
        operator: 'reduce',
        description: {
          ...{ isa: isa.name, threads, layout, operation: attributes.operation },
          ...{ shape: Int32Array.from(shape), axes: Int32Array.from(axes), ...description },
        },
        inputs: operands,
        outputs: [{ output: 0 }],
      };
      return { steps: [...before, step], temporaries, title: `${attributes.operation} of ${title}` };
    },
  },
];

/** What is reduced: as large as the largest input. */
function fusedShape(inputs: readonly (TensorType | undefined)[]): readonly number[] {
  return inputs.reduce<readonly number[]>(
    (most, input) => (elementCount(input!.shape) > elementCount(most) ? input!.shape : most),
    inputs[0]!.shape,
  );
}

type Axes = (
  attributes: Attributes,
  inputs: readonly (TensorType | undefined)[],
  constants: readonly (Constant | undefined)[],
) => readonly number[];

/** The axes of the second input, all by default. @throws InputError for others than there are */
export function reducedAxes(
  attributes: Attributes,
  inputs: readonly (TensorType | undefined)[],
  constants: readonly (Constant | undefined)[],
): readonly number[] {
  const rank = required(inputs, 0, 'data').shape.length;
  const given = knownIntegers(inputs, constants, 1, 'axes') ?? [];
  if (given.length === 0 && flag(attributes, 'noop_with_empty_axes')) return [];
  const axes = given.map((axis) => axisOf(axis, rank, 'axes'));
  return given.length > 0 ? [...new Set(axes)] : Array.from({ length: rank }, (_, axis) => axis);
}

function spatialAxes(
  _attributes: Attributes,
  inputs: readonly (TensorType | undefined)[],
): readonly number[] {
  return required(inputs, 0, 'X').shape.flatMap((_, axis) => (axis >= 2 ? [axis] : []));
}

function reduce(name: string, operation: string, reduction: Reduction, axesOf: Axes): Operator {
  const infer: Operator['infer'] = (attributes, inputs, constants) => {
    const { type, shape } = required(inputs, 0, 'data');
    const axes = axesOf(attributes, inputs, constants);
    const kept = flag(attributes, 'keepdims', true);
    return [
      { type, shape: shape.flatMap((size, axis) => (!axes.includes(axis) ? [size] : kept ? [1] : [])) },
    ];
  };
  return {
    name,
    infer,
    evaluate(attributes, inputs) {
      const data = required(inputs, 0, 'data');
      const [made] = infer(attributes, inputs, inputs);
      return [evaluate(reduction, data, axesOf(attributes, inputs, inputs), made!)];
    },
    layouts(_attributes, inputs, outputs) {
      const [from, to] = [inputs[0]!.shape, outputs[0]!.shape];
      // Axes other than that of channels are reduced lane by lane.
      const lanes = from.length > 2 && to.length === from.length && to[1] === from[1];
      const any: readonly Layout[] = lanes ? ['blocked', 'planar'] : ['planar'];
      return { inputs: inputs.map((_, i) => (i === 0 ? any : ['planar'])), outputs: [any], alike: true };
    },
    lower({ attributes, inputs }, { isa, threads }) {
      const { layout, shape } = inputs[0]!;
      floats(inputs, 0, 'data');
      const constants = constantsOf(inputs);
      // To reduce an axis of one element changes nothing.
      const axes = axesOf(attributes, inputs, constants).filter((axis) => shape[axis] !== 1);
      const description = {
        ...{ isa: isa.name, threads, layout, operation },
        ...{ shape: Int32Array.from(shape), axes: Int32Array.from(axes) },
      };
      return {
        steps: [{ operator: 'reduce', description, inputs: [{ input: 0 }], outputs: [{ output: 0 }] }],
        title: name,
      };
    },
  };
}

function evaluate(
  { start, take, finish = (total) => total }: Reduction,
  { data, shape }: Constant,
  axes: readonly number[],
  made: TensorType,
): Constant {
  const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const totals = new Float64Array(elementCount(kept)).fill(start);
  data.forEach((value, i) => {
    let at = 0;
    let stride = 1;
    let rest = i;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (kept[axis]! > 1) at += (rest % shape[axis]!) * stride;
      rest = Math.floor(rest / shape[axis]!);
      stride *= kept[axis]!;
    }
    totals[at] = take(totals[at]!, value);
  });
  const count = data.length / Math.max(1, totals.length);
  const finished = totals.map((total) => finish(total, count));
  const whole = made.type.includes('int');
  return {
    ...made,
    data: made.type === 'float32' ? Float32Array.from(finished) : whole ? finished.map(Math.trunc) : finished,
  };
}
