/**
 * All movement of data that is separable over axes: out[i0, i1, …] = in[base + offset0(i0) + offset1(i1) + …], or a fill
 * value. Transposes, slices, padding, repetition, nearest neighbours and depth to space are such; one kernel does them.
 */
import { elementCount } from '../tensor/shape.js';
import { constantsOf, required } from './attributes.js';
import type {
  Attributes,
  Constant,
  KernelCall,
  Layout,
  LayoutRule,
  Lowered,
  LoweredStep,
  LoweringSettings,
  NodeToLower,
  Operator,
  Placed,
  TensorType,
} from './operator.js';
import { lowerReorder } from './reorder.js';
import { threadsFor } from './threads.js';

/** Which elements of an axis a result takes: a progression, or indices of which −1 stands for the fill value. */
export type Picks = { readonly first: number; readonly step: number; readonly count: number } | Int32Array;

/** One axis of a result: how far its elements lie apart in the input, or a table of offsets, −1 for the fill value. */
type Axis = { readonly count: number; readonly step: number } | { readonly table: Int32Array };

/** Axes of a result, slowest first. */
export interface Movement {
  /** Elements of the input. */
  readonly inputs: number;
  readonly base: number;
  readonly axes: readonly Axis[];
}

/** Elements from each of an axis to the next, in a row-major tensor. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
}

/** All of an axis. */
export function whole(count: number): Picks {
  return { first: 0, step: 1, count };
}

/** How many elements picks make. */
export function countOf(picks: Picks): number {
  return picks instanceof Int32Array ? picks.length : picks.count;
}

/** Picks as a list. */
export function indicesOf(picks: Picks): Int32Array {
  if (picks instanceof Int32Array) return picks;
  const { first, step, count } = picks;
  return Int32Array.from({ length: count }, (_, i) => first + i * step);
}

/** A result whose axis a takes the elements `picks[a]` of the input's axis a. */
export function picked(shape: readonly number[], picks: readonly Picks[]): Movement {
  const strides = stridesOf(shape);
  let base = 0;
  const axes = picks.map((each, axis): Axis => {
    const stride = strides[axis]!;
    const simple = progression(each);
    if (simple === undefined)
      return { table: (each as Int32Array).map((index) => (index < 0 ? -1 : index * stride)) };
    base += simple.first * stride;
    return { count: simple.count, step: simple.step * stride };
  });
  return merged({ inputs: elementCount(shape), base, axes });
}

/** A result whose axis a is the input's axis `order[a]`. */
export function permuted(shape: readonly number[], order: readonly number[]): Movement {
  const strides = stridesOf(shape);
  const axes = order.map((axis) => ({ count: shape[axis]!, step: strides[axis]! }));
  return merged({ inputs: elementCount(shape), base: 0, axes });
}

/** Indices as a progression, if they are one. */
function progression(picks: Picks): Exclude<Picks, Int32Array> | undefined {
  if (!(picks instanceof Int32Array)) return picks;
  const [first = 0, second = first] = picks;
  const step = second - first;
  const simple = picks.every((index, i) => index >= 0 && index === first + i * step);
  return simple ? { first, step, count: picks.length } : undefined;
}

/** Neighbouring axes that are one: no kernel has to step from the end of one row to the next where it is the same step. */
function merged(movement: Movement): Movement {
  if (movement.axes.some((axis) => 'count' in axis && axis.count === 0)) return movement;
  const axes: Axis[] = [];
  for (const axis of movement.axes) {
    const last = axes.at(-1);
    if ('count' in axis && axis.count === 1) continue;
    if (last !== undefined && 'count' in last && 'count' in axis && last.step === axis.step * axis.count)
      axes[axes.length - 1] = { count: last.count * axis.count, step: axis.step };
    else axes.push(axis);
  }
  return { ...movement, axes };
}

/** Whether the result is the input as it lies. */
function isIdentity({ inputs, base, axes }: Movement): boolean {
  const [axis, ...others] = axes;
  if (axis === undefined) return inputs === 1;
  return base === 0 && others.length === 0 && 'count' in axis && axis.step === 1 && axis.count === inputs;
}

/** The kernel that moves one input to one output. */
function moved(movement: Movement, fill: number, settings: LoweringSettings) {
  const counts = movement.axes.map((axis) => ('table' in axis ? axis.table.length : axis.count));
  const threads = threadsFor(settings.threads, 8 * elementCount(counts));
  return { operator: 'gather', description: { isa: settings.isa.name, threads, fill, ...movement } };
}

/** The kernel that moves one input to one output; nothing is filled. */
export function gathered(movement: Movement, settings: LoweringSettings): KernelCall {
  return moved(merged(movement), 0, settings);
}

/** Moves numbers that are known. */
export function moveNumbers<T extends Float32Array | Float64Array>(
  { base, axes }: Movement,
  from: T,
  fill: number,
): T {
  const tables = axes.map((axis) =>
    'table' in axis ? axis.table : Int32Array.from({ length: axis.count }, (_, i) => i * axis.step),
  );
  const counts = tables.map(({ length }) => length);
  const to = new (from.constructor as new (count: number) => T)(elementCount(counts));
  to.fill(fill);
  const spans = stridesOf(counts);
  // Only tables hold places to leave out; steps may go backwards.
  const hasHoles = axes.map((axis) => 'table' in axis);
  const move = (level: number, start: number, place: number): void => {
    const table = tables[level];
    if (table === undefined) {
      to[place] = from[start]!;
      return;
    }
    const [span, isLast, holes] = [spans[level]!, level + 1 === tables.length, hasHoles[level]!];
    for (let i = 0; i < table.length; i++) {
      const offset = table[i]!;
      if (holes && offset < 0) continue;
      if (isLast) to[place + i] = from[start + offset]!;
      else move(level + 1, start + offset, place + i * span);
    }
  };
  move(0, base, 0);
  return to;
}

/** What one output takes of the first input. */
export interface Selection {
  /** The input's shape, or one of as many elements in which its axes are split or joined. */
  readonly seen: readonly number[];
  /** Along each of these axes. */
  readonly picks: readonly Picks[];
  /** The output's shape, where it is seen in another one, too. */
  readonly shape?: readonly number[];
}

/** How an operator is a selection: one for each output. */
export type Select = (
  attributes: Attributes,
  inputs: readonly (TensorType | undefined)[],
  constants: readonly (Constant | undefined)[],
) => readonly Selection[];

/** The row of an operator that takes some elements along each axis of its first input. */
export interface SelectingOperator extends Operator {
  readonly select: Select;
}

/**
 * The row of an operator that takes some elements along each axis of its first input. Blocked tensors stay so where
 * their channels do.
 *
 * @param fill what stands where nothing is taken; default 0
 */
export function selectingOperator(
  name: string,
  select: Select,
  fill: (attributes: Attributes, constants: readonly (Constant | undefined)[]) => number = () => 0,
): SelectingOperator {
  return {
    ...{ name, select },
    infer: (attributes, inputs, constants) =>
      select(attributes, inputs, constants).map((selection) => ({
        type: required(inputs, 0, 'data').type,
        shape: shapeOf(selection),
      })),
    evaluate(attributes, constants) {
      const { type, data } = constants[0]!;
      return select(attributes, constants, constants).map((selection) => ({
        ...{ type, shape: shapeOf(selection) },
        data: moveNumbers(picked(selection.seen, selection.picks), data, fill(attributes, constants)),
      }));
    },
    layouts: (_attributes, inputs, outputs) => blockedWhereChannelsStay(inputs, outputs),
    lower(node, settings) {
      const constants = constantsOf(node.inputs);
      const selections = select(node.attributes, node.inputs, constants);
      return lowerSelections(node, selections, fill(node.attributes, constants), settings);
    },
  };
}

function shapeOf({ picks, shape }: Selection): readonly number[] {
  return shape ?? picks.map(countOf);
}

/** Any layout for activations that keep their channels; planar for all else. */
export function blockedWhereChannelsStay(
  inputs: readonly (TensorType | undefined)[],
  outputs: readonly TensorType[],
): LayoutRule {
  const [input] = inputs;
  const stays = outputs.every(({ shape }) => shape.length > 2 && shape[1] === input?.shape[1]);
  const layouts: readonly Layout[] = stays ? ['blocked', 'planar'] : ['planar'];
  return { inputs: inputs.map(() => layouts), outputs: outputs.map(() => layouts), alike: true };
}

/** One gather for each output; nothing where the output is the input as it lies. */
export function lowerSelections(
  node: NodeToLower,
  selections: readonly Selection[],
  fill: number,
  settings: LoweringSettings,
): Lowered {
  const input = node.inputs[0]!;
  const blocked = input.layout === 'blocked';
  // Planar activations are moved where blocked ones would lose their order of channels after all, or where missing
  // channels, which are zero, would be filled.
  const fills = fill !== 0 && input.shape[1]! % settings.isa.width !== 0;
  if (blocked && (fills || !selections.every((selection) => staysBlocked(input, selection))))
    return unblocked(node, settings, (planar) => lowerSelections(planar, selections, fill, settings));
  const movements = selections.map(({ seen, picks }) => {
    const shape = blocked ? blockedShape(seen, settings.isa.width) : seen;
    return picked(shape, blocked ? blockedPicks(picks, shape) : picks);
  });
  const [only] = movements;
  if (movements.length === 1 && isIdentity(only!)) return { steps: [], alias: true, title: 'alias' };
  const steps = movements.map((movement, output) => ({
    ...moved(movement, fill, settings),
    ...{ inputs: [{ input: 0 }], outputs: [{ output }] },
  }));
  return { steps, title: 'move' };
}

function staysBlocked({ shape }: TensorType, { picks, shape: reshaped }: Selection): boolean {
  if (picks.length !== shape.length || reshaped !== undefined) return false;
  const channels = progression(picks[1]!);
  return (
    channels?.first === 0 && channels.count === shape[1] && (channels.step === 1 || channels.count === 1)
  );
}

/** Sizes of a tensor's memory in blocked layout. */
export function blockedShape([batch = 1, channels = 1, ...spatial]: readonly number[], width: number) {
  return [batch, Math.ceil(channels / width), ...spatial, width];
}

function blockedPicks([batch, , ...spatial]: readonly Picks[], shape: readonly number[]): Picks[] {
  return [batch!, whole(shape[1]!), ...spatial, whole(shape.at(-1)!)];
}

/** Floats of a tensor's memory; blocked ones pad channels, the second axis, to whole vectors. */
export function floatsOf(shape: readonly number[], layout: Layout, width: number): number {
  return elementCount(layout === 'blocked' ? blockedShape(shape, width) : shape);
}

/** A node between planar temporaries of its first input and of its outputs; others are read as they are. */
export function unblocked(
  node: NodeToLower,
  settings: LoweringSettings,
  lower: (planar: NodeToLower) => Lowered,
): Lowered {
  const planar = (placed: Placed): Placed => ({ ...placed, layout: 'planar' });
  const input = node.inputs[0]!;
  const inner = lower({
    ...node,
    inputs: [planar(input), ...node.inputs.slice(1)],
    outputs: node.outputs.map(planar),
  });
  if (inner.alias === true) return inner;
  // Temporaries: the planar input, the planar outputs, then the node's own.
  const own = 1 + node.outputs.length;
  const between = inner.steps.map(
    (step): LoweredStep => ({
      ...step,
      inputs: step.inputs.map((operand) => {
        if (operand === undefined) return operand;
        if ('temporary' in operand) return { temporary: own + operand.temporary };
        return 'input' in operand && operand.input === 0 ? { temporary: 0 } : operand;
      }),
      outputs: step.outputs.map((to) => ({
        temporary: 'output' in to ? 1 + to.output : own + to.temporary,
      })),
    }),
  );
  const after = node.outputs.map(
    (output, i): LoweredStep => ({
      ...lowerReorder(output, 'blocked', settings),
      ...{ inputs: [{ temporary: 1 + i }], outputs: [{ output: i }] },
    }),
  );
  const before = { ...lowerReorder(input, 'planar', settings), inputs: [{ input: 0 }] };
  return {
    ...inner,
    steps: [{ ...before, outputs: [{ temporary: 0 }] }, ...between, ...after],
    temporaries: [
      ...[input, ...node.outputs].map(({ shape }) => 4 * elementCount(shape)),
      ...(inner.temporaries ?? []),
    ],
  };
}

/** An operator that rearranges axes: its input seen in another shape, permuted, and seen in the result's shape. */
export function permutingOperator(
  name: string,
  arrange: (
    attributes: Attributes,
    shape: readonly number[],
  ) => {
    /** The input's shape, split or joined as need be. */
    readonly seen: readonly number[];
    readonly order: readonly number[];
    readonly shape: readonly number[];
  },
): Operator {
  return {
    name,
    infer(attributes, inputs) {
      const { type, shape } = inputs[0]!;
      return [{ type, shape: arrange(attributes, shape).shape }];
    },
    evaluate(attributes, [input]) {
      const { type, data } = input!;
      const { seen, order, shape } = arrange(attributes, input!.shape);
      return [{ type, shape, data: moveNumbers(permuted(seen, order), data, 0) }];
    },
    lower(node, settings) {
      const { seen, order } = arrange(node.attributes, node.inputs[0]!.shape);
      const movement = permuted(seen, order);
      if (isIdentity(movement)) return { steps: [], alias: true, title: 'alias' };
      return {
        steps: [{ ...moved(movement, 0, settings), inputs: [{ input: 0 }], outputs: [{ output: 0 }] }],
        title: 'transpose',
      };
    },
  };
}
