import type { AlgorithmRow } from '../../../planner/algorithm.js';
import { productOf } from '../../../planner/product-blocks.js';
import { sparseBlocks } from '../../../planner/sparse-blocks.js';
import { elementCount } from '../../../tensor/shape.js';
import { roundUp, sharedCost } from '../common.js';
import { directBound } from '../error-bound.js';

/**
 * Convolution by weights most of which are zero, which are known: only the others are multiplied, by panels of the unfolded
 * input; planar.
 */
export const sparse: AlgorithmRow = {
  name: 'sparse',
  kind: 'sparse',
  lanes: 'positions',
  applies: (_, { nonZeros }) =>
    nonZeros === undefined ? 'weights that are known (these come when it runs)' : undefined,
  likely: () => true,
  candidates: (_, { nonZeros = 0 }) => [
    { weightFormat: 'float32', sumBlocks: [0], nonZeros, flops: 0, error: () => 1 },
  ],
  cost(problem, { nonZeros = 0 }, machine) {
    const { rates, table } = machine;
    const { m, n, k, results } = productOf(problem);
    const { sumBlock, rowParts } = sparseBlocks(problem, problem.threads, machine);
    const blocks = Math.ceil(k / sumBlock);
    const columns = roundUp(n, table.width);
    const panels = Math.ceil(n / (8 * table.width));
    const { rate, perRow, perPacked, perTap, perStored } = rates.sparse;
    const packing = rowParts * (k * columns * perPacked + panels * elementCount(problem.kernel) * perTap);
    return sharedCost(problem, rates, {
      input: results * packing,
      product:
        problem.batch * ((2 * nonZeros * columns) / rate + problem.groups * m * panels * blocks * perRow),
      output: results * m * n * blocks * perStored,
    });
  },
  bound: directBound,
};
