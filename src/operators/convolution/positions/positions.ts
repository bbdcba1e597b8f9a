import type { AlgorithmRow } from '../../../planner/algorithm.js';
import { nestedBound } from '../error-bound.js';
import { forwardWays, nestedCandidates } from '../nested/candidates.js';
import { needs, unmetNeed } from '../nested/needs.js';
import { positionsCost } from './cost.js';

/** With more pairs of channels in a group, vectors of positions are far behind. */
const FEW_PAIRS = 64;

/** Nested F(S, G) whose vectors hold positions of a transformed tile (Algorithm 2 of Budden et al. 2017). */
export const positions: AlgorithmRow = {
  name: 'positions',
  kind: 'winograd',
  lanes: 'positions',
  applies: unmetNeed([needs.stride, needs.dilation, needs.noFold, needs.taps]),
  likely: ({ inChannels, outChannels, groups }) => groups > 1 || inChannels * outChannels <= FEW_PAIRS,
  candidates: nestedCandidates({
    ...forwardWays,
    takes: ({ forms, folded }) => forms.length === 1 && folded === 1,
    sumBlocks: [0],
    weightFormats: ['float32'],
  }),
  cost: (problem, { covers }, machine) => positionsCost(problem, covers!, machine),
  bound: nestedBound,
};
