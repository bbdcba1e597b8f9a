/** Readers of what nodes say: attributes, inputs and constants, each with an error that names it. */
import { expected } from '../../synth/errors.js';
import { MAX_ELEMENTS } from '../tensor/shape.js';
import type { Attributes, Constant, TensorType } from './operator.js';

/** @throws InputError for anything but an integer within the limits */
export function integer(
  attributes: Attributes,
  name: string,
  fallback?: number,
  least = -MAX_ELEMENTS,
  most = MAX_ELEMENTS,
): number {
  const value = attributes[name] ?? fallback;
  if (!isInteger(value, least, most))
    throw expected(`attribute ${name}`, `an integer from ${least} to ${most}`, value);
  return value;
}

/** @throws InputError for anything but a number */
export function number(attributes: Attributes, name: string, fallback?: number): number {
  const value = attributes[name] ?? fallback;
  if (typeof value !== 'number') throw expected(`attribute ${name}`, 'a number', value);
  return value;
}

/** 0 or 1, as ONNX has flags. @throws InputError */
export function flag(attributes: Attributes, name: string, fallback = false): boolean {
  return integer(attributes, name, Number(fallback), 0, 1) === 1;
}

/** @throws InputError for anything but one of the choices */
export function choice<T extends string>(
  attributes: Attributes,
  name: string,
  choices: readonly T[],
  fallback?: T,
): T {
  const value = attributes[name] ?? fallback;
  if (!choices.includes(value as T))
    throw expected(`attribute ${name}`, `one of ${choices.map((each) => `'${each}'`).join(', ')}`, value);
  return value as T;
}

/**
 * A list of integers, or undefined where it is left out.
 *
 * @param count how many there have to be
 * @throws InputError for anything else
 */
export function integers(
  attributes: Attributes,
  name: string,
  {
    count,
    least = -MAX_ELEMENTS,
    most = MAX_ELEMENTS,
  }: { count?: number; least?: number; most?: number } = {},
): readonly number[] | undefined {
  const value = attributes[name];
  if (value === undefined) return undefined;
  const fits =
    Array.isArray(value) &&
    (count === undefined || value.length === count) &&
    value.every((item) => isInteger(item, least, most));
  if (!fits)
    throw expected(`attribute ${name}`, `${count ?? 'an array of'} integers from ${least} to ${most}`, value);
  return value as readonly number[];
}

/** An axis from 0, where it may be counted from the end. @throws InputError for one that a tensor of that rank has not */
export function axisOf(value: number, rank: number, name = 'attribute axis'): number {
  if (!isInteger(value, -rank, rank - 1)) throw expected(name, `an axis of ${rank}`, value);
  return value < 0 ? value + rank : value;
}

/** @throws InputError if it is left out */
export function required<T>(inputs: readonly (T | undefined)[], index: number, name: string): T {
  const found = inputs[index];
  if (found === undefined) throw expected(`input ${name}`, 'given', undefined);
  return found;
}

/** An input that kernels read. @throws InputError if it is left out or not of float32 */
export function floats(inputs: readonly (TensorType | undefined)[], index: number, name: string): TensorType {
  const found = required(inputs, index, name);
  if (found.type !== 'float32') throw expected(`input ${name}`, 'of type float32', found.type);
  return found;
}

/**
 * The numbers of an input that decides shapes, which have to be known when the graph is compiled; undefined where the
 * node has no such input.
 *
 * @throws InputError if they are not known, not integers or more than a list of them
 */
export function knownIntegers(
  inputs: readonly (TensorType | undefined)[],
  constants: readonly (Constant | undefined)[],
  index: number,
  name: string,
): readonly number[] | undefined {
  const values = knownNumbers(inputs, constants, index, name);
  if (values?.every(Number.isInteger) === false) throw expected(`input ${name}`, 'integers', values);
  return values;
}

/** The same for numbers that need not be integers. */
export function knownNumbers(
  inputs: readonly (TensorType | undefined)[],
  constants: readonly (Constant | undefined)[],
  index: number,
  name: string,
): readonly number[] | undefined {
  if (inputs[index] === undefined) return undefined;
  const constant = constants[index];
  if (constant === undefined)
    throw expected(`input ${name}`, 'known when the graph is compiled', 'one that each run computes');
  return Array.from(constant.data);
}

function isInteger(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** The inputs whose numbers a node to lower knows. */
export function constantsOf(
  inputs: readonly (TensorType | (TensorType & Constant) | undefined)[],
): readonly (Constant | undefined)[] {
  return inputs.map((input) => (input !== undefined && 'data' in input ? input : undefined));
}
