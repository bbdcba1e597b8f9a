import type { Graph } from '../graph/graph.js';
import type { ConvolutionBy } from '../graph/passes/products.js';

/**
 * How a training step carries out its convolutions: 'auto' by whatever the planner finds fastest, the others as products of
 * matrices (Barrachina et al. 2023, table 2). 'base': im2col and GEMM forward and for the weights' gradient, GEMM and col2im
 * for the input's. 'rdx': CONVGEMM forward, and of the reindexed input for the weights' gradient. 'cgt': its transposed
 * packing there. 'cgt+dg': DECONVGEMM for the input's gradient, too, so that no columns exist anywhere. What the paper
 * calls persistent memory every step has: its arena.
 */
export type ConvolutionVariant = 'auto' | 'base' | 'rdx' | 'cgt' | 'cgt+dg';

type Directions = Readonly<Record<'Conv' | 'ConvTranspose' | 'ConvWeightsGradient', ConvolutionBy>>;

/** Table 2 of the paper. */
const variants: Readonly<Record<Exclude<ConvolutionVariant, 'auto'>, Directions>> = {
  base: { Conv: 'columns', ConvTranspose: 'columns', ConvWeightsGradient: 'columns' },
  rdx: { Conv: 'gemm', ConvTranspose: 'columns', ConvWeightsGradient: 'reindexing' },
  cgt: { Conv: 'gemm', ConvTranspose: 'columns', ConvWeightsGradient: 'gemm' },
  'cgt+dg': { Conv: 'gemm', ConvTranspose: 'gemm', ConvWeightsGradient: 'gemm' },
};

/** Their names, and what the planner decides first. */
export const convolutionVariants: readonly ConvolutionVariant[] = [
  'auto',
  ...(Object.keys(variants) as (keyof typeof variants)[]),
];

/** The graph of a step with its convolutions as a variant has them. */
export function withVariant(graph: Graph, variant: ConvolutionVariant): Graph {
  if (variant === 'auto') return graph;
  const directions: Partial<Record<string, ConvolutionBy>> = variants[variant];
  return {
    ...graph,
    nodes: graph.nodes.map((node) => {
      const by = directions[node.operator];
      return by === undefined ? node : { ...node, attributes: { ...node.attributes, by } };
    }),
  };
}
