import { expected } from '../../synth/errors.js';
import { operatorOf } from '../operators/index.js';
import type { LoweringSettings } from '../operators/operator.js';
import { type Alternative, amountAt, priceFor } from '../planner/alternatives.js';
import { formatBytes } from '../planner/plan.js';
import type { Steps } from '../support/unhurried.js';
import type { ConstantStore } from './constants.js';
import { type Program, programOf } from './program.js';
import { knownOf, type TypedGraph } from './typed.js';

/** Programs that are compiled before memory counts as short: what is beside weights changes with the plans. */
const ATTEMPTS = 4;

/** What a program holds and what a run of it takes, in bytes. */
function takenBy({ memory }: Program): number {
  return memory.constants + memory.run;
}

/**
 * Compiles a graph so that its constants and a run of it take no more than so many bytes. Nodes that could do with fewer for
 * more time all exchange them at one price (see `priceFor`).
 *
 * @throws InputError saying the least that would do
 */
export function* programWithin(
  bytes: number,
  graph: TypedGraph,
  settings: LoweringSettings,
  store: ConstantStore,
): Steps<Program> {
  let program = yield* programOf(graph, settings, store);
  if (takenBy(program) <= bytes) return program;
  const nodes = yield* alternativesOf(graph, settings);
  const fastest = amountAt(nodes, 0);
  const least = amountAt(nodes, Number.POSITIVE_INFINITY);
  let allowed = fastest;
  for (let attempt = 0; attempt < ATTEMPTS && allowed > least; attempt++) {
    allowed = Math.max(least, allowed - (takenBy(program) - bytes));
    program = yield* programOf(graph, { ...settings, price: priceFor(nodes, allowed) }, store);
    if (takenBy(program) <= bytes) return program;
  }
  const smallest = yield* programOf(graph, { ...settings, price: Number.POSITIVE_INFINITY }, store);
  if (takenBy(smallest) <= bytes) return smallest;
  throw expected('maxMemory', `at least ${takenBy(smallest)} (${formatBytes(takenBy(smallest))})`, bytes);
}

type Alternatives = readonly (readonly Alternative[])[];

/** Of every node that has any, those that no other is better than. */
function* alternativesOf(graph: TypedGraph, settings: LoweringSettings): Steps<Alternatives> {
  const all: (readonly Alternative[])[] = [];
  const total = graph.nodes.length;
  for (const [done, { name, operator, attributes, inputs }] of graph.nodes.entries()) {
    yield { what: `weighing ${name}`, done, total };
    const { alternatives } = operatorOf(operator);
    if (alternatives === undefined) continue;
    const found = yield* alternatives(attributes, knownOf(graph, inputs), settings);
    if (found.length > 0) all.push(found);
  }
  return all;
}
