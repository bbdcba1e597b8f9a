import type { Machine } from '../../../machine/machine.js';
import type { AlgorithmRow } from '../../../planner/algorithm.js';
import type { Stages } from '../../../planner/choices.js';
import type { Problem } from '../../../problem/problem.js';
import { elementCount } from '../../../tensor/shape.js';
import { coldCost, paddedOutputs, rowRate, sharedCost, weightBytes } from '../common.js';
import { directBound } from '../error-bound.js';
import { tapsMet } from '../taps.js';

/** Direct convolution: products of register tiles over taps and channels. It runs any problem. */
export const direct: AlgorithmRow = {
  name: 'direct',
  kind: 'direct',
  lanes: 'channels',
  applies: () => undefined,
  likely: () => true,
  candidates: () => [{ weightFormat: 'float32', sumBlocks: [0], flops: 0, error: () => 1 }],
  cost(problem, _, machine) {
    const cost = sharedCost(problem, machine.rates, stagesOf(problem, machine));
    return { ...cost, total: cost.total + coldCost(weightBytes(problem), machine) };
  },
  bound: directBound,
};

/** Of sums this short, register tiles have no more rows than that: storing larger ones would take longer than the sum. */
const SHORT_SUM = 160;
const SHORT_TILE = 8;
/** Planar inputs of no more channels are read where they lie. */
const NEAR_CHANNELS = 64;

function stagesOf(problem: Problem, { rates, table: { width } }: Machine): Stages {
  const { batch, inChannels, outChannels, groups, output, input, kernel, padBegin, padEnd } = problem;
  const channels = inChannels / groups;
  const panels = batch * groups * Math.ceil(outChannels / groups / (2 * width));
  const copied = padBegin[2] + padEnd[2] > 0 || channels > NEAR_CHANNELS;
  // Pixels side by side without padding between them make one line.
  const length = copied ? output[2] : elementCount(output);
  const lines = elementCount(output) / length;
  const most = channels * elementCount(kernel) <= SHORT_SUM ? SHORT_TILE : Infinity;
  const taps = elementCount(output.map((_, axis) => tapsAlong(problem, axis as 0 | 1 | 2)));
  const sums = 2 * batch * channels * taps * groups * paddedOutputs(outChannels / groups, width, rates);
  const tiles = panels * lines * Math.ceil(length / Math.min(most, rates.registerTile.rowRate.length));
  return {
    input: copied ? batch * inChannels * elementCount(input) * rates.direct.perCopied : 0,
    product:
      sums / (rates.direct.rate * rowRate(length, most, rates)) +
      tiles * rates.direct.perTile +
      panels * lines * rates.direct.perLine,
    output: batch * Math.ceil(outChannels / width) * (elementCount(output) / width) * rates.direct.perBlock,
  };
}

/** Taps along an axis, of all outputs together; those on padding cost nothing but along the last one. */
function tapsAlong(problem: Problem, axis: 0 | 1 | 2): number {
  if (axis === 2) return problem.output[axis] * problem.kernel[axis];
  return tapsMet(problem, axis).sum;
}
