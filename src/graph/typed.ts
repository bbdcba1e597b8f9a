import { expected, InputError } from '../../synth/errors.js';
import { operatorOf } from '../operators/index.js';
import type { Constant, Operator, TensorType } from '../operators/operator.js';
import { formatShape, validateShape } from '../tensor/shape.js';
import { type Graph, type Node, ordered } from './graph.js';

/** A graph whose tensors all have types: what passes rewrite and what is lowered. */
export interface TypedGraph {
  /** Names of the inputs, in order. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** In an order in which they can run. */
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Constant>;
  /** Of every tensor. */
  readonly types: ReadonlyMap<string, TensorType>;
}

/** What is known of tensors: numbers of constants, types of others; nothing of those that are left out. */
export function knownOf(
  { constants, types }: TypedGraph,
  names: readonly string[],
): readonly (Constant | TensorType | undefined)[] {
  return names.map((name) => (name === '' ? undefined : (constants.get(name) ?? types.get(name))));
}

/** Sizes of inputs, by name. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

/** Constants larger than this are not computed in JavaScript; they become constants that a kernel makes. */
const MAX_EVALUATED = 1 << 16;

/** A node that cannot run here. */
export interface Foreign {
  readonly node: Node;
  /** What is in the way. */
  readonly reason: InputError;
}

/** How far the types of a graph are known: up to the nodes that cannot run here. */
export interface Typing {
  /** What can run, with all that is known; its outputs may not be. */
  readonly graph: TypedGraph;
  /** Nodes that cannot, whose inputs all have types. */
  readonly foreign: readonly Foreign[];
  /** Nodes that take results of those, or of one another. */
  readonly rest: readonly Node[];
}

/**
 * Gives every tensor its type for inputs of these shapes, and computes what is constant and small, such as shapes.
 *
 * @throws InputError naming input, node and operator for what does not fit
 */
export function typed(graph: Graph, shapes: Shapes): TypedGraph {
  const typing = typedAsFar(graph, shapes);
  if (typing.foreign.length > 0) throw typing.foreign[0]!.reason;
  return pruned(typing.graph);
}

/**
 * The same as far as nodes can run here.
 *
 * @throws InputError for names, order and inputs that do not fit
 */
export function typedAsFar(graph: Graph, shapes: Shapes): Typing {
  const sorted = ordered(graph);
  const types = new Map<string, TensorType>();
  const constants = new Map(sorted.constants);
  for (const [name, { type, shape }] of constants) types.set(name, { type, shape });
  bindInputs(sorted, shapes, types);
  const [nodes, foreign, rest]: [Node[], Foreign[], Node[]] = [[], [], []];
  for (const node of sorted.nodes) {
    if (node.inputs.some((name) => name !== '' && !types.has(name))) {
      rest.push(node);
      continue;
    }
    try {
      if (!within(node, () => typeNode(node, types, constants))) nodes.push(node);
    } catch (reason) {
      if (!(reason instanceof InputError)) throw reason;
      foreign.push({ node, reason });
    }
  }
  const names = { inputs: sorted.inputs.map(({ name }) => name), outputs: sorted.outputs };
  return { graph: { ...names, nodes, constants, types }, foreign, rest };
}

/** Adds the types of a node's results; and the results themselves, if they can be computed now. @returns whether they can */
function typeNode(node: Node, types: Map<string, TensorType>, constants: Map<string, Constant>): boolean {
  const operator = operatorOf(node.operator);
  const { inputs, known, made } = inferred(node, types, constants);
  node.outputs.forEach((name, i) => {
    if (name === '') return;
    if (made[i] === undefined) throw expected('outputs', `at most ${made.length}`, i + 1);
    validateShape(made[i].shape, `the shape of ${name}`);
  });
  const evaluates = operator.evaluate !== undefined && isKnown(node, known, made);
  if (evaluates) {
    const values = operator.evaluate!(node.attributes, known, inputs);
    for (const [i, name] of node.outputs.entries()) if (name !== '') constants.set(name, values[i]!);
  } else {
    const read = inputs.filter((_, i) => known[i] === undefined);
    const taken = made.filter((_, i) => node.outputs[i]);
    checkRunnable(operator, [...read, ...taken]);
  }
  for (const [i, name] of node.outputs.entries()) if (name !== '') types.set(name, made[i]!);
  return evaluates;
}

/**
 * What is known of a node's inputs, and the types of its results.
 *
 * @throws InputError naming the attribute or input that does not fit
 */
export function inferred(
  node: Node,
  types: ReadonlyMap<string, TensorType>,
  constants: ReadonlyMap<string, Constant>,
) {
  const inputs = node.inputs.map((name) => (name === '' ? undefined : types.get(name)));
  const known = node.inputs.map((name) => (name === '' ? undefined : constants.get(name)));
  return { inputs, known, made: operatorOf(node.operator).infer(node.attributes, inputs, known) };
}

/** @param tensors that the node reads or makes at run time */
function checkRunnable(
  { name, lower, rewritten }: Operator,
  tensors: readonly (TensorType | undefined)[],
): void {
  if (lower === undefined && rewritten !== true)
    throw expected(`inputs of ${name}`, 'known when the graph is compiled', 'some that each run computes');
  const other = tensors.find((tensor) => tensor !== undefined && tensor.type !== 'float32');
  if (other !== undefined)
    throw expected('inputs and results that each run computes', 'of type float32', other.type);
}

/** Without nodes and constants that no output needs. */
export function pruned<T extends Pick<TypedGraph, 'nodes' | 'constants' | 'outputs'>>(graph: T): T {
  const needed = new Set(graph.outputs);
  const nodes: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    nodes.push(node);
    for (const name of node.inputs) needed.add(name);
  }
  const constants = new Map([...graph.constants].filter(([name]) => needed.has(name)));
  return { ...graph, nodes: nodes.reverse(), constants };
}

/** `node layer1.conv (Conv)`. */
export function describeNode({ name, operator }: Node): string {
  return `node ${name} (${operator})`;
}

/** Symbolic sizes of all inputs agree, and known ones are kept. */
function bindInputs(graph: Graph, shapes: Shapes, types: Map<string, TensorType>): void {
  const names = graph.inputs.map(({ name }) => name);
  for (const name of Object.keys(shapes))
    if (!names.includes(name)) throw expected('an input', `one of ${names.join(', ')}`, name);
  const sizes = new Map<string, number>();
  for (const { name, type, shape } of graph.inputs) {
    const given = shapes[name] ?? (shape?.every((size) => typeof size === 'number') ? shape : undefined);
    if (given === undefined)
      throw expected(
        `input ${name}`,
        `given, of shape ${shape === undefined ? 'any' : shape.join(' × ')}`,
        undefined,
      );
    const actual = validateShape(given, `the shape of input ${name}`);
    const fits =
      shape === undefined ||
      (shape.length === actual.length &&
        shape.every((size, axis) => {
          if (typeof size === 'number') return size === actual[axis];
          if (!sizes.has(size)) sizes.set(size, actual[axis]!);
          return sizes.get(size) === actual[axis];
        }));
    if (!fits)
      throw new InputError(
        `Expected input ${name} to be of shape ${shape!.join(' × ')}${bound(shape!, sizes)} but received ${formatShape(actual)}`,
      );
    types.set(name, { type, shape: actual });
  }
}

function bound(shape: readonly (number | string)[], sizes: ReadonlyMap<string, number>): string {
  const named = shape.filter((size) => typeof size === 'string' && sizes.has(size));
  return named.length === 0
    ? ''
    : ` with ${named.map((name) => `${name} = ${sizes.get(name as string)}`).join(', ')}`;
}

/** Shape and the like know their result from the types alone, and so may evaluate with an input that is not constant. */
function isKnown(node: Node, known: readonly (Constant | undefined)[], made: readonly TensorType[]): boolean {
  const typesSuffice = operatorOf(node.operator).fromTypes === true;
  const complete = typesSuffice || node.inputs.every((name, i) => name === '' || known[i] !== undefined);
  return (
    complete && made.every(({ shape }) => shape.reduce((product, size) => product * size, 1) <= MAX_EVALUATED)
  );
}

/** Puts the node before what is wrong with it. */
export function within<T>(node: Node, of: () => T): T {
  try {
    return of();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${describeNode(node)}: ${error.message}`, { cause: error });
  }
}
