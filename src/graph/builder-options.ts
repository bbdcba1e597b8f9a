import { expected } from '../../synth/errors.js';
import { checkOptions } from '../../synth/options.js';
import type { Attributes } from '../operators/operator.js';
import type { PerAxis } from '../problem/problem.js';

/** A tensor of a graph that is being built. */
export interface Value {
  readonly name: string;
  /** Size of axis 1, where it is known: channels, or features of a matrix. */
  readonly channels?: number | undefined;
  /** Number of spatial axes, where it is known. */
  readonly rank?: number | undefined;
  /** Whether each channel has one position, as behind a global pool. */
  readonly pooled?: boolean;
}

/** What may have a name. */
export interface Named {
  /** What node, result and weights (`NAME.weight`) are called within the scope. Default: the operator and a number. */
  readonly name?: string;
}

/** How a window slides, in PyTorch's words. */
export interface WindowOptions {
  readonly kernelSize: PerAxis;
  /** Default 1 for convolutions, the kernel's size for pools. */
  readonly stride?: PerAxis;
  /**
   * Zeros per axis on both sides, or [before, after]; 'same' for ⌈input / stride⌉ outputs, an odd zero at the end.
   * Default 0.
   */
  readonly padding?: 'same' | PerAxis<number | readonly [number, number]>;
}

/** A convolution. */
export interface ConvOptions extends WindowOptions, Named {
  readonly outChannels: number;
  /** Default 1. */
  readonly dilation?: PerAxis;
  /** Default 1. */
  readonly groups?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Factor on the scale of random weights. Default 1. */
  readonly gain?: number;
}

/** A maximum or average over windows. */
export interface PoolOptions extends WindowOptions, Named {
  /** Whether the last window may reach beyond the padding. Default false. */
  readonly ceilMode?: boolean;
  /** Whether padding counts as zeros in averages. Default true, as in PyTorch. */
  readonly countIncludePad?: boolean;
}

/** A normalisation with a scale and a shift of each channel. */
export interface NormOptions extends Named {
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** Factor on random scales. Default 1. */
  readonly gain?: number;
}

const named = { name: true } as const;
const window = { ...named, kernelSize: true, stride: true, padding: true } as const;
const conv = { ...window, outChannels: true, dilation: true, groups: true, bias: true, gain: true } as const;
const norm = { ...named, epsilon: true, gain: true } as const;
const pool = { ...window, ceilMode: true, countIncludePad: true } as const;

/** Names of the options of the builder's methods; what is not here has a name alone. */
const methods: Readonly<Record<string, Readonly<Record<string, true>>>> = {
  ...{ conv, convTranspose: conv, batchNorm: norm, instanceNorm: norm, maxPool: pool, averagePool: pool },
  linear: { ...named, outFeatures: true, inFeatures: true, bias: true, gain: true },
  groupNorm: { ...norm, groups: true },
  leakyRelu: { ...named, slope: true },
  softmax: { ...named, axis: true },
  upsample: { ...named, factor: true, mode: true },
  pixelShuffle: { ...named, factor: true },
  lrn: { ...named, size: true, alpha: true, beta: true, bias: true },
  dropout: { ...named, ratio: true },
};

/** @throws InputError for an option that the method does not have */
export function checkMethod(method: string, options: object): void {
  checkOptions(`Builder.${method}`, options, methods[method] ?? named);
}

/** @throws InputError for what is no number of channels or features */
export function checkCount(name: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 1)
    throw expected(name, 'a positive integer', value);
}

/** @param groups that must divide them; the result is the channels of one */
export function channelsOf({ name, channels }: Value, groups = 1): number {
  if (channels === undefined) throw expected(`the channels of ${name}`, 'known', channels);
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0)
    throw expected('groups', `a divisor of the channels of ${name} (${channels})`, groups);
  return channels / groups;
}

/** One positive integer for each spatial axis. */
export function axesOf(option: string, value: PerAxis, { name, rank }: Value): readonly number[] {
  if (rank === undefined || rank < 1) throw expected(`tensor ${name}`, 'one with spatial axes', rank);
  const values = Array.isArray(value) ? value : Array<unknown>(rank).fill(value);
  if (values.length !== rank || !values.every((size) => Number.isInteger(size) && size > 0))
    throw expected(option, `a positive integer or an array of ${rank}`, value);
  return values as readonly number[];
}

/** A window in ONNX's terms. @param stride where none is given */
export function windowOf(
  { kernelSize, stride, padding = 0 }: WindowOptions,
  x: Value,
  fallback?: PerAxis,
): Attributes {
  const kernel_shape = axesOf('kernelSize', kernelSize, x);
  const strides = axesOf('stride', stride ?? fallback ?? kernelSize, x);
  if (padding === 'same') return { kernel_shape, strides, auto_pad: 'SAME_UPPER' };
  const sides = Array.isArray(padding) ? padding : kernel_shape.map(() => padding);
  const pairs = sides.map((side) => (Array.isArray(side) ? side : [side, side]));
  const valid = pairs.every(
    (pair) => pair.length === 2 && pair.every((size) => Number.isInteger(size) && size >= 0),
  );
  if (!valid || pairs.length !== kernel_shape.length)
    throw expected('padding', `'same', or a number or pair for each of ${kernel_shape.length} axes`, padding);
  return {
    kernel_shape,
    strides,
    pads: [...pairs.map(([before]) => before), ...pairs.map(([, after]) => after)],
  };
}

export function dilationOf({ dilation = 1 }: ConvOptions, x: Value): Attributes {
  return { dilations: axesOf('dilation', dilation, x) };
}
