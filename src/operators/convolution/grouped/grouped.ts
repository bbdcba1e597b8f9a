import type { AlgorithmRow } from '../../../planner/algorithm.js';
import { elementCount } from '../../../tensor/shape.js';
import { roundUp, sharedCost } from '../common.js';
import { direct } from '../direct/direct.js';

/** Direct convolution of groups narrower than a vector, whose kernel leaves no lane empty. */
export const grouped: AlgorithmRow = {
  ...direct,
  name: 'grouped',
  applies: ({ outChannels, groups }, { machine }) =>
    groups > 1 && outChannels / groups < machine.table.width
      ? undefined
      : 'several groups narrower than a vector',
  cost(problem, _, { rates, table: { width } }) {
    const { batch, inChannels, outChannels, groups, input, output, kernel } = problem;
    const { rate, load, spread, store } = rates.grouped;
    const channels = inChannels / groups;
    const spreading = channels === 1 ? 0 : spread * channels;
    const flops = 2 * batch * roundUp(outChannels, width);
    return sharedCost(problem, rates, {
      input: flops * elementCount(input) * (load + spreading),
      product: (flops * elementCount(output) * channels * elementCount(kernel)) / rate,
      output: flops * elementCount(output) * store,
    });
  },
};
