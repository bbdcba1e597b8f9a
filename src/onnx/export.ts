import { basename, dirname, join } from 'node:path';
import { expected } from '../../synth/errors.js';
import { type Graph, type Node, ordered } from '../graph/graph.js';
import { isConstant } from '../graph/literal.js';
import type { Constant, ElementType } from '../operators/operator.js';
import { writeWhole } from '../support/files.js';
import { packageVersion } from '../support/package.js';
import { littleEndianBytes } from '../tensor/number-formats.js';
import { type OnnxOptions, OPSET } from './options.js';
import { resultTypes } from './result-types.js';
import {
  type attributeSchema,
  attributeTypes,
  dataTypes,
  modelSchema,
  type nodeSchema,
  type tensorSchema,
  type valueInfoSchema,
} from './schema.js';
import { type Encodable, encode } from './wire.js';

/** The version of the format that the operator set of written models came with. */
const IR_VERSION = 10;

/** Protocol buffers end at 2 GiB; some readers keep room for their own. */
const MAX_MODEL = 2 ** 31 - 2 ** 24;

/** Constants smaller than this stay in the model: shapes are wanted before weights are. */
const MIN_EXTERNAL = 1024;

/** External data begin at pages, so that readers may map them into memory. */
const PAGE = 4096;

/** Attributes that are real whatever their value is, for a JavaScript number does not tell. */
const realAttributes: ReadonlySet<string> = new Set([
  ...['activation_alpha', 'activation_beta', 'alpha', 'beta', 'bias', 'clip', 'cubic_coeff_a', 'delta'],
  ...['epsilon', 'extrapolation_value', 'gamma', 'high', 'lambd', 'low', 'mean', 'momentum', 'ratio'],
  ...['sample_size', 'scale', 'scales', 'seed', 'softcap', 'spatial_scale', 'threshold', 'value_float'],
  ...['value_floats'],
]);

/** See `writeOnnx` of onnx.ts. */
export async function writeOnnx(path: string, graph: Graph, options: OnnxOptions = {}): Promise<void> {
  const checked = ordered(graph);
  const weights = [...checked.constants].map(([name, constant]) => tensorMessage(name, constant));
  const total = weights.reduce((sum, { raw_data }) => sum + (raw_data?.length ?? 0), 0);
  if (!(options.external ?? total > MAX_MODEL)) {
    await writeWhole(path, encode(modelSchema, modelMessage(checked, weights)));
    return;
  }
  const name = `${basename(path)}.data`;
  const { outside, pieces } = movedOut(weights, name);
  await writeWhole(join(dirname(path), name), pieces);
  await writeWhole(path, encode(modelSchema, modelMessage(checked, outside)));
}

/**
 * A graph as the bytes of an ONNX model, in pieces of which the large ones are the graph's own memory.
 *
 * @param opset its operator set
 * @param types of outputs; those that it does not know are left open
 */
export function onnxBytes(
  graph: Graph,
  opset = OPSET,
  types: ReadonlyMap<string, ElementType> = resultTypes(graph),
): readonly Uint8Array[] {
  const checked = ordered(graph);
  const weights = [...checked.constants].map(([name, constant]) => tensorMessage(name, constant));
  return encode(modelSchema, modelMessage(checked, weights, opset, types));
}

type TensorMessage = Encodable<typeof tensorSchema>;

function modelMessage(
  graph: Graph,
  initializer: readonly TensorMessage[],
  opset = OPSET,
  types: ReadonlyMap<string, ElementType> = resultTypes(graph),
): Encodable<typeof modelSchema> {
  return {
    ir_version: IR_VERSION,
    producer_name: 'winograd-nd',
    producer_version: packageVersion(),
    opset_import: [{ domain: '', version: opset }],
    graph: {
      name: 'graph',
      node: graph.nodes.map(nodeMessage),
      initializer,
      input: graph.inputs.map(({ name, type, shape }) => {
        const dim = shape?.map((size) =>
          typeof size === 'number' ? { dim_value: size } : { dim_param: size },
        );
        return valueInfo(name, type, dim === undefined ? undefined : { dim });
      }),
      output: graph.outputs.map((name) => {
        const type = types.get(name);
        return type === undefined ? { name } : valueInfo(name, type);
      }),
    },
  };
}

type ValueInfo = Encodable<typeof valueInfoSchema>;

function valueInfo(
  name: string,
  type: ElementType,
  shape?: { dim: readonly ({ dim_value: number } | { dim_param: string })[] },
): ValueInfo {
  return { name, type: { tensor_type: { elem_type: dataTypes[type], shape } } };
}

function tensorMessage(name: string, { type, shape, data }: Constant): TensorMessage {
  return { name, dims: shape, data_type: dataTypes[type], raw_data: littleEndianBytes(data, type) };
}

/** Moves large weights into a file of their own. */
function movedOut(weights: readonly TensorMessage[], location: string) {
  const pieces: Uint8Array[] = [];
  let offset = 0;
  const outside = weights.map((tensor): TensorMessage => {
    const { raw_data, ...rest } = tensor;
    if (raw_data === undefined || raw_data.length < MIN_EXTERNAL) return tensor;
    const start = Math.ceil(offset / PAGE) * PAGE;
    pieces.push(new Uint8Array(start - offset), raw_data);
    offset = start + raw_data.length;
    const place = { location, offset: String(start), length: String(raw_data.length) };
    const external_data = Object.entries(place).map(([key, value]) => ({ key, value }));
    return { ...rest, external_data, data_location: 1 };
  });
  return { outside, pieces };
}

function nodeMessage({ operator, name, inputs, outputs, attributes }: Node): Encodable<typeof nodeSchema> {
  return {
    name,
    op_type: operator,
    input: inputs,
    output: outputs,
    attribute: Object.entries(attributes)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ({
        name: key,
        ...attributeValue(key, value, `${key} of node ${name} (${operator})`),
      })),
  };
}

function attributeValue(key: string, value: unknown, called: string): Encodable<typeof attributeSchema> {
  const real = realAttributes.has(key);
  const every = (kind: string) => Array.isArray(value) && value.every((item) => typeof item === kind);
  const whole = [value].flat().every(Number.isInteger);
  if (typeof value === 'string') return { type: attributeTypes.string, s: value };
  if (typeof value === 'number' && real) return { type: attributeTypes.float, f: value };
  if (typeof value === 'number' && whole) return { type: attributeTypes.int, i: value };
  if (every('number') && real) return { type: attributeTypes.floats, floats: value as number[] };
  if (every('number') && whole) return { type: attributeTypes.ints, ints: value as number[] };
  if (every('string')) return { type: attributeTypes.strings, strings: value as string[] };
  if (isConstant(value)) return { type: attributeTypes.tensor, t: tensorMessage('', value) };
  throw expected(`attribute ${called}`, 'an integer, text, a list of such, or a constant', value);
}
