import { expected, InputError } from '../../synth/errors.js';
import { type Graph, type GraphInput, type Node, ordered, type Size } from '../graph/graph.js';
import { floatConstant, integerConstant } from '../graph/literal.js';
import type { Constant } from '../operators/operator.js';
import { ConstantReader, elementTypeOf } from './constant.js';
import { Normaliser } from './normalise.js';
import {
  type attributeSchema,
  attributeTypes,
  modelSchema,
  type nodeSchema,
  type valueInfoSchema,
} from './schema.js';
import { type ByteSource, FileSource, MemorySource, Neighbours } from './source.js';
import { type Decoded, decode } from './wire.js';

/** Operator sets that are understood: 7 is of 2018, the first whose broadcasting is today's. */
const OPSETS = { oldest: 7, newest: 27 };

/** Both names of ONNX's own operators. */
const DEFAULT_DOMAINS: ReadonlySet<string> = new Set(['', 'ai.onnx']);

/** Attributes that name an element type, and what they become where kernels compute in float32 instead. */
const typeAttributes: ReadonlySet<string> = new Set(['to', 'dtype', 'output_datatype']);

/** See `readOnnx` of onnx.ts. */
export async function readOnnx(model: string | Uint8Array): Promise<Graph> {
  return (await readModel(model)).graph;
}

/** The same, with the files beside the model that some of its weights come from. @throws as `readOnnx` does */
export async function readModel(
  model: string | Uint8Array,
): Promise<{ readonly graph: Graph; readonly beside: readonly string[] }> {
  const inFile = typeof model === 'string';
  if (!inFile && !(model instanceof Uint8Array)) throw expected('the model', 'a path or a Uint8Array', model);
  const source = inFile ? await FileSource.open(model) : new MemorySource(model, 'the model');
  const neighbours = new Neighbours(inFile ? model : undefined);
  try {
    const graph = await new Importer(source, neighbours).graph();
    return { graph, beside: neighbours.files };
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new InputError(`${source.name} is no model that can be read: ${cause.message}`, { cause });
  } finally {
    await source.close();
    await neighbours.close();
  }
}

class Importer {
  readonly #source: ByteSource;
  readonly #reader: ConstantReader;
  readonly #constants = new Map<string, Constant>();

  constructor(source: ByteSource, neighbours: Neighbours) {
    this.#source = source;
    this.#reader = new ConstantReader(source, neighbours);
  }

  async graph(): Promise<Graph> {
    const everything = { offset: 0, length: this.#source.size };
    const model = decode(this.#source, everything, modelSchema);
    const { graph } = model;
    if (graph === undefined) throw new InputError('it holds no graph');
    const versions = model.opset_import.filter(({ domain }) => DEFAULT_DOMAINS.has(domain ?? ''));
    const opset = versions[0]?.version ?? 0;
    if (versions.length !== 1 || opset < OPSETS.oldest || opset > OPSETS.newest) {
      const wanted = `one from ${OPSETS.oldest} to ${OPSETS.newest}`;
      throw expected(
        "the version of ONNX's operator set",
        wanted,
        versions.map(({ version }) => version),
      );
    }
    if (graph.sparse_initializer.length > 0) throw expected('every initialiser', 'dense', 'a sparse one');
    for (const tensor of graph.initializer) {
      const name = tensor.name ?? '';
      if (name === '') throw new InputError('an initialiser has no name');
      this.#define(name, await this.#reader.read(tensor, `initialiser ${name}`));
    }
    const inputs = graph.input.filter(({ name }) => !this.#constants.has(name ?? '')).map(inputOf);
    const ranks = new Map(
      [...graph.input, ...graph.value_info, ...graph.output].map((info) => [
        info.name ?? '',
        info.type?.tensor_type?.shape?.dim.length,
      ]),
    );
    for (const [name, { shape }] of this.#constants) ranks.set(name, shape.length);
    const nodes = await this.#nodes(graph.node, opset, ranks);
    return ordered({
      inputs,
      outputs: graph.output.map(({ name }) => name ?? ''),
      nodes,
      constants: this.#constants,
      opset,
    });
  }

  async #nodes(
    messages: readonly Decoded<typeof nodeSchema>[],
    opset: number,
    ranks: ReadonlyMap<string, number | undefined>,
  ): Promise<Node[]> {
    const plain: Node[] = [];
    for (const [index, message] of messages.entries()) {
      const node = await this.#node(message, index, opset);
      if (node.operator === 'Constant') this.#define(node.outputs[0] ?? '', constantOf(node));
      else plain.push(node);
    }
    const taken = [...ranks.keys(), ...this.#constants.keys(), ...plain.flatMap(({ outputs }) => outputs)];
    const normaliser = new Normaliser(opset, ranks, taken, this.#constants);
    return plain.flatMap((node) => normaliser.normalised(node));
  }

  async #node(message: Decoded<typeof nodeSchema>, index: number, opset: number): Promise<Node> {
    const operator = message.op_type ?? '';
    const name = message.name || message.output.find((output) => output !== '') || `${operator} ${index}`;
    const called = `node ${name} (${operator} of operator set ${opset})`;
    if (!DEFAULT_DOMAINS.has(message.domain ?? '')) {
      const received = `${message.domain}.${operator}`;
      throw expected(`the operator of node ${name} (operator set ${opset})`, "one of ONNX's own", received);
    }
    if (operator === '') throw expected(`the operator of node ${name}`, 'named', '');
    const attributes = new Map<string, unknown>();
    for (const attribute of message.attribute) {
      const key = attribute.name ?? '';
      if (attributes.has(key)) throw expected(`attribute ${key} of ${called}`, 'given once', 'a second one');
      attributes.set(key, await this.#attribute(attribute, called));
    }
    return {
      operator,
      name,
      inputs: message.input,
      outputs: message.output,
      attributes: Object.fromEntries(attributes),
    };
  }

  async #attribute(attribute: Decoded<typeof attributeSchema>, node: string): Promise<unknown> {
    const name = `attribute ${attribute.name} of ${node}`;
    switch (attribute.type) {
      case attributeTypes.float:
        return attribute.f ?? 0;
      case attributeTypes.int:
        return inFloat32(attribute.name ?? '', attribute.i ?? 0, name);
      case attributeTypes.string:
        return attribute.s ?? '';
      case attributeTypes.tensor:
        if (attribute.t === undefined) throw expected(name, 'a tensor', 'none');
        return await this.#reader.read(attribute.t, name);
      case attributeTypes.floats:
        return attribute.floats;
      case attributeTypes.ints:
        return attribute.ints;
      case attributeTypes.strings:
        return attribute.strings;
      case attributeTypes.graph:
      case attributeTypes.graphs:
        throw expected(name, 'no subgraph: control flow is not supported', 'one');
      default:
        throw expected(`the type of ${name}`, 'a number, text, or list of such, or a tensor', attribute.type);
    }
  }

  #define(name: string, constant: Constant): void {
    if (name === '' || this.#constants.has(name))
      throw expected(`tensor ${name}`, 'defined once', 'a second definition');
    this.#constants.set(name, constant);
  }
}

function inFloat32(attribute: string, value: number, name: string): number {
  return typeAttributes.has(attribute) && elementTypeOf(value, name) === 'float32' ? 1 : value;
}

function inputOf(info: Decoded<typeof valueInfoSchema>): GraphInput {
  const name = info.name ?? '';
  if (name === '') throw new InputError('an input has no name');
  const type = info.type?.tensor_type;
  if (type === undefined) throw expected(`input ${name}`, 'a tensor', 'another type');
  return {
    name,
    type: elementTypeOf(type.elem_type, `input ${name}`),
    shape: type.shape?.dim.map(({ dim_value, dim_param }, axis): Size => {
      // A size without a number is open; without a name it is like no other.
      if (dim_value === undefined) return dim_param || `${name}:${axis}`;
      if (!Number.isSafeInteger(dim_value) || dim_value < 0)
        throw expected(`size ${axis} of input ${name}`, 'a number from 0 on', dim_value);
      return dim_value;
    }),
  };
}

/** What a Constant node holds: one of these attributes. */
function constantOf({ name, attributes, outputs }: Node): Constant {
  const [[key, value] = ['none', undefined], ...others] = Object.entries(attributes);
  if (others.length > 0 || outputs.length !== 1)
    throw expected(`Constant ${name}`, 'one output and one attribute', Object.keys(attributes));
  switch (key) {
    case 'value':
      return value as Constant;
    case 'value_float':
    case 'value_floats':
      return floatConstant(value as number | number[]);
    case 'value_int':
    case 'value_ints':
      return integerConstant(value as number | number[]);
    default:
      throw expected(`the attribute of Constant ${name}`, 'a tensor or numbers', key);
  }
}
