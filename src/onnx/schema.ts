/**
 * ONNX's messages with the numbers of their fields, as far as this library reads and writes them
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). Names are ONNX's.
 */
import type { Schema } from './wire.js';

const stringPair = { key: [1, 'string'], value: [2, 'string'] } as const satisfies Schema;

/** Raw bytes and typed numbers are left in the file until they are wanted. */
export const tensorSchema = {
  dims: [1, 'int', 'repeated'],
  data_type: [2, 'int'],
  segment: [3, 'range'],
  float_data: [4, 'range', 'repeated'],
  int32_data: [5, 'range', 'repeated'],
  string_data: [6, 'range', 'repeated'],
  int64_data: [7, 'range', 'repeated'],
  name: [8, 'string'],
  raw_data: [9, 'range'],
  double_data: [10, 'range', 'repeated'],
  uint64_data: [11, 'range', 'repeated'],
  external_data: [13, stringPair, 'repeated'],
  data_location: [14, 'int'],
} as const satisfies Schema;

export const attributeSchema = {
  name: [1, 'string'],
  f: [2, 'float'],
  i: [3, 'int'],
  s: [4, 'string'],
  t: [5, tensorSchema],
  floats: [7, 'float', 'repeated'],
  ints: [8, 'int', 'repeated'],
  strings: [9, 'string', 'repeated'],
  type: [20, 'int'],
  ref_attr_name: [21, 'string'],
} as const satisfies Schema;

export const nodeSchema = {
  input: [1, 'string', 'repeated'],
  output: [2, 'string', 'repeated'],
  name: [3, 'string'],
  op_type: [4, 'string'],
  attribute: [5, attributeSchema, 'repeated'],
  domain: [7, 'string'],
} as const satisfies Schema;

const dimensionSchema = { dim_value: [1, 'int'], dim_param: [2, 'string'] } as const satisfies Schema;

const tensorTypeSchema = {
  elem_type: [1, 'int'],
  shape: [2, { dim: [1, dimensionSchema, 'repeated'] }],
} as const satisfies Schema;

export const valueInfoSchema = {
  name: [1, 'string'],
  type: [2, { tensor_type: [1, tensorTypeSchema] }],
} as const satisfies Schema;

export const graphSchema = {
  node: [1, nodeSchema, 'repeated'],
  name: [2, 'string'],
  initializer: [5, tensorSchema, 'repeated'],
  input: [11, valueInfoSchema, 'repeated'],
  output: [12, valueInfoSchema, 'repeated'],
  value_info: [13, valueInfoSchema, 'repeated'],
  sparse_initializer: [15, 'range', 'repeated'],
} as const satisfies Schema;

export const modelSchema = {
  ir_version: [1, 'int'],
  producer_name: [2, 'string'],
  producer_version: [3, 'string'],
  opset_import: [8, { domain: [1, 'string'], version: [2, 'int'] }, 'repeated'],
  graph: [7, graphSchema],
} as const satisfies Schema;

/** `TensorProto.DataType` of what a tensor may hold here, by this library's names. */
export const dataTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;

/** `AttributeProto.AttributeType`. */
export const attributeTypes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  graphs: 10,
} as const;
