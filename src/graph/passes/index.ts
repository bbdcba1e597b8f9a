import type { TypedGraph } from '../typed.js';
import { foldBatchNormalization, fuseActivation, fusePadding, fuseResidual } from './convolution.js';
import { type Pattern, rewrite } from './rewrite.js';
import { dropIdentities, nestConcatenations } from './structure.js';

/** All patterns, in the order in which they are tried on a node. To add one: a row here. */
export const patterns: readonly Pattern[] = [
  dropIdentities,
  fusePadding,
  foldBatchNormalization,
  fuseResidual,
  fuseActivation,
  nestConcatenations,
];

/**
 * Rewrites a graph so that it does the same with fewer passes over memory.
 *
 * @param without names of patterns to leave out, for comparisons
 */
export function optimized(graph: TypedGraph, without: readonly string[] = []): TypedGraph {
  return rewrite(
    graph,
    patterns.filter(({ name }) => !without.includes(name)),
  );
}
