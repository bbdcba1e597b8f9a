import { expected } from '../../synth/errors.js';
import { operatorOf } from '../operators/index.js';
import { type Incoming, type Passage, passageOf } from '../operators/noise.js';
import type { Constant, LoweringSettings } from '../operators/operator.js';
import { type Alternative, amountAt, bestAt, priceFor } from '../planner/alternatives.js';
import type { Steps } from '../support/unhurried.js';
import type { Node } from './graph.js';
import { knownOf, type TypedGraph } from './typed.js';

/*
 * Rounding errors of a whole network. To first order they add up: every convolution adds noise to its result, of which the
 * outputs see a share that does not depend on how any of them runs (see operators/noise.ts).
 */

/** How the outputs of a graph see what its nodes round. */
export interface Sensitivity {
  /** Of the variance of a node's errors relative to its result, how much that of the outputs has; by name. */
  readonly shares: ReadonlyMap<string, number>;
  /** The variance relative to the outputs of all that has no plan. */
  readonly others: number;
}

/** Mean square of what a network is given, of which only ratios count: numbers uniform in [−1, 1]. */
const GIVEN = 1 / 3;

/**
 * By how much predictions may fall short. Of sixteen known networks none erred by more than 1.2 times what was predicted for
 * it, most by half of it.
 */
export const MARGIN = 1.25;

/** @param graph before its passes, whose nodes do one thing each */
export function* sensitivityOf(graph: TypedGraph): Steps<Sensitivity> {
  const passages = yield* passagesOf(graph);
  const shares = new Map<string, number>();
  let others = 0;
  // The outputs together count as much as each by itself: whoever reads one sees no more noise than that.
  const seen = new Map<string, number>(graph.outputs.map((name) => [name, 1]));
  for (const node of [...graph.nodes].reverse()) {
    const passage = passages.get(node);
    const share = Math.max(...node.outputs.map((name) => seen.get(name) ?? 0));
    if (passage === undefined || share === 0) continue;
    shares.set(node.name, share);
    others += share * passage.own;
    for (const [i, name] of node.inputs.entries())
      seen.set(name, (seen.get(name) ?? 0) + share * passage.shares[i]!);
  }
  return { shares, others };
}

/** What real nodes do, from the inputs on. */
function* passagesOf({ inputs, nodes, constants, types }: TypedGraph): Steps<Map<Node, Passage>> {
  const powers = new Map(inputs.map((name) => [name, GIVEN]));
  const known = new Map<Constant, number>();
  const passages = new Map<Node, Passage>();
  for (const node of nodes) {
    const incoming: (Incoming | undefined)[] = [];
    for (const name of node.inputs) {
      const constant = constants.get(name);
      if (constant === undefined) {
        incoming.push(name === '' ? undefined : { ...types.get(name)!, power: powers.get(name) ?? GIVEN });
        continue;
      }
      const power = known.get(constant) ?? (yield* meanSquare(constant));
      known.set(constant, power);
      incoming.push({ ...constant, power, constant });
    }
    const output = types.get(node.outputs.find(Boolean) ?? '');
    if (output?.type !== 'float32') continue;
    const passage = passageOf(node.operator, { attributes: node.attributes, inputs: incoming, output });
    passages.set(node, passage);
    for (const name of node.outputs) powers.set(name, passage.power);
  }
  return passages;
}

/** Numbers that are looked at in one step: about a millisecond. */
const STEP = 1 << 20;

function* meanSquare({ data }: Constant): Steps<number> {
  let sum = 0;
  for (let from = 0; from < data.length; from += STEP) {
    const end = Math.min(from + STEP, data.length);
    for (let i = from; i < end; i++) sum += data[i]! * data[i]!;
    yield;
  }
  return data.length === 0 ? 0 : sum / data.length;
}

/**
 * The error that is expected of the outputs relative to them, both root mean squares.
 *
 * @param errors of nodes with plans, relative to their results, by name
 */
export function outputError(
  { shares, others }: Sensitivity,
  errors: Iterable<readonly [string, number]>,
): number {
  let variance = others;
  for (const [name, error] of errors) variance += (shares.get(name) ?? 1) * error ** 2;
  return Math.sqrt(variance);
}

/**
 * Shares the error that the outputs may have out over the nodes that can be had more or less accurately: all exchange time for
 * accuracy at one price (see `priceFor`).
 *
 * @param graph with its passes done
 * @returns the graph, in which every such node is held to its share
 * @throws InputError saying the least error that can be promised
 */
export function* withAccuracyShared(
  graph: TypedGraph,
  sensitivity: Sensitivity,
  accuracy: number,
  settings: LoweringSettings,
): Steps<TypedGraph> {
  const able: { readonly node: Node; readonly ways: readonly Alternative[]; readonly share: number }[] = [];
  const total = graph.nodes.length;
  for (const [done, node] of graph.nodes.entries()) {
    yield { what: `weighing ${node.name}`, done, total };
    const { precisions } = operatorOf(node.operator);
    const share = sensitivity.shares.get(node.name) ?? 1;
    if (precisions === undefined || share === 0) continue;
    const most = accuracy / Math.sqrt(share);
    able.push({
      node,
      share,
      ways: yield* precisions(node.attributes, knownOf(graph, node.inputs), settings, most),
    });
  }
  const scaled = able.map(({ share, ways }) =>
    ways.map(({ cost, amount }) => ({ cost, amount: share * amount })),
  );
  const allowed = (accuracy / MARGIN) ** 2 - sensitivity.others;
  const least = amountAt(scaled, Number.POSITIVE_INFINITY);
  if (least > allowed) {
    const reached = (MARGIN * Math.sqrt(least + sensitivity.others) * (1 + 1e-3)).toExponential(2);
    throw expected(
      'accuracy',
      `at least ${reached}, what the outputs of this network can be promised,`,
      accuracy,
    );
  }
  const price = amountAt(scaled, 0) <= allowed ? 0 : priceFor(scaled, allowed);
  const held = new Map(
    able.map(({ node, ways, share }) => {
      const { amount } = bestAt(ways, price * share);
      const wishes = { ...(node.attributes.wishes as object), accuracy: (1 + 1e-9) * Math.sqrt(amount) };
      return [node, { ...node, attributes: { ...node.attributes, wishes } }];
    }),
  );
  return { ...graph, nodes: graph.nodes.map((node) => held.get(node) ?? node) };
}
