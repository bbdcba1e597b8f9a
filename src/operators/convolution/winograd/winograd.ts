import type { AlgorithmRow } from '../../../planner/algorithm.js';
import { nestedBound } from '../error-bound.js';
import { forwardWays, nestedCandidates } from '../nested/candidates.js';
import { needs, unmetNeed } from '../nested/needs.js';
import { winogradCost } from './cost.js';

/** Nested F(S, G) whose vectors hold channels: batched products over all channels (Budden et al. 2017, equation 5). */
export const winograd: AlgorithmRow = {
  name: 'winograd',
  kind: 'winograd',
  lanes: 'channels',
  applies: unmetNeed([needs.dilation, needs.oneGroup, needs.taps]),
  likely: () => true,
  candidates: nestedCandidates({
    ...forwardWays,
    takes: () => true,
    sumBlocks: [0, 128, 64, 32, 16],
    weightFormats: ['float32', 'bfloat16'],
  }),
  cost: (problem, { covers, ...settled }, machine) => winogradCost(problem, covers!, settled, machine),
  bound: nestedBound,
};
