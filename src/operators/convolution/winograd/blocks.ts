import type { Cover } from '../../../catalogue/cover.js';
import type { Machine } from '../../../machine/machine.js';
import type { Axes } from '../../../native/addon.js';
import { evenTiles, mostTiles, wholeRows } from '../../../planner/winograd-room.js';
import type { Problem } from '../../../problem/problem.js';
import { elementCount } from '../../../tensor/shape.js';
import { roundUp } from '../common.js';

/** Tiles that pass through the stages together, as schedules have it where threads split tiles. */
export function tilesOfBlock(
  { batch, threads, outChannels }: Problem,
  covers: Axes<Cover>,
  channels: number,
  machine: Machine,
): number {
  const { width } = machine.table;
  const products = elementCount(covers.map(({ algorithm }) => algorithm.kernel.products));
  const tiles = batch * elementCount(covers.map(({ totals }) => totals.tiles));
  const sizes = {
    inputs: 4 * products * roundUp(channels, width),
    products: 4 * products * 2 * width,
    weights: 4 * products * channels * roundUp(outChannels, width),
  };
  const even = evenTiles(tiles, mostTiles(sizes, machine), threads);
  return wholeRows(tiles, covers[2].totals.tiles, even, threads);
}
