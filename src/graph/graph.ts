import { expected } from '../../synth/errors.js';
import type { Attributes, Constant, ElementType } from '../operators/operator.js';

/** A size that is known, or the name of one that each run may choose, such as a batch. */
export type Size = number | string;

/** An input of a graph. */
export interface GraphInput {
  readonly name: string;
  readonly type: ElementType;
  /** Sizes, slowest first; undefined where even the rank is open. */
  readonly shape: readonly Size[] | undefined;
}

/** One operation. Tensors are known by name; an input that is left out is an empty name. */
export interface Node {
  readonly operator: string;
  /** For people and for errors. */
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** A network as data: every tensor is an input, a constant or an output of exactly one node. */
export interface Graph {
  readonly inputs: readonly GraphInput[];
  /** Names of the tensors that are its results, in order. */
  readonly outputs: readonly string[];
  /** Each after those whose results it takes. */
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Constant>;
  /** Version of ONNX's operator set that the model had; its nodes have their newest form. */
  readonly opset?: number;
}

/** @throws InputError for what is no graph at all, such as a path */
export function checkGraph(graph: unknown): Graph {
  const { inputs, outputs, nodes, constants } = (graph ?? {}) as Partial<Graph>;
  if ([inputs, outputs, nodes].every(Array.isArray) && constants instanceof Map) return graph as Graph;
  throw expected('the graph', 'one that Builder.build or readOnnx gives', graph);
}

/**
 * Checks names and order, and puts nodes behind those whose results they take.
 *
 * @returns the graph with its nodes in such an order, those in order already left alone
 * @throws InputError for a name that is defined twice or never, and for a cycle
 */
export function ordered(graph: Graph): Graph {
  checkGraph(graph);
  const makers = new Map<string, Node | undefined>();
  const define = (name: string, node?: Node) => {
    if (makers.has(name)) throw expected(`tensor ${name}`, 'defined once', 'a second definition');
    makers.set(name, node);
  };
  for (const { name } of graph.inputs) define(name);
  for (const name of graph.constants.keys()) if (!makers.has(name)) define(name);
  for (const node of graph.nodes) for (const name of node.outputs) if (name !== '') define(name, node);
  const nodes: Node[] = [];
  const state = new Map<Node, 'open' | 'done'>();
  // A stack of its own: chains of nodes may be longer than the engine's call stack is deep.
  for (const root of graph.nodes) {
    const stack: { node: Node; next: number }[] = [{ node: root, next: 0 }];
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      if (top.next === 0) {
        if (state.get(top.node) === 'done') {
          stack.pop();
          continue;
        }
        state.set(top.node, 'open');
      }
      const name = top.node.inputs[top.next];
      if (top.next === top.node.inputs.length) {
        state.set(top.node, 'done');
        nodes.push(top.node);
        stack.pop();
        continue;
      }
      top.next++;
      if (name === '' || name === undefined) continue;
      if (!makers.has(name))
        throw expected(
          `input ${name} of node ${top.node.name} (${top.node.operator})`,
          'a tensor of the graph',
          name,
        );
      const maker = makers.get(name);
      if (maker === undefined || state.get(maker) === 'done') continue;
      if (state.get(maker) === 'open')
        throw expected(`node ${maker.name} (${maker.operator})`, 'free of cycles', `its own result ${name}`);
      stack.push({ node: maker, next: 0 });
    }
  }
  for (const name of graph.outputs)
    if (!makers.has(name)) throw expected(`output ${name}`, 'a tensor of the graph', name);
  return { ...graph, nodes };
}
