import type { Attributes, Constant, TensorType } from '../operator.js';

/** Where gradient rules put their nodes: tensors are known by name. */
export interface Tape {
  /** Adds a node of one result. @returns the result's name */
  node(operator: string, inputs: readonly (string | undefined)[], attributes?: Attributes): string;
  /** A constant of float32: a list, or a scalar. */
  floats(value: number | readonly number[]): string;
  /** A constant of int64: a list. */
  integers(values: readonly number[]): string;
  /** What is known of a tensor that is there. */
  type(name: string): TensorType;
  /** Its numbers, if they are known when the graph is compiled. */
  constant(name: string): Constant | undefined;
}

/** A node that is to be derived. */
export interface DerivedNode {
  readonly attributes: Attributes;
  /** Names; those of inputs that are left out are empty. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Of the loss by each output, of its shape; undefined where none comes back. One of them does. */
  readonly gradients: readonly (string | undefined)[];
  /** Which inputs' gradients anybody wants. */
  readonly wanted: readonly boolean[];
}

/**
 * Writes down the gradients of a node's inputs, in terms of its inputs, its output and the output's gradient.
 *
 * @returns a name for each input, of its shape; undefined where it is not wanted or none flows there
 * @throws InputError for what has no gradient
 */
export type GradientRule = (node: DerivedNode, tape: Tape) => readonly (string | undefined)[];

/** The gradient of an operand that was stretched to the result's shape: the sum over all that it was stretched over. */
export function unstretched(gradient: string, name: string, tape: Tape): string {
  const [from, to] = [tape.type(gradient).shape, tape.type(name).shape];
  if (from.join() === to.join()) return gradient;
  const more = from.length - to.length;
  const axes = from.flatMap((size, axis) => (axis < more || to[axis - more] !== size ? [axis] : []));
  const sum = axes.length === 0 ? gradient : summed(gradient, axes, tape);
  return shaped(sum, to, tape);
}

/** The sum over axes, which stay with a size of 1. */
export function summed(name: string, axes: readonly number[], tape: Tape): string {
  return tape.node('ReduceSum', [name, tape.integers(axes)], { keepdims: 1 });
}

/** The mean over axes, which stay with a size of 1. */
export function averaged(name: string, axes: readonly number[], tape: Tape): string {
  return tape.node('ReduceMean', [name, tape.integers(axes)], { keepdims: 1 });
}

/** The same numbers in another shape. */
export function shaped(name: string, shape: readonly number[], tape: Tape): string {
  if (tape.type(name).shape.join() === shape.join()) return name;
  return tape.node('Reshape', [name, tape.integers(shape)], { allowzero: 1 });
}

/** As many values as there are channels, so that they stretch over N × C × spatial. */
export function perChannel(name: string, rank: number, tape: Tape): string {
  const [channels = 1] = tape.type(name).shape;
  return shaped(name, [channels, ...Array<number>(rank - 2).fill(1)], tape);
}

/** All axes but that of channels. */
export function besidesChannels(shape: readonly number[]): readonly number[] {
  return shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
}

/** Sums over images and pixels: as many as there are channels. */
export function channelSums(name: string, tape: Tape): string {
  const { shape } = tape.type(name);
  return shaped(summed(name, besidesChannels(shape), tape), [shape[1]!], tape);
}

/** What operators are told of their inputs: types, and numbers where they are known. */
export function knownOf(inputs: readonly string[], tape: Tape) {
  const types = inputs.map((name) => (name === '' ? undefined : tape.type(name)));
  const constants = inputs.map((name) => (name === '' ? undefined : tape.constant(name)));
  return { types, constants };
}
