import type { Graph, Node } from '../graph/graph.js';
import { isConstant } from '../graph/literal.js';
import type { ElementType } from '../operators/operator.js';
import { dataTypes } from './schema.js';

/** Types of a node's outputs, the last of which stands for all further ones. */
type Rule = (node: Node, input: (index: number) => ElementType) => readonly ElementType[];

const byNumber: ReadonlyMap<unknown, ElementType> = new Map(
  Object.entries(dataTypes).map(([name, number]) => [number, name as ElementType]),
);

const places: Rule = () => ['int64'];
const truths: Rule = () => ['bool'];

/** Operators whose results are not all of the type of their first input. */
const rules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(['Shape', 'Size', 'ArgMax', 'ArgMin', 'NonZero'].map((name) => [name, places])),
  ...Object.fromEntries(['Not', 'And', 'Or', 'Xor', 'IsNaN', 'IsInf'].map((name) => [name, truths])),
  ...Object.fromEntries(
    ['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'].map((name) => [name, truths]),
  ),
  Cast: ({ attributes }) => [byNumber.get(attributes.to) ?? 'float32'],
  CastLike: (_, input) => [input(1)],
  ConstantOfShape: ({ attributes: { value } }) => [isConstant(value) ? value.type : 'float32'],
  Dropout: (_, input) => [input(0), 'bool'],
  MaxPool: (_, input) => [input(0), 'int64'],
  OneHot: (_, input) => [input(2)],
  TopK: (_, input) => [input(0), 'int64'],
  Where: (_, input) => [input(1)],
};

/** Element types of all tensors of a graph in order, which the format wants of outputs. */
export function resultTypes(graph: Graph): ReadonlyMap<string, ElementType> {
  const types = new Map<string, ElementType>();
  for (const { name, type } of graph.inputs) types.set(name, type);
  for (const [name, { type }] of graph.constants) types.set(name, type);
  for (const node of graph.nodes) {
    const input = (index: number) => types.get(node.inputs[index] ?? '') ?? 'float32';
    const results = rules[node.operator]?.(node, input) ?? [input(0)];
    node.outputs.forEach((output, i) => {
      types.set(output, results[i] ?? results.at(-1)!);
    });
  }
  return types;
}
