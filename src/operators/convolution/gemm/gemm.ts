import type { Machine } from '../../../machine/machine.js';
import type { AlgorithmRow } from '../../../planner/algorithm.js';
import type { Cost } from '../../../planner/choices.js';
import { productBlocks, productOf, type Sizes } from '../../../planner/product-blocks.js';
import type { Problem } from '../../../problem/problem.js';
import { elementCount } from '../../../tensor/shape.js';
import { coldCost, movedCost, paddedOutputs, rowRate, sharedCost, weightBytes } from '../common.js';
import { directBound } from '../error-bound.js';

/** Weights are copied as they are, in so much of the time in which others are packed. */
const COPIED = 1 / 5;

/**
 * Convolution as a product of matrices, weights by the unfolded input, which is packed from the input panel by panel and never
 * exists (CONVGEMM, Barrachina et al. 2023). It runs any problem, in planar layout alone, with the weights as they are.
 */
export const gemm: AlgorithmRow = {
  name: 'gemm',
  kind: 'gemm',
  lanes: 'positions',
  applies: () => undefined,
  likely: () => true,
  candidates: () => [{ weightFormat: 'float32', sumBlocks: [0], flops: 0, error: () => 1 }],
  cost(problem, _, machine) {
    const cost = productCost(problem, productOf(problem), machine);
    const copied = COPIED * coldCost(weightBytes(problem), machine);
    return { ...cost, total: cost.total + copied + movedCost(problem, machine) / problem.threads };
  },
  bound: directBound,
};

/** Estimates products whose second factor is packed from an unfolded input. */
export function productCost(problem: Problem, sizes: Sizes, machine: Machine): Cost {
  const { rates, table } = machine;
  const { m, n, k, results } = sizes;
  const { sumBlock } = productBlocks(sizes, problem.threads, machine);
  const blocks = Math.ceil(k / sumBlock);
  const panels = Math.ceil(n / (2 * table.width));
  const tiles = Math.ceil(m / table.gemmRows) * panels * blocks;
  const products = (2 * m * paddedOutputs(n, table.width, rates) * k) / rowRate(m, Infinity, rates);
  const { rate, perTile, perPacked, perTap, perStored } = rates.gemm;
  return sharedCost(problem, rates, {
    input: results * (k * n * perPacked + panels * elementCount(problem.kernel) * blocks * perTap),
    product: results * (products / rate + tiles * perTile),
    output: results * m * n * blocks * perStored,
  });
}
