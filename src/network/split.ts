import type { Graph, GraphInput, Node } from '../graph/graph.js';
import type { Foreign, Typing } from '../graph/typed.js';
import { hasOperator } from '../operators/index.js';
import type { ElementType } from '../operators/operator.js';

/** What runs before a graph goes on with other inputs: a part here, then a part elsewhere that may take results of it. */
export interface Split {
  readonly native: Graph;
  readonly foreign: Graph;
  /** Its outputs are those of the graph that the first two do not make; the types of the foreign part's results are open. */
  rest(types: ReadonlyMap<string, ElementType>): Graph;
}

/** Operators that give other results each time, even from constants. */
const random: ReadonlySet<string> = new Set([
  ...['Bernoulli', 'Multinomial', 'RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike'],
]);

/** The foreign nodes that read constants alone, as a graph that makes all their results; undefined where there are none. */
export function constantPart({ graph, foreign }: Typing, opset: number | undefined): Graph | undefined {
  const nodes = foreign
    .map(({ node }) => node)
    .filter(
      ({ operator, inputs }) =>
        !random.has(operator) && inputs.every((name) => name === '' || graph.constants.has(name)),
    );
  if (nodes.length === 0) return undefined;
  return {
    ...{ inputs: [], outputs: nodes.flatMap(({ outputs }) => outputs.filter(Boolean)), nodes },
    constants: constantsFor(nodes, graph.constants),
    ...(opset !== undefined && { opset }),
  };
}

/**
 * Cuts a graph after the foreign nodes that can run first: all that does not depend on them, they themselves together with
 * the nodes of unknown operators that follow on them alone, and the rest. As no part takes results of a later one, there
 * are no cycles between them, whatever the graph looks like.
 */
export function split(graph: Graph, typing: Typing): Split {
  const { types, constants, nodes: runnable } = typing.graph;
  const { foreign, rest } = follow(typing);
  const [later, elsewhere] = [new Set([...readBy(rest), ...graph.outputs]), readBy(foreign)];
  const madeHere = madeBy(runnable).filter((name) => later.has(name) || elsewhere.has(name));
  const madeThere = madeBy(foreign).filter((name) => later.has(name));
  const made = new Set([...madeHere, ...madeThere]);
  const inputs = graph.inputs.map((input): GraphInput => ({ ...input, shape: types.get(input.name)!.shape }));
  const known = (name: string): GraphInput => ({ name, ...types.get(name)! });
  const away = new Set([...foreign, ...rest]);
  const opset = graph.opset !== undefined && { opset: graph.opset };
  return {
    native: { ...graph, inputs, outputs: madeHere, nodes: graph.nodes.filter((node) => !away.has(node)) },
    foreign: {
      inputs: [...elsewhere].filter((name) => types.has(name) && !constants.has(name)).map(known),
      ...{ outputs: madeThere, nodes: foreign, constants: constantsFor(foreign, constants), ...opset },
    },
    rest(typesThere) {
      const outputs = graph.outputs.filter((name) => !made.has(name));
      const wanted = new Set([...readBy(rest), ...outputs]);
      const own = new Set(madeBy(rest));
      const given = [...wanted].filter((name) => !own.has(name) && !constants.has(name));
      return {
        inputs: given.map((name) =>
          types.has(name) ? known(name) : { name, type: typesThere.get(name) ?? 'float32', shape: undefined },
        ),
        ...{ outputs, nodes: rest, ...opset },
        constants: new Map([...constants].filter(([name]) => wanted.has(name))),
      };
    },
  };
}

/** Takes the nodes of unknown operators that read nothing but what is there by then to the foreign ones. */
function follow({ graph, foreign, rest }: Typing): { foreign: Node[]; rest: Node[] } {
  const nodes = foreign.map(({ node }: Foreign) => node);
  const there = new Set([...graph.types.keys(), ...madeBy(nodes)]);
  const left: Node[] = [];
  for (const node of rest)
    if (!hasOperator(node.operator) && node.inputs.every((name) => name === '' || there.has(name))) {
      nodes.push(node);
      for (const name of node.outputs) there.add(name);
    } else left.push(node);
  return { foreign: nodes, rest: left };
}

function constantsFor(nodes: readonly Node[], constants: Graph['constants']): Graph['constants'] {
  const read = readBy(nodes);
  return new Map([...constants].filter(([name]) => read.has(name)));
}

function readBy(nodes: readonly Node[]): Set<string> {
  return new Set(nodes.flatMap(({ inputs }) => inputs.filter((name) => name !== '')));
}

function madeBy(nodes: readonly Node[]): string[] {
  return nodes.flatMap(({ outputs }) => outputs.filter((name) => name !== ''));
}
