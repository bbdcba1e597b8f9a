import { operatorOf } from '../operators/index.js';
import type { Layout, LayoutRule, LoweringSettings, TensorType } from '../operators/operator.js';
import type { Steps } from '../support/unhurried.js';
import { elementCount } from '../tensor/shape.js';
import type { Node } from './graph.js';
import { knownOf, type TypedGraph } from './typed.js';

/** What a convolution gains by reading or writing a blocked tensor, as a share of the time to move the tensor. */
const BLOCKED_GAIN = 0.2;
/** Reshuffling reads and writes a tensor once more. */
const RESHUFFLE = 2;

/** The layout of every tensor, and the rules of the nodes by which it was chosen. */
export interface Layouts {
  readonly of: ReadonlyMap<string, Layout>;
  readonly rules: ReadonlyMap<Node, LayoutRule>;
}

/**
 * Chooses every tensor's layout so that the fewest bytes are moved. Tensors that elementwise functions tie together share a
 * layout; each such group is free of the others, for a node of any other kind takes each of its tensors as it lies or has
 * it reshuffled. What enters and leaves the graph is planar. The channels that pad a blocked tensor do not count: they
 * fill vectors whose other channels are moved anyway. Says which node it has come to, whose plan its rule may take.
 */
export function* chooseLayouts(graph: TypedGraph, settings: LoweringSettings): Steps<Layouts> {
  const rules = new Map<Node, LayoutRule>();
  const total = graph.nodes.length;
  for (const [done, node] of graph.nodes.entries()) {
    yield { what: `planning ${node.name}`, done, total };
    rules.set(node, yield* ruleOf(graph, node, settings));
  }
  const groups = new Groups();
  for (const [node, { alike }] of rules)
    if (alike === true) {
      const tied = tensorsOf(node).filter((name) => !graph.constants.has(name));
      for (const name of tied) groups.join(tied[0]!, name);
    }
  const costs = new Map<string, Record<Layout, number>>();
  const add = (name: string, layout: Layout, bytes: number) => {
    const root = groups.rootOf(name);
    const cost = costs.get(root) ?? { planar: 0, blocked: 0 };
    cost[layout] += bytes;
    costs.set(root, cost);
  };
  const touch = (name: string, allowed: readonly Layout[], alike: boolean) => {
    const bytes = 4 * elementCount(graph.types.get(name)!.shape);
    for (const layout of ['planar', 'blocked'] as const) {
      const gain = layout === 'blocked' && !alike && allowed.length > 1 ? BLOCKED_GAIN : 0;
      add(name, layout, allowed.includes(layout) ? (1 - gain) * bytes : (1 + RESHUFFLE) * bytes);
    }
  };
  const planarOnly = [...graph.inputs, ...graph.outputs].filter((name) => graph.types.has(name));
  for (const name of planarOnly) touch(name, ['planar'], false);
  for (const [node, rule] of rules) {
    node.inputs.forEach((name, i) => {
      if (name !== '' && !graph.constants.has(name))
        touch(name, rule.inputs[i] ?? ['planar'], rule.alike === true);
    });
    node.outputs.forEach((name, i) => {
      if (name !== '') touch(name, rule.outputs[i] ?? ['planar'], rule.alike === true);
    });
  }
  const of = new Map<string, Layout>();
  for (const name of graph.types.keys()) {
    const cost = costs.get(groups.rootOf(name));
    const fixed = graph.constants.has(name) || graph.inputs.includes(name);
    of.set(name, !fixed && cost !== undefined && cost.blocked < cost.planar ? 'blocked' : 'planar');
  }
  return { of, rules };
}

function* ruleOf(
  graph: TypedGraph,
  { operator, attributes, inputs, outputs }: Node,
  settings: LoweringSettings,
): Steps<LayoutRule> {
  const row = operatorOf(operator);
  if (row.prepare !== undefined) yield* row.prepare(attributes, knownOf(graph, inputs), settings);
  return (
    row.layouts?.(attributes, knownOf(graph, inputs), knownOf(graph, outputs) as TensorType[], settings) ?? {
      inputs: inputs.map(() => ['planar'] as const),
      outputs: outputs.map(() => ['planar'] as const),
    }
  );
}

function tensorsOf({ inputs, outputs }: Node): string[] {
  return [...inputs, ...outputs].filter((name) => name !== '');
}

/** Disjoint sets of names. */
class Groups {
  readonly #parents = new Map<string, string>();

  rootOf(name: string): string {
    let root = name;
    for (let next = this.#parents.get(root); next !== undefined; next = this.#parents.get(root)) root = next;
    if (root !== name) this.#parents.set(name, root);
    return root;
  }

  join(a: string, b: string): void {
    const [first, second] = [this.rootOf(a), this.rootOf(b)];
    if (first !== second) this.#parents.set(second, first);
  }
}
