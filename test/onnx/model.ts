import { dataTypes, modelSchema } from '../../src/onnx/schema.js';
import { type Encodable, encode } from '../../src/onnx/wire.js';

type ModelMessage = Encodable<typeof modelSchema>;
type GraphMessage = NonNullable<ModelMessage['graph']>;
type NodeMessage = NonNullable<GraphMessage['node']>[number];
type AttributeMessage = NonNullable<NodeMessage['attribute']>[number];
export type TensorMessage = NonNullable<GraphMessage['initializer']>[number];

/** An input or output of float32, or of another type by its ONNX number. */
export function valueInfo(name: string, shape?: readonly (number | string)[], elem_type = 1) {
  const dim = shape?.map((size) => (typeof size === 'number' ? { dim_value: size } : { dim_param: size }));
  return { name, type: { tensor_type: { elem_type, shape: dim && { dim } } } };
}

/** Attributes from numbers (1.5 and `real(1)` are real), lists of such, and text. */
export function attributes(values: Record<string, unknown>): AttributeMessage[] {
  return Object.entries(values).map(([name, value]): AttributeMessage => {
    if (value instanceof Real) return { name, type: 1, f: value.number };
    if (value instanceof Reals) return { name, type: 6, floats: value.numbers };
    if (typeof value === 'number') return { name, type: 2, i: value };
    if (typeof value === 'string') return { name, type: 3, s: value };
    if (Array.isArray(value)) return { name, type: 7, ints: value };
    return { name, type: 4, t: value as TensorMessage };
  });
}

class Real {
  constructor(readonly number: number) {}
}
class Reals {
  constructor(readonly numbers: number[]) {}
}
export const real = (number: number) => new Real(number);
export const reals = (...numbers: number[]) => new Reals(numbers);

export function node(
  op_type: string,
  input: string[],
  output: string[],
  values: Record<string, unknown> = {},
): NodeMessage {
  return { op_type, input, output, attribute: attributes(values) };
}

/** A tensor with raw bytes. */
export function floats(name: string, dims: number[], values: readonly number[]): TensorMessage {
  const raw_data = new Uint8Array(Float32Array.from(values).buffer);
  return { name, dims, data_type: dataTypes.float32, raw_data };
}

export function integers(name: string, dims: number[], values: readonly number[]): TensorMessage {
  const raw_data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return { name, dims, data_type: dataTypes.int64, raw_data };
}

/** The bytes of a model of the version of the operator set. */
export function modelBytes(graph: GraphMessage, opset = 17, more: Partial<ModelMessage> = {}): Buffer {
  const ir_version = opset >= 21 ? 10 : 8;
  const opset_import = [{ domain: '', version: opset }];
  return Buffer.concat(
    encode(modelSchema, { ir_version, opset_import, graph: { name: 'g', ...graph }, ...more }),
  );
}
