/** Operators that exist when a graph is compiled only: they make the numbers that shapes are computed from. */
import { expected } from '../../synth/errors.js';
import { elementCount, MAX_ELEMENTS } from '../tensor/shape.js';
import { integer, knownIntegers, knownNumbers, required } from './attributes.js';
import { numbersOf } from './constants.js';
import type { Attributes, Constant, ElementType, Operator, TensorType } from './operator.js';

/** The sizes of a tensor, or those of its axes from `start` to before `end`. */
export const shape: Operator = {
  name: 'Shape',
  infer: (attributes, inputs) => [{ type: 'int64', shape: [sizesOf(attributes, inputs).length] }],
  evaluate(attributes, _constants, types) {
    const sizes = sizesOf(attributes, types);
    return [{ type: 'int64', shape: [sizes.length], data: Float64Array.from(sizes) }];
  },
  fromTypes: true,
};

function sizesOf(attributes: Attributes, inputs: readonly (TensorType | undefined)[]): readonly number[] {
  const sizes = required(inputs, 0, 'data').shape;
  return sizes.slice(integer(attributes, 'start', 0), integer(attributes, 'end', sizes.length));
}

/** The number of elements of a tensor. */
export const size: Operator = {
  name: 'Size',
  infer: () => [{ type: 'int64', shape: [] }],
  evaluate: (_attributes, _constants, types) => [
    { type: 'int64', shape: [], data: Float64Array.of(elementCount(required(types, 0, 'data').shape)) },
  ],
  fromTypes: true,
};

/** A tensor of one value, by default 0 of float32, whose shape is known. */
export const constantOfShape: Operator = {
  name: 'ConstantOfShape',
  infer(attributes, inputs, constants) {
    const sizes = knownIntegers(inputs, constants, 0, 'input') ?? [];
    return [{ type: filling(attributes).type, shape: sizes }];
  },
  evaluate(attributes, inputs) {
    const sizes = Array.from(required(inputs, 0, 'input').data);
    const { type, data } = filling(attributes);
    const count = elementCount(sizes);
    if (!(count <= MAX_ELEMENTS)) throw expected('input', `of at most ${MAX_ELEMENTS} elements`, sizes);
    return [{ type, shape: sizes, data: numbersOf(type, count).fill(data[0]!) }];
  },
};

function filling({ value }: Attributes): Constant {
  if (value === undefined) return { type: 'float32', shape: [1], data: Float32Array.of(0) };
  const given = value as Partial<Constant> | null;
  const one = typeof given === 'object' && given !== null && given.data?.length === 1;
  if (!one || given.type === undefined) throw expected('attribute value', 'a tensor of one element', value);
  return given as Constant;
}

/** From a start in steps of a delta to before a limit. */
export const range: Operator = {
  name: 'Range',
  infer(_attributes, inputs, constants) {
    const { count } = progression(inputs, constants);
    return [{ type: required(inputs, 0, 'start').type, shape: [count] }];
  },
  evaluate(_attributes, inputs) {
    const { type } = required(inputs, 0, 'start');
    const { start, delta, count } = progression(inputs, inputs);
    const data = numbersOf(type, count);
    for (let i = 0; i < count; i++) data[i] = start + i * delta;
    return [{ type, shape: [count], data }];
  },
};

function progression(
  inputs: readonly (TensorType | undefined)[],
  constants: readonly (Constant | undefined)[],
) {
  const [start, limit, delta] = ['start', 'limit', 'delta'].map(
    (name, i) => knownNumbers(inputs, constants, i, name)?.[0] ?? Number.NaN,
  ) as [number, number, number];
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  if (!(count <= MAX_ELEMENTS))
    throw expected('start, limit and delta', `of at most ${MAX_ELEMENTS} elements`, [start, limit, delta]);
  return { start, delta, count };
}

/** ONNX's numbers of types: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, TensorProto.DataType. */
const types: Readonly<Record<number, ElementType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  16: 'bfloat16',
};

/** Known numbers in another type; a float32 tensor to float32, which is nothing. */
export const cast: Operator = {
  name: 'Cast',
  infer: (attributes, inputs) => [
    { type: wantedType(attributes), shape: required(inputs, 0, 'input').shape },
  ],
  evaluate(attributes, inputs) {
    const { shape, data } = required(inputs, 0, 'input');
    const type = wantedType(attributes);
    const to = numbersOf(type, data.length);
    for (const [i, value] of data.entries()) to[i] = convert[type]?.(value) ?? value;
    return [{ type, shape, data: to }];
  },
  lower({ inputs, outputs }) {
    if (inputs[0]!.type !== outputs[0]!.type)
      throw expected('attribute to', `${inputs[0]!.type}, as runs compute in it`, outputs[0]!.type);
    return { steps: [], alias: true, title: 'alias' };
  },
};

function wantedType({ to }: Attributes): ElementType {
  const type = Object.values(types).find((each) => each === to) ?? types[to as number];
  if (type === undefined) throw expected('attribute to', `one of ${Object.values(types).join(', ')}`, to);
  return type;
}

/** Bits are cut off as C has it for what is too large. */
const convert: Partial<Record<ElementType, (value: number) => number>> = {
  int64: Math.trunc,
  int32: (value) => value | 0,
  int8: (value) => (value << 24) >> 24,
  uint8: (value) => value & 255,
  bool: (value) => Number(value !== 0),
};
