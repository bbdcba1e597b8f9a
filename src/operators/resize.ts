import { expected } from '../../synth/errors.js';
import { elementCount, MAX_ELEMENTS } from '../tensor/shape.js';
import {
  axisOf,
  choice,
  constantsOf,
  flag,
  floats,
  integers,
  knownIntegers,
  knownNumbers,
  number,
} from './attributes.js';
import { cubic, linear, positions, type Resizing, roundings, type Taps, tapsOf } from './coordinates.js';
import {
  blockedShape,
  blockedWhereChannelsStay,
  lowerSelections,
  type Selection,
  unblocked,
  whole,
} from './movement.js';
import type {
  Attributes,
  Constant,
  Lowered,
  LoweredStep,
  LoweringSettings,
  NodeToLower,
  Operator,
  TensorType,
} from './operator.js';
import { resampling } from './resample.js';

/** Activations of other sizes, by nearest neighbours or interpolation, axis by axis. */
export const resize: Operator = {
  name: 'Resize',
  infer(attributes, inputs, constants) {
    const { type } = floats(inputs, 0, 'X');
    return [{ type, shape: resizingsOf(attributes, inputs, constants).map(({ output }) => output) }];
  },
  layouts: (_attributes, inputs, outputs) => blockedWhereChannelsStay(inputs, outputs),
  lower(node, settings) {
    const axes = resizingsOf(node.attributes, node.inputs, constantsOf(node.inputs));
    const mode = modeOf(node.attributes);
    return mode === 'nearest'
      ? lowerSelections(node, [nearest(node.attributes, axes)], 0, settings)
      : interpolate(node, mode, axes, settings);
  },
};

/** Sizes times scales, from the corners: what Resize is called in older networks. */
export const upsample: Operator = {
  ...resize,
  name: 'Upsample',
  infer: (attributes, inputs, constants) => resize.infer(...asResize(attributes, inputs, constants)),
  lower(node, settings) {
    const [attributes, inputs] = asResize(node.attributes, node.inputs, []);
    return resize.lower!({ ...node, attributes, inputs }, settings);
  },
};

/** Upsample in the words of Resize. */
export function asResize<Input>(
  attributes: Attributes,
  [input, scales]: readonly (Input | undefined)[],
  [, known]: readonly (Constant | undefined)[],
) {
  const corners = { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
  return [{ ...attributes, ...corners }, [input, undefined, scales], [undefined, undefined, known]] as const;
}

function modeOf(attributes: Attributes) {
  return choice(attributes, 'mode', ['nearest', 'linear', 'cubic'], 'nearest');
}

function positionOf(attributes: Attributes) {
  const modes = Object.keys(positions) as (keyof typeof positions)[];
  return positions[choice(attributes, 'coordinate_transformation_mode', modes, 'half_pixel')];
}

/** Every axis of the input, most of them as they are. */
function resizingsOf(
  attributes: Attributes,
  inputs: readonly (TensorType | undefined)[],
  constants: readonly (Constant | undefined)[],
): readonly Resizing[] {
  const { shape } = floats(inputs, 0, 'X');
  if (flag(attributes, 'antialias')) throw expected('attribute antialias', '0', 1);
  choice(attributes, 'keep_aspect_ratio_policy', ['stretch'], 'stretch');
  positionOf(attributes);
  modeOf(attributes);
  const axes = (integers(attributes, 'axes') ?? shape.map((_, axis) => axis)).map((axis) =>
    axisOf(axis, shape.length, 'attribute axes'),
  );
  const filled = (values: readonly number[] | undefined) => (values?.length === 0 ? undefined : values);
  const scales = filled(knownNumbers(inputs, constants, 2, 'scales'));
  const sizes = filled(knownIntegers(inputs, constants, 3, 'sizes'));
  const given = scales ?? sizes;
  if (given === undefined || (scales !== undefined && sizes !== undefined) || given.length !== axes.length)
    throw expected('input scales or sizes', `${axes.length} numbers, one of the two`, given);
  const resizings = shape.map((size): Resizing => ({ input: size, output: size, scale: 1 }));
  for (const [i, axis] of axes.entries()) {
    const input = shape[axis]!;
    const output = sizes?.[i] ?? Math.floor(Math.fround(input * Math.fround(scales![i]!)));
    if (!(output >= 1 && output <= MAX_ELEMENTS && input >= 1))
      throw expected('input scales or sizes', 'such that every axis keeps an element', given);
    resizings[axis] = { input, output, scale: scales?.[i] ?? output / input };
  }
  return resizings;
}

function nearest(attributes: Attributes, axes: readonly Resizing[]): Selection {
  const position = positionOf(attributes);
  const modes = Object.keys(roundings) as (keyof typeof roundings)[];
  const round = roundings[choice(attributes, 'nearest_mode', modes, 'round_prefer_floor')];
  const picks = axes.map((axis) =>
    isUnchanged(axis)
      ? whole(axis.input)
      : Int32Array.from({ length: axis.output }, (_, x) =>
          Math.min(Math.max(round(position(x, axis)), 0), axis.input - 1),
        ),
  );
  return { seen: axes.map(({ input }) => input), picks };
}

function isUnchanged({ input, output, scale }: Resizing): boolean {
  return input === output && scale === 1;
}

/** One pass for each axis that changes: those that shrink first, so that the others have less to do. */
function interpolate(
  node: NodeToLower,
  mode: 'linear' | 'cubic',
  axes: readonly Resizing[],
  settings: LoweringSettings,
): Lowered {
  const { attributes, inputs } = node;
  const { isa } = settings;
  const blocked = inputs[0]!.layout === 'blocked';
  const around = aroundOf(attributes, mode);
  const order = [...axes.keys()]
    .filter((axis) => !isUnchanged(axes[axis]!))
    .sort((a, b) => growth(axes[a]!) - growth(axes[b]!));
  // A scale that leaves as many channels may still mix them.
  if (blocked && order.includes(1))
    return unblocked(node, settings, (planar) => interpolate(planar, mode, axes, settings));
  if (order.length === 0) return { steps: [], alias: true, title: 'alias' };
  const sizes = axes.map(({ input }) => input);
  const temporaries: number[] = [];
  const steps = order.map((axis, pass): LoweredStep => {
    const from = blocked ? blockedShape(sizes, isa.width) : [...sizes];
    const taps = tapsOf(axes[axis]!, positionOf(attributes), around);
    const { output } = axes[axis]!;
    const last = pass === order.length - 1;
    sizes[axis] = output;
    if (!last) temporaries.push(4 * elementCount(from.with(axis, output)));
    return {
      ...resampling(from, axis, taps, settings),
      inputs: [pass === 0 ? { input: 0 } : { temporary: pass - 1 }],
      outputs: [last ? { output: 0 } : { temporary: pass }],
    };
  });
  return { steps, temporaries, title: `${mode} interpolation` };
}

function aroundOf(attributes: Attributes, mode: 'linear' | 'cubic') {
  if (mode === 'linear') return linear;
  return cubic(number(attributes, 'cubic_coeff_a', -0.75), flag(attributes, 'exclude_outside'));
}

/** What each axis of a Resize sums; undefined for axes that stay as they are. */
export function resizedTaps(
  attributes: Attributes,
  inputs: readonly (TensorType | undefined)[],
  constants: readonly (Constant | undefined)[],
): readonly (Taps | undefined)[] {
  const axes = resizingsOf(attributes, inputs, constants);
  const mode = modeOf(attributes);
  const { picks } = nearest(attributes, axes);
  return axes.map((axis, i) => {
    if (isUnchanged(axis)) return undefined;
    if (mode !== 'nearest') return tapsOf(axis, positionOf(attributes), aroundOf(attributes, mode));
    const indices = picks[i] as Int32Array;
    return { taps: 1, indices, weights: new Float32Array(indices.length).fill(1) };
  });
}

function growth({ input, output }: Resizing): number {
  return output / input;
}
