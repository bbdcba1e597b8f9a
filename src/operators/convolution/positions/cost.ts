import type { Cover } from '../../../catalogue/cover.js';
import type { Machine } from '../../../machine/machine.js';
import type { Axes } from '../../../native/addon.js';
import type { Cost } from '../../../planner/choices.js';
import type { Problem } from '../../../problem/problem.js';
import { elementCount } from '../../../tensor/shape.js';
import { roundUp, sharedCost } from '../common.js';
import { inputWork, outputWork, type TransformWork } from '../nested/instructions.js';

/** Two loads or stores go with an instruction. */
const INSTRUCTIONS_PER_MOVE = 0.5;

/**
 * Estimates nested F(S, G) whose vectors hold positions of a tile: nothing is padded to vectors of channels, but tiles go
 * in and out of their lanes number by number. Tiles are transformed a vector of them at a time.
 */
export function positionsCost(
  problem: Problem,
  covers: Axes<Cover>,
  { rates, table: { width } }: Machine,
): Cost {
  const { batch, inChannels, outChannels, groups } = problem;
  const { perInstruction, stepsPerSum, perTile, perRow, perNumber } = rates.positions;
  const over = (of: (cover: Cover, axis: number) => number) => batch * elementCount(covers.map(of));
  const tiles = over(({ totals }) => totals.tiles);
  const lanes = roundUp(tiles, width);
  const stage = (channels: number, size: 'inputs' | 'outputs', { instructions, moves }: TransformWork) => {
    const rows = over(({ totals }, a) => (a === 2 ? totals.tiles : totals[size]));
    const moving = tiles * perTile + rows * perRow + over(({ totals }) => totals[size]) * perNumber;
    const computing = (lanes / tiles) * batch * (instructions + INSTRUCTIONS_PER_MOVE * moves);
    return channels * (perInstruction * computing + moving);
  };
  const positions = roundUp(elementCount(covers.map(({ algorithm }) => algorithm.kernel.products)), width);
  return sharedCost(problem, rates, {
    input: stage(inChannels, 'inputs', inputWork(covers)),
    product: 2 * lanes * positions * (inChannels / groups + stepsPerSum) * outChannels,
    output: stage(outChannels, 'outputs', outputWork(covers)),
  });
}
