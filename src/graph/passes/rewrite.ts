import type { Constant, TensorType } from '../../operators/operator.js';
import type { Steps } from '../../support/unhurried.js';
import type { Node } from '../graph.js';
import { inferred, pruned, type TypedGraph } from '../typed.js';

/** What a pattern may ask of the graph around a node. */
export interface Surroundings {
  /** The node that makes a tensor; undefined for inputs and constants. */
  maker(name: string | undefined): Node | undefined;
  /** Whether one node alone reads a tensor, once, and the graph does not give it away. */
  readOnce(name: string): boolean;
  isOutput(name: string): boolean;
  /** Nodes before the one in question that read a tensor, the latest first. */
  readers(name: string): readonly Node[];
  constant(name: string | undefined): Constant | undefined;
  type(name: string): TensorType;
}

/** Nodes that take the place of others. */
export interface Rewrite {
  /** Gone besides the node that was asked about. */
  readonly remove?: readonly Node[];
  /** They stand where that node stood: all that they read is made before it. */
  readonly add: readonly Node[];
  /** Constants that are new. */
  readonly constants?: Readonly<Record<string, Constant>>;
  /** Who read a tensor reads another one now. */
  readonly renamed?: Readonly<Record<string, string>>;
}

/** A row of the table of patterns: what it looks for ends in a node of one of its operators. */
export interface Pattern {
  readonly name: string;
  readonly operators: readonly string[];
  match(node: Node, around: Surroundings): Rewrite | undefined;
}

/**
 * Goes through the nodes in order and applies whatever pattern fits, to what a rewrite adds as well. Patterns end in the
 * node that they are asked about, so that longer ones grow node by node; none may add what it or another would undo.
 * Yields after every rewrite, which may make new weights.
 */
export function* rewrite(graph: TypedGraph, patterns: readonly Pattern[]): Steps<TypedGraph> {
  let current = graph;
  let around = surroundingsOf(current);
  for (let at = 0; at < current.nodes.length; ) {
    const node = current.nodes[at]!;
    const found = patterns
      .filter(({ operators }) => operators.includes(node.operator))
      .map((pattern) => pattern.match(node, around(at)))
      .find((match) => match !== undefined);
    if (found === undefined) {
      at++;
      continue;
    }
    const removed = new Set(found.remove);
    const before = current.nodes.slice(0, at).filter((each) => !removed.has(each));
    current = applied(current, found, before, current.nodes.slice(at + 1));
    around = surroundingsOf(current);
    at = before.length;
    yield;
  }
  return pruned(current);
}

function applied(
  graph: TypedGraph,
  { add, constants = {}, renamed = {} }: Rewrite,
  before: readonly Node[],
  after: readonly Node[],
): TypedGraph {
  const newNames = (names: readonly string[]) => names.map((name) => renamed[name] ?? name);
  const reads = (node: Node) =>
    node.inputs.some((name) => name in renamed) ? { ...node, inputs: newNames(node.inputs) } : node;
  const known = new Map([...graph.constants, ...Object.entries(constants)]);
  const types = new Map<string, TensorType>(graph.types);
  for (const [name, { type, shape }] of Object.entries(constants)) types.set(name, { type, shape });
  for (const node of add) inferNew(node, types, known);
  return { ...graph, nodes: [...before, ...add, ...after.map(reads)], constants: known, types };
}

/** Types of results that were not there before. */
function inferNew(
  node: Node,
  types: Map<string, TensorType>,
  constants: ReadonlyMap<string, Constant>,
): void {
  if (node.outputs.every((name) => name === '' || types.has(name))) return;
  const { made } = inferred(node, types, constants);
  for (const [i, name] of node.outputs.entries()) if (name !== '') types.set(name, made[i]!);
}

function surroundingsOf({ nodes, outputs, constants, types }: TypedGraph): (at: number) => Surroundings {
  const makers = new Map<string, Node>();
  const uses = new Map<string, number>();
  const use = (name: string) => uses.set(name, (uses.get(name) ?? 0) + 1);
  for (const node of nodes) {
    for (const name of node.outputs) makers.set(name, node);
    node.inputs.forEach(use);
  }
  return (at) => ({
    readers: (name) =>
      nodes
        .slice(0, at)
        .filter(({ inputs }) => inputs.includes(name))
        .reverse(),
    maker: (name) => (name === undefined ? undefined : makers.get(name)),
    readOnce: (name) => uses.get(name) === 1 && !outputs.includes(name),
    isOutput: (name) => outputs.includes(name),
    constant: (name) => (name === undefined ? undefined : constants.get(name)),
    type: (name) => types.get(name)!,
  });
}
