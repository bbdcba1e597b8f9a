import type { Steps } from '../../support/unhurried.js';
import type { TypedGraph } from '../typed.js';
import { foldBatchNormalization, fuseActivation, fusePadding, fuseResidual } from './convolution.js';
import { fuseElementwise, fuseReduction } from './elementwise.js';
import { expandProducts } from './products.js';
import { type Pattern, rewrite } from './rewrite.js';
import { dropIdentities, nestConcatenations } from './structure.js';
import { expandTransposed } from './transposed.js';

/**
 * All patterns, in groups that go through the graph one after the other, and in the order in which they are tried on a
 * node. To add one: a row here.
 */
export const patterns: readonly (readonly Pattern[])[] = [
  [expandProducts],
  [dropIdentities, fusePadding, foldBatchNormalization, fuseResidual, fuseActivation, nestConcatenations],
  // What convolutions can take they have taken.
  [expandTransposed, fuseElementwise],
  // Chains are whole.
  [fuseReduction],
];

/**
 * Rewrites a graph, in steps, so that it does the same with fewer passes over memory.
 *
 * @param without names of patterns to leave out, for comparisons
 */
export function* optimized(graph: TypedGraph, without: readonly string[] = []): Steps<TypedGraph> {
  let current = graph;
  for (const group of patterns)
    current = yield* rewrite(
      current,
      group.filter(({ name }) => !without.includes(name)),
    );
  return current;
}
