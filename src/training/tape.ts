import { expected } from '../../synth/errors.js';
import type { Graph, GraphInput, Node } from '../graph/graph.js';
import { floatConstant, integerConstant } from '../graph/literal.js';
import { inferred, pruned, type TypedGraph } from '../graph/typed.js';
import type { Tape } from '../operators/gradients/rule.js';
import type { Attributes, Constant, TensorType } from '../operators/operator.js';

/** A graph that grows node by node, and knows the type of everything in it. */
export class GraphTape implements Tape {
  readonly nodes: Node[] = [];
  readonly #types: Map<string, TensorType>;
  readonly #constants: Map<string, Constant>;
  readonly #inputs: GraphInput[] = [];
  readonly #names: Set<string>;
  readonly #literals = new Map<string, string>();
  #count = 0;

  /** @param graph whose tensors are known; its nodes are not yet there */
  constructor({ types, constants }: Pick<TypedGraph, 'types' | 'constants'>) {
    this.#types = new Map(types);
    this.#constants = new Map(constants);
    this.#names = new Set(this.#types.keys());
  }

  node(operator: string, inputs: readonly (string | undefined)[], attributes: Attributes = {}): string {
    const name = this.fresh(operator.toLowerCase());
    const names = inputs.map((input) => input ?? '');
    this.add({ operator, name, inputs: names, outputs: [name], attributes });
    return name;
  }

  /** A node as it is. */
  add(node: Node): void {
    const { made } = inferred(node, this.#types, this.#constants);
    for (const [i, name] of node.outputs.entries()) {
      if (name === '') continue;
      this.#types.set(name, made[i]!);
      this.#names.add(name);
    }
    this.nodes.push(node);
  }

  floats(value: number | readonly number[]): string {
    return this.#literal('float', floatConstant(value));
  }

  integers(values: readonly number[]): string {
    return this.#literal('integer', integerConstant(values));
  }

  /** An input of the graph. @throws InputError for a name that is taken */
  input(name: string, shape: readonly number[]): string {
    if (this.#names.has(name)) throw expected(`name ${name}`, 'free', 'one of the graph');
    this.#names.add(name);
    this.#types.set(name, { type: 'float32', shape });
    this.#inputs.push({ name, type: 'float32', shape });
    return name;
  }

  /** A constant becomes an input of that name, for each run to give. */
  release(name: string): void {
    const { shape } = this.type(name);
    this.#constants.delete(name);
    this.#inputs.push({ name, type: 'float32', shape });
  }

  type(name: string): TensorType {
    const found = this.#types.get(name);
    if (found === undefined) throw expected('a tensor', 'one of the graph', name);
    return found;
  }

  constant(name: string): Constant | undefined {
    return this.#constants.get(name);
  }

  /** A name that nothing has yet. */
  fresh(kind: string): string {
    let name: string;
    do name = `${kind}#${++this.#count}`;
    while (this.#names.has(name));
    this.#names.add(name);
    return name;
  }

  /** All that the outputs need, as a graph. @param inputs that it has besides those of the tape */
  graph(inputs: readonly GraphInput[], outputs: readonly string[]): Graph {
    const { nodes, constants } = pruned({ nodes: this.nodes, constants: this.#constants, outputs });
    return { inputs: [...inputs, ...this.#inputs], outputs, nodes, constants };
  }

  #literal(kind: string, constant: Constant): string {
    const key = `${kind} ${constant.shape.length} ${constant.data.join()}`;
    const known = this.#literals.get(key);
    if (known !== undefined) return known;
    const name = this.fresh(kind);
    this.#constants.set(name, constant);
    this.#types.set(name, { type: constant.type, shape: constant.shape });
    this.#literals.set(key, name);
    return name;
  }
}
