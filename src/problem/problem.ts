import { availableParallelism } from 'node:os';
import { expected } from '../../synth/errors.js';
import type { Axes, NativeActivation } from '../native/addon.js';
import { dense } from '../support/dense.js';
import { elementCount, MAX_ELEMENTS, validateShape } from '../tensor/shape.js';
import { type Activation, activationOf } from './activation.js';

/** Number of spatial axes of a layer. */
export type Rank = 1 | 2 | 3;

/** One number for all axes, or one each (slowest first: depth, height, width). */
export type PerAxis<T = number> = T | readonly T[];

/** How a convolution is posed, in PyTorch's words. */
export interface ConvolutionOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: PerAxis;
  /** Default 1. */
  readonly stride?: PerAxis;
  /**
   * Zeros around the input: per axis a number for both sides or a pair [before, after]; 'valid' for none; 'same'
   * for as many outputs as inputs (stride 1 only; an odd total puts the extra zero at the end, as PyTorch does).
   * Default 0.
   */
  readonly padding?: 'same' | 'valid' | PerAxis<number | readonly [number, number]>;
  /** Distance between taps. Default 1. */
  readonly dilation?: PerAxis;
  /** Divides both channel counts. Default 1. */
  readonly groups?: number;
  /** Applied to the result. Default 'none'. */
  readonly activation?: Activation;
  /** Threads of one forward pass. Default: as many as the system grants this process. */
  readonly threads?: number;
}

/** A layer, validated, over three axes of which the first 3 − rank have a kernel of one. */
export interface Layer {
  readonly rank: Rank;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: Axes;
  readonly stride: Axes;
  readonly dilation: Axes;
  readonly padBegin: Axes;
  readonly padEnd: Axes;
  readonly groups: number;
  readonly activation: NativeActivation;
  readonly threads: number;
}

/** A layer with one shape of input. */
export interface Problem extends Layer {
  readonly batch: number;
  readonly input: Axes;
  readonly output: Axes;
}

/** Far above any machine's core count; guards against a mistyped number taking the process down. */
const MAX_THREADS = 256;

/**
 * @returns the threads that were asked for, or as many as the system grants this process
 * @throws InputError for anything but an integer from 1 to 256
 */
export function validateThreads(threads: unknown = Math.min(availableParallelism(), MAX_THREADS)): number {
  if (!Number.isInteger(threads) || (threads as number) < 1 || (threads as number) > MAX_THREADS)
    throw expected('threads', `an integer from 1 to ${MAX_THREADS}`, threads);
  return threads as number;
}

/**
 * Validates what does not depend on the input.
 *
 * @param rank number of spatial axes
 * @throws InputError naming the option
 */
export function validateLayer(options: ConvolutionOptions, rank: Rank): Layer {
  if (typeof options !== 'object' || options === null) throw expected('options', 'an object', options);
  const positive = (name: 'kernelSize' | 'stride' | 'dilation', fallback?: number): Axes =>
    lift(perAxis(name, options[name] ?? fallback, rank, 1), 1);
  const kernel = positive('kernelSize');
  const stride = positive('stride', 1);
  const dilation = positive('dilation', 1);
  const inChannels = count('inChannels', options.inChannels);
  const outChannels = count('outChannels', options.outChannels);
  const groups = count('groups', options.groups ?? 1);
  if (inChannels % groups !== 0) throw expected('groups', `a divisor of inChannels (${inChannels})`, groups);
  if (outChannels % groups !== 0)
    throw expected('groups', `a divisor of outChannels (${outChannels})`, groups);
  validateShape([outChannels, inChannels / groups, ...kernel], 'the weight');
  const activation = activationOf(options.activation ?? 'none');
  const threads = validateThreads(options.threads);
  const [padBegin, padEnd] = paddingOf(options.padding ?? 0, rank, { kernel, stride, dilation });
  return {
    ...{ rank, inChannels, outChannels, kernel, stride, dilation, padBegin, padEnd },
    ...{ groups, activation, threads },
  };
}

/**
 * Validates a layer's input and computes the shape of its output, per axis
 * ⌊(input + padding − dilation · (kernel − 1) − 1) / stride⌋ + 1.
 *
 * @param shape N×C×spatial, or C×spatial for a single unbatched input
 * @throws InputError when rank, channels or sizes do not fit
 */
export function validateInput(layer: Layer, shape: readonly number[]): Problem {
  const sizes = validateShape(shape, 'the input shape');
  const { rank, inChannels } = layer;
  if (sizes.length !== rank + 2 && sizes.length !== rank + 1)
    throw expected('the input', `of rank ${rank + 2} (batched) or ${rank + 1} (unbatched)`, shape);
  const batched = sizes.length === rank + 2 ? sizes : [1, ...sizes];
  if (batched[1] !== inChannels)
    throw expected('the input', `of ${inChannels} channels (axis ${sizes.length - rank - 1})`, shape);
  if (elementCount(sizes) === 0) throw expected('the input', 'without empty axes', shape);
  const input = lift(batched.slice(2), 1);
  const output = axes((axis) => outputSize(layer, input, axis));
  const problem = { ...layer, batch: batched[0]!, input, output };
  const elements = elementCount([problem.batch, layer.outChannels, ...output]);
  if (elements > MAX_ELEMENTS)
    throw expected('the output', `at most ${MAX_ELEMENTS} elements (4 GiB)`, elements);
  return problem;
}

/** The shape of the input: N×C×spatial. */
export function inputShape(problem: Problem): readonly number[] {
  return [problem.batch, problem.inChannels, ...problem.input.slice(3 - problem.rank)];
}

/** The shape of the result: N×O×spatial. */
export function outputShape(problem: Problem): readonly number[] {
  return [problem.batch, problem.outChannels, ...problem.output.slice(3 - problem.rank)];
}

/** The shape of the weights: O × I/groups × kernel. */
export function weightShape(layer: Layer): readonly number[] {
  return [layer.outChannels, layer.inChannels / layer.groups, ...layer.kernel.slice(3 - layer.rank)];
}

/** Floating-point operations of the direct algorithm, two for each multiply-add, taps on padding included. */
export function directFlops(problem: Problem): number {
  return 2 * elementCount(outputShape(problem)) * elementCount(weightShape(problem).slice(1));
}

/** Names of the axes, for messages: the last `rank` of depth, height, width. */
export const axisNames: Axes<string> = ['depth', 'height', 'width'];

/** Builds a value for each of the three axes. */
export function axes<T>(of: (axis: 0 | 1 | 2) => T): Axes<T> {
  return [of(0), of(1), of(2)];
}

/** Puts `fill` before the values of fewer than three axes. */
export function lift<T>(values: readonly T[], fill: T): Axes<T> {
  return axes((axis) => values[axis - 3 + values.length] ?? fill);
}

function outputSize(layer: Layer, input: Axes, axis: 0 | 1 | 2): number {
  const reach = layer.dilation[axis] * (layer.kernel[axis] - 1) + 1;
  const padded = input[axis] + layer.padBegin[axis] + layer.padEnd[axis];
  if (padded > MAX_ELEMENTS)
    throw expected(`the input's ${axisNames[axis]} with its padding`, `at most ${MAX_ELEMENTS}`, padded);
  if (padded < reach)
    throw expected(
      `the input's ${axisNames[axis]} with its padding`,
      `at least ${reach} (the kernel's reach)`,
      padded,
    );
  return Math.floor((padded - reach) / layer.stride[axis]) + 1;
}

function paddingOf(
  padding: unknown,
  rank: Rank,
  { kernel, stride, dilation }: { kernel: Axes; stride: Axes; dilation: Axes },
): readonly [Axes, Axes] {
  if (padding === 'valid') return [lift<number>([], 0), lift<number>([], 0)];
  if (padding === 'same') {
    if (stride.some((step) => step !== 1)) throw expected("the stride with padding 'same'", '1', [...stride]);
    const total = axes((axis) => dilation[axis] * (kernel[axis] - 1));
    return [axes((axis) => Math.floor(total[axis] / 2)), axes((axis) => Math.ceil(total[axis] / 2))];
  }
  const form = `a non-negative integer, an array of ${rank} such or of ${rank} pairs, 'same' or 'valid'`;
  const sides = onEach(padding, rank);
  const pairs = sides.map((side) => (Array.isArray(side) ? Array.from(side) : [side, side]));
  const valid = pairs.every((pair) => pair.length === 2 && pair.every((size) => isSize(size, 0)));
  if (sides.length !== rank || !valid) throw expected('padding', form, padding);
  const side = (index: 0 | 1) =>
    lift(
      pairs.map((pair) => pair[index] as number),
      0,
    );
  return [side(0), side(1)];
}

/**
 * One integer for every axis from a number or an array of `rank`.
 *
 * @throws InputError `Expected kernelSize to be a positive integer or an array of 3 but received 0`
 */
export function perAxis(name: string, value: unknown, rank: Rank, minimum: 0 | 1): readonly number[] {
  const values = onEach(value, rank);
  if (values.length !== rank || !values.every((size) => isSize(size, minimum)))
    throw expected(
      name,
      `a ${minimum === 1 ? 'positive' : 'non-negative'} integer or an array of ${rank}`,
      value,
    );
  return values as readonly number[];
}

/** The elements of an array, or one value for every axis. */
export function onEach(value: unknown, rank: number): readonly unknown[] {
  const values = dense(value);
  return Array.isArray(values) ? values : Array<unknown>(rank).fill(value);
}

function count(name: string, value: unknown): number {
  if (!isSize(value, 1)) throw expected(name, 'a positive integer', value);
  return value;
}

/** Sizes stay below that of a tensor each, so that sums and products of two are exact. */
function isSize(value: unknown, minimum: number): value is number {
  return Number.isInteger(value) && (value as number) >= minimum && (value as number) <= MAX_ELEMENTS;
}
