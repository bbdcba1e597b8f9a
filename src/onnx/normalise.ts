/**
 * One form of every operator, the newest, from whatever operator set a model is of.
 *
 * What was an attribute and became an input is an input here: newer models compute such inputs, from shapes for
 * instance, so operators must take them anyway. https://github.com/onnx/onnx/blob/main/docs/Changelog.md has the history.
 */
import { expected } from '../../synth/errors.js';
import type { Node } from '../graph/graph.js';
import { floatConstant, integerConstant } from '../graph/literal.js';
import type { Constant } from '../operators/operator.js';

/** An attribute that became an input. */
interface Moved {
  /** The operator set since which it is an input. */
  readonly since: number;
  readonly operators: readonly string[];
  /** Attributes and the inputs they become. */
  readonly attributes: Readonly<Record<string, number>>;
  /** Type of these inputs; a number becomes a scalar, a list a list. */
  readonly type: 'float' | 'integer';
}

const reductions = ['ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceProd', 'ReduceL1', 'ReduceL2'];
const sumReductions = ['ReduceLogSum', 'ReduceLogSumExp', 'ReduceSumSquare'];

const moved: readonly Moved[] = [
  { since: 9, operators: ['Upsample'], attributes: { scales: 1 }, type: 'float' },
  { since: 10, operators: ['Slice'], attributes: { starts: 1, ends: 2, axes: 3 }, type: 'integer' },
  { since: 11, operators: ['Clip'], attributes: { min: 1, max: 2 }, type: 'float' },
  { since: 11, operators: ['Pad'], attributes: { pads: 1 }, type: 'integer' },
  { since: 11, operators: ['Pad'], attributes: { value: 2 }, type: 'float' },
  { since: 12, operators: ['Dropout'], attributes: { ratio: 1 }, type: 'float' },
  { since: 13, operators: ['Squeeze', 'Unsqueeze', 'ReduceSum'], attributes: { axes: 1 }, type: 'integer' },
  { since: 13, operators: ['Split'], attributes: { split: 1 }, type: 'integer' },
  { since: 18, operators: [...reductions, ...sumReductions], attributes: { axes: 1 }, type: 'integer' },
];

/** An operator that changed otherwise. */
interface Changed {
  /** Models of this operator set and later have its new form. */
  readonly since: number;
  readonly operators: readonly string[];
  readonly rewrite: (node: Node, names: Normaliser) => readonly Node[];
}

/** In order: what one row has rewritten goes on to the next, so one that makes several nodes is its operator's last. */
const changed: readonly Changed[] = [
  {
    since: 10,
    operators: ['TopK'],
    rewrite(node, names) {
      const { k, ...attributes } = node.attributes;
      const input = names.constant(node, 'k', integerConstant([numberOf(node, 'k', k)]));
      return [{ ...node, attributes, inputs: [node.inputs[0] ?? '', input] }];
    },
  },
  // Upsample is a Resize whose positions are those of an upsampled grid's corners, as Resize's were in set 10.
  {
    since: 11,
    operators: ['Resize', 'Upsample'],
    rewrite: (node) => [
      {
        ...node,
        operator: 'Resize',
        inputs: [node.inputs[0] ?? '', '', node.inputs[1] ?? ''],
        attributes: {
          mode: 'nearest',
          ...node.attributes,
          coordinate_transformation_mode: 'asymmetric',
          nearest_mode: 'floor',
        },
      },
    ],
  },
  { since: 11, operators: ['Scatter'], rewrite: (node) => [{ ...node, operator: 'ScatterElements' }] },
  { since: 13, operators: ['Softmax', 'LogSoftmax', 'Hardmax'], rewrite: overMatrix },
  // The second to fifth output were of training; whoever takes one is told that there is none.
  {
    since: 14,
    operators: ['BatchNormalization'],
    rewrite(node) {
      const { spatial, ...attributes } = node.attributes;
      if (spatial !== undefined && spatial !== 1)
        throw expected(`attribute spatial of node ${node.name} (BatchNormalization)`, '1', spatial);
      return [{ ...node, attributes, outputs: node.outputs.slice(0, 1) }];
    },
  },
  {
    since: 18,
    operators: ['Split'],
    rewrite: (node) =>
      node.inputs[1]
        ? [node]
        : [{ ...node, attributes: { ...node.attributes, num_outputs: node.outputs.length } }],
  },
  {
    since: 20,
    operators: ['GridSample'],
    rewrite(node) {
      const mode = { bilinear: 'linear', bicubic: 'cubic' }[String(node.attributes.mode ?? 'bilinear')];
      return [{ ...node, attributes: { ...node.attributes, mode: mode ?? node.attributes.mode } }];
    },
  },
  { since: 21, operators: ['GroupNormalization'], rewrite: overGroups },
];

/** Brings the nodes of a model into their newest form. */
export class Normaliser {
  readonly #opset: number;
  readonly #ranks: ReadonlyMap<string, number | undefined>;
  readonly #taken: Set<string>;
  readonly #constants: Map<string, Constant>;
  readonly #rules: ReadonlyMap<string, readonly Changed['rewrite'][]>;

  /**
   * @param opset version of the model's operator set
   * @param ranks of tensors, where known
   * @param taken names of all tensors
   * @param constants where inputs go that were attributes
   */
  constructor(
    opset: number,
    ranks: ReadonlyMap<string, number | undefined>,
    taken: Iterable<string>,
    constants: Map<string, Constant>,
  ) {
    this.#opset = opset;
    this.#ranks = ranks;
    this.#taken = new Set(taken);
    this.#constants = constants;
    const moves = moved.map((row): Changed => ({ ...row, rewrite: (node) => [this.#move(node, row)] }));
    const rules = new Map<string, Changed['rewrite'][]>();
    for (const { since, operators, rewrite } of [...moves, ...changed])
      for (const operator of since > opset ? operators : [])
        rules.set(operator, [...(rules.get(operator) ?? []), rewrite]);
    this.#rules = rules;
  }

  /** The same in today's words: mostly one node. @throws InputError where there are none for it */
  normalised(node: Node): readonly Node[] {
    let nodes: readonly Node[] = [node];
    for (const rewrite of this.#rules.get(node.operator) ?? [])
      nodes = nodes.flatMap((each) => rewrite(each, this));
    return nodes;
  }

  /** Adds a constant that a node takes. @returns its name */
  constant(node: Node, role: string, constant: Constant): string {
    const name = this.unused(node, role);
    this.#constants.set(name, constant);
    return name;
  }

  /** A name that no tensor has. */
  unused(node: Node, role: string): string {
    let name = `${node.name}/${role}`;
    for (let i = 2; this.#taken.has(name); i++) name = `${node.name}/${role} ${i}`;
    this.#taken.add(name);
    return name;
  }

  rank(tensor: string | undefined): number | undefined {
    return this.#ranks.get(tensor ?? '');
  }

  #move(node: Node, { attributes: places, type }: Moved): Node {
    const attributes: Record<string, unknown> = { ...node.attributes };
    const inputs = [...node.inputs];
    for (const [attribute, place] of Object.entries(places)) {
      const value = attributes[attribute];
      delete attributes[attribute];
      if (value === undefined) continue;
      while (inputs.length < place) inputs.push('');
      if (inputs[place]) {
        const called = `attribute ${attribute} of node ${node.name} (${node.operator} of operator set ${this.#opset})`;
        throw expected(called, 'absent beside an input', value);
      }
      const numbers = numbersOf(node, attribute, value);
      const constant = type === 'float' ? floatConstant(numbers) : integerConstant(numbers);
      inputs[place] = this.constant(node, attribute, constant);
    }
    return { ...node, inputs, attributes };
  }
}

/** Before set 13, an axis cut the tensor into rows and columns, and each row was normalised as a whole. */
function overMatrix(node: Node, names: Normaliser): readonly Node[] {
  const [input = ''] = node.inputs;
  const axis = numberOf(node, 'axis', node.attributes.axis ?? 1);
  const rank = names.rank(input);
  if (axis === -1 || (rank !== undefined && axis === rank - 1))
    return [{ ...node, attributes: { ...node.attributes, axis: -1 } }];
  return reshaped(
    node,
    names,
    { operator: 'Flatten', inputs: [input], attributes: { axis } },
    { ...node, attributes: { ...node.attributes, axis: -1 } },
  );
}

/** Before set 21, scale and bias had a value a group: those of an instance normalisation over the groups as channels. */
function overGroups(node: Node, names: Normaliser): readonly Node[] {
  const [input = '', scale = '', bias = ''] = node.inputs;
  const groups = numberOf(node, 'num_groups', node.attributes.num_groups);
  const epsilon = numberOf(node, 'epsilon', node.attributes.epsilon ?? 1e-5);
  const groupShape = names.constant(node, 'group shape', integerConstant([0, groups, -1]));
  return reshaped(
    node,
    names,
    { operator: 'Reshape', inputs: [input, groupShape], attributes: {} },
    { operator: 'InstanceNormalization', inputs: ['', scale, bias], attributes: { epsilon } },
  );
}

/** A node between a reshape of its first input and one back to that input's shape. */
function reshaped(
  node: Node,
  names: Normaliser,
  before: Omit<Node, 'name' | 'outputs'>,
  between: Omit<Node, 'name' | 'outputs'>,
): readonly Node[] {
  const [input = ''] = node.inputs;
  const tensor = (role: string) => names.unused(node, role);
  const [reshaped, result, shape] = [tensor('reshaped'), tensor('result'), tensor('shape')];
  const back = { operator: 'Reshape', inputs: [result, shape], attributes: {} };
  return [
    { ...before, name: `${node.name}/before`, outputs: [reshaped] },
    { ...between, name: node.name, inputs: [reshaped, ...between.inputs.slice(1)], outputs: [result] },
    { operator: 'Shape', name: `${node.name}/shape`, inputs: [input], outputs: [shape], attributes: {} },
    { ...back, name: `${node.name}/after`, outputs: [node.outputs[0] ?? ''] },
  ];
}

function numbersOf(node: Node, attribute: string, value: unknown): number | readonly number[] {
  const valid = [value].flat().every((item) => typeof item === 'number');
  if (!valid)
    throw expected(`attribute ${attribute} of node ${node.name} (${node.operator})`, 'numbers', value);
  return value as number | readonly number[];
}

function numberOf(node: Node, attribute: string, value: unknown): number {
  if (typeof value !== 'number')
    throw expected(`attribute ${attribute} of node ${node.name} (${node.operator})`, 'a number', value);
  return value;
}
