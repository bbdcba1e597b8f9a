/** Operators whose result is their input in another shape: no kernel, no copy. */
import { expected } from '../../synth/errors.js';
import { elementCount } from '../tensor/shape.js';
import { axisOf, flag, integer, knownIntegers, required } from './attributes.js';
import type { Attributes, Constant, Operator, TensorType } from './operator.js';

type Reshape = (
  shape: readonly number[],
  attributes: Attributes,
  /** The integers of the second input, if it has one. */
  second: readonly number[] | undefined,
) => readonly number[];

function reshaping(name: string, second: string, reshape: Reshape): Operator {
  const infer = (
    attributes: Attributes,
    inputs: readonly (TensorType | undefined)[],
    constants: readonly (Constant | undefined)[],
  ) => {
    const { type, shape } = required(inputs, 0, 'data');
    return { type, shape: reshape(shape, attributes, knownIntegers(inputs, constants, 1, second)) };
  };
  return {
    name,
    infer: (attributes, inputs, constants) => [infer(attributes, inputs, constants)],
    evaluate: (attributes, inputs) => [{ ...infer(attributes, inputs, inputs), data: inputs[0]!.data }],
    lower: () => ({ steps: [], alias: true, title: 'alias' }),
    shares: true,
  };
}

/** To a shape where 0 keeps an axis, unless `allowzero`, and one −1 takes what is left. */
export const reshape = reshaping('Reshape', 'shape', (shape, attributes, wanted) => {
  if (wanted === undefined) throw expected('input shape', 'given', undefined);
  const keeps = !flag(attributes, 'allowzero');
  const sizes = wanted.map((size, axis) => (size === 0 && keeps ? (shape[axis] ?? -2) : size));
  const open = sizes.indexOf(-1);
  const known = elementCount(sizes.filter((_, axis) => axis !== open));
  const elements = elementCount(shape);
  if (open >= 0) sizes[open] = known === 0 ? -2 : elements / known;
  const fits = sizes.every((size) => Number.isInteger(size) && size >= 0) && elementCount(sizes) === elements;
  if (!fits) throw expected('input shape', `one of ${elements} elements (${shape.join(' × ')})`, wanted);
  return sizes;
});

/** To a matrix: the axes before `axis`, and those from it on. */
export const flatten = reshaping('Flatten', 'none', (shape, attributes) => {
  const given = integer(attributes, 'axis', 1, -shape.length, shape.length);
  const axis = given < 0 ? given + shape.length : given;
  return [elementCount(shape.slice(0, axis)), elementCount(shape.slice(axis))];
});

/** Without the axes of one element that are named, or all of them. */
export const squeeze = reshaping('Squeeze', 'axes', (shape, _attributes, named) => {
  const axes = named?.map((axis) => axisOf(axis, shape.length, 'input axes'));
  if (axes?.every((axis) => shape[axis] === 1) === false)
    throw expected('input axes', `axes of one element of ${shape.join(' × ')}`, named);
  return shape.filter((size, axis) => (axes === undefined ? size !== 1 : !axes.includes(axis)));
});

/** With axes of one element put where they are named in the result. */
export const unsqueeze = reshaping('Unsqueeze', 'axes', (shape, _attributes, named = []) => {
  const rank = shape.length + named.length;
  const axes = named.map((axis) => axisOf(axis, rank, 'input axes'));
  if (new Set(axes).size !== axes.length) throw expected('input axes', 'different axes', named);
  const sizes = shape[Symbol.iterator]();
  return Array.from({ length: rank }, (_, axis) =>
    axes.includes(axis) ? 1 : (sizes.next().value as number),
  );
});
