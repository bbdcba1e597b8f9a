import { forwardErrorBound, relativeBound } from '../../../../synth/noise/bound.js';
import { layerError } from '../../../../synth/noise/layer.js';
import { defaultAlgorithm } from '../../../catalogue/catalogue.js';
import type { AlgorithmRow } from '../../../planner/algorithm.js';
import { gradientProductOf } from '../../../planner/product-blocks.js';
import type { Problem } from '../../../problem/problem.js';
import { elementCount } from '../../../tensor/shape.js';
import { productCost } from '../gemm/gemm.js';
import { nestedCandidates } from '../nested/candidates.js';
import { needs, unmetNeed } from '../nested/needs.js';
import { LONGEST_SUM } from './blocks.js';
import { directGradientCost, winogradGradientCost } from './cost.js';
import { dualAxis, dualOf } from './dual.js';

/** Nested F(G, S): outer products of transformed tiles, summed over all of them and transformed back once. */
const winograd: AlgorithmRow = {
  name: 'winograd',
  kind: 'winograd',
  lanes: 'channels',
  applies: unmetNeed([needs.dilation, needs.oneGroup, needs.taps]),
  likely: () => true,
  candidates: nestedCandidates({
    takes: ({ folded }) => folded === 1,
    sumBlocks: [LONGEST_SUM, 64, 32, 16],
    summed: positionsOf,
    weightFormats: ['float32'],
    axisError: (_, __, cover) => dualAxis(cover),
    error(problem, covers, along) {
      const channels = problem.batch * elementCount(covers.map(({ totals }) => totals.tiles));
      return layerError(along, { channels, kernelTransform: 'single' });
    },
  }),
  cost: (problem, { covers, sumBlock }, machine) => winogradGradientCost(problem, covers!, sumBlock, machine),
  bound(problem, { covers, sumBlock }) {
    const channels = problem.batch * elementCount(covers!.map(({ totals }) => totals.tiles));
    const sums = forwardErrorBound([identity()], { channels, sumBlock });
    const [roundings, amplification] = covers!.reduce(
      ([roundings, amplification], { runs, algorithm: { kernel } }) => [
        roundings +
          Math.max(
            ...runs.map(({ form: { native } }) => 3 * (native.inputs + native.outputs + kernel.products)),
          ),
        amplification * Math.max(...runs.map(({ form }) => dualOf(form).amplification)),
      ],
      [sums.roundings, sums.amplification],
    );
    return amplification * relativeBound(roundings, { weightFormat: 'float32' });
  },
};

/** Sums over positions, in blocks of some hundred. It runs any problem. */
const direct: AlgorithmRow = {
  name: 'direct',
  kind: 'direct',
  lanes: 'channels',
  applies: () => undefined,
  likely: () => true,
  candidates: () => [{ weightFormat: 'float32', sumBlocks: [0], flops: 0, error: () => 1 }],
  cost: (problem, _, machine) => directGradientCost(problem, machine),
  bound: (problem) => forwardErrorBound([identity()], { channels: positionsOf(problem) }).absolute,
};

/** The gradient of the result by the transposed unfolded input (CONVGEMM_TRANS, Barrachina et al. 2023); planar. */
const gemm: AlgorithmRow = {
  ...direct,
  name: 'gemm',
  kind: 'gemm',
  lanes: 'positions',
  cost: (problem, _, machine) => productCost(problem, gradientProductOf(problem), machine),
};

/** Every algorithm for the gradient of a convolution's weights. */
export const weightsGradientAlgorithms: readonly AlgorithmRow[] = [winograd, direct, gemm];

/** What a gradient sums over. */
function positionsOf({ batch, output }: Problem): number {
  return batch * elementCount(output);
}

function identity() {
  return defaultAlgorithm(1, 1).forms[0]!.transform;
}
