import type { Cover } from '../../../catalogue/cover.js';
import type { Machine } from '../../../machine/machine.js';
import type { Axes } from '../../../native/addon.js';
import { type Shares, sharesOf } from '../../../planner/winograd-shares.js';
import type { Problem } from '../../../problem/problem.js';
import { elementCount } from '../../../tensor/shape.js';
import { roundUp } from '../common.js';

/** How tiles are shared out, as schedules have it where nothing was tuned. */
export function sharesOfCovers(
  { batch, threads, outChannels }: Problem,
  covers: Axes<Cover>,
  channels: number,
  machine: Machine,
): Shares {
  const { width } = machine.table;
  const products = elementCount(covers.map(({ algorithm }) => algorithm.kernel.products));
  const tiles = batch * elementCount(covers.map(({ totals }) => totals.tiles));
  const sizes = {
    inputs: 4 * products * roundUp(channels, width),
    products: 4 * products * 2 * width,
    weights: 4 * products * channels * roundUp(outChannels, width),
  };
  return sharesOf({ tiles, row: covers[2].totals.tiles, channels: outChannels, sizes }, threads, machine);
}
