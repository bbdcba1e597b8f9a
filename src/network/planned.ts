import type { Sensitivity } from '../graph/accuracy.js';
import type { Graph, Node } from '../graph/graph.js';
import type { Program } from '../graph/program.js';
import type { Constant, TensorType } from '../operators/operator.js';
import { elementCount } from '../tensor/shape.js';
import type { Outline } from './cache/cache.js';

/** Of a program, what a plan is made from; of a row of programs and sessions, the same together. */
export interface Planned extends Pick<Program, 'inputs' | 'outputs' | 'nodes' | 'memory'> {
  /** Where all of it runs here. */
  readonly sensitivity?: Sensitivity;
}

type Values = ReadonlyMap<string, Constant>;

/** A tensor that stands for any of its type. */
export function zeros({ type, shape }: TensorType): Constant {
  return { type, shape, data: new Float32Array(elementCount(shape)) };
}

/** `nms (NonMaxSuppression), best (ArgMax)`. */
export function named(nodes: readonly Node[]): string {
  return nodes.map(({ name, operator }) => `${name} (${operator})`).join(', ');
}

/** A session as a node of the plan, by the name of its first node; what it takes of memory is onnxruntime's to say. */
export function plannedSession({ inputs, outputs, nodes }: Graph, results: Values): Planned {
  const typesOf = (names: readonly string[]) =>
    names.map((name) => ({ name, ...typeOf(results.get(name)!) }));
  const [first] = nodes as [Node];
  const node = { ...first, operator: 'onnxruntime' };
  const title = `onnxruntime-node: ${named(nodes)}`;
  const type =
    outputs.length > 0 ? typeOf(results.get(outputs[0]!)!) : { type: 'float32' as const, shape: [] };
  return {
    ...{ inputs: [], outputs: typesOf(outputs) },
    nodes: [
      { node, title, planned: 0, inputLayouts: inputs.map(() => 'planar' as const), type, layout: 'planar' },
    ],
    memory: { constants: 0, arena: 0, leastArena: 0, run: 0 },
  };
}

/** Programs and sessions that run one after the other: constants add up, the others' memory is free again. */
export function joined(graph: Outline, values: Values, parts: readonly Planned[]): Planned {
  const typesOf = (names: readonly string[]) => names.map((name) => ({ name, ...typeOf(values.get(name)!) }));
  const all = (of: 'constants' | 'arena' | 'leastArena' | 'run') => parts.map(({ memory }) => memory[of]);
  return {
    inputs: typesOf(graph.inputs.map(({ name }) => name)),
    outputs: typesOf(graph.outputs),
    nodes: parts.flatMap(({ nodes }) => nodes),
    memory: {
      constants: all('constants').reduce((sum, bytes) => sum + bytes, 0),
      arena: Math.max(0, ...all('arena')),
      leastArena: Math.max(0, ...all('leastArena')),
      run: Math.max(0, ...all('run')),
    },
  };
}

function typeOf({ type, shape }: TensorType): TensorType {
  return { type, shape };
}
