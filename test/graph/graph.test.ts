import { describe, expect, it } from 'vitest';
import { type Graph, type Node, ordered } from '../../src/graph/graph.js';

const node = (name: string, inputs: string[], outputs = [name]): Node => ({
  operator: 'Add',
  name: `node ${name}`,
  inputs,
  outputs,
  attributes: {},
});
const graph = (nodes: Node[], outputs = ['y']): Graph => ({
  inputs: [{ name: 'x', type: 'float32', shape: [1] }],
  outputs,
  nodes,
  constants: new Map(),
});

describe('the order of nodes', () => {
  it('puts nodes behind those whose results they take', () => {
    const shuffled = graph([node('y', ['b', 'a']), node('b', ['a', 'x']), node('a', ['x', ''])]);
    expect(ordered(shuffled).nodes.map(({ outputs }) => outputs[0])).toEqual(['a', 'b', 'y']);
  });

  it('leaves nodes alone that are in order already', () => {
    const nodes = [node('a', ['x']), node('c', ['x']), node('b', ['a']), node('y', ['b', 'c'])];
    expect(ordered(graph(nodes)).nodes).toEqual(nodes);
  });

  it('takes a chain of a hundred thousand nodes, in the worst order', () => {
    const count = 100_000;
    const chain = Array.from({ length: count }, (_, i) =>
      node(`t${i + 1}`, [i === 0 ? 'x' : `t${i}`]),
    ).reverse();
    expect(ordered(graph(chain, [`t${count}`])).nodes).toHaveLength(count);
  });

  it.each([
    ['a cycle', [node('a', ['b']), node('b', ['a']), node('y', ['b'])], /free of cycles/],
    ['a node that takes its own result', [node('y', ['y'])], /free of cycles/],
    ['a tensor that nobody makes', [node('y', ['nowhere'])], /Expected input nowhere of node node y/],
    ['a tensor that two nodes make', [node('y', ['x']), node('y', ['x'])], /defined once/],
    ['an output that nobody makes', [node('a', ['x'])], /Expected output y/],
  ])('refuses %s', (_, nodes, message) => {
    expect(() => ordered(graph(nodes))).toThrow(message);
  });
});
