import type { Constant } from '../operators/operator.js';

/** A constant of float32: a list, or a scalar from a single number. */
export function floatConstant(value: number | readonly number[]): Constant {
  return { type: 'float32', shape: shapeOf(value), data: Float32Array.from([value].flat()) };
}

/** A constant of int64, as shapes and axes are: a list, or a scalar from a single number. */
export function integerConstant(value: number | readonly number[]): Constant {
  return { type: 'int64', shape: shapeOf(value), data: Float64Array.from([value].flat()) };
}

function shapeOf(value: number | readonly number[]): readonly number[] {
  return typeof value === 'number' ? [] : [value.length];
}

/** Whether the value of an attribute is a tensor. */
export function isConstant(value: unknown): value is Constant {
  return (
    typeof value === 'object' && value !== null && 'type' in value && 'shape' in value && 'data' in value
  );
}
