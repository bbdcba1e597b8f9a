import type { Cover } from '../../../catalogue/cover.js';
import type { Machine } from '../../../machine/machine.js';
import type { Axes } from '../../../native/addon.js';
import type { Problem } from '../../../problem/problem.js';
import { elementCount } from '../../../tensor/shape.js';
import { roundUp } from '../common.js';

/** Bytes of U and M together that a block of tiles keeps to. */
const BLOCK = 1 << 20;
/** Share of the last level of cache that weights may take to stay there beside all else. */
const CACHED_WEIGHTS = 3 / 4;
/** The same of U, where weights stream past. */
const LARGEST_U = 1 / 4;
/** Tiles that each weight should serve once fetched: where it is near, where it is far, and at least. */
const FEW_TILES = 16;
const ENOUGH_TILES = 28;
const LEAST_TILES = 8;
/** Blocks for each thread of which so many there are that whole rows of tiles are shared evenly. */
const MANY_BLOCKS = 8;

/** Tiles that pass through the stages together, as the engine chooses them where threads split tiles. */
export function tilesOfBlock(
  { batch, threads, outChannels }: Problem,
  covers: Axes<Cover>,
  channels: number,
  { table: { width }, caches }: Machine,
): number {
  const products = elementCount(covers.map(({ algorithm }) => algorithm.kernel.products));
  const tiles = batch * elementCount(covers.map(({ totals }) => totals.tiles));
  const padded = roundUp(channels, width);
  const weights = 4 * products * channels * roundUp(outChannels, width);
  const fitting = Math.floor(BLOCK / 4 / (products * (padded + 2 * width)));
  const most = Math.max(Math.floor((LARGEST_U * caches.l3) / (4 * products * padded)), LEAST_TILES);
  const enough = weights <= CACHED_WEIGHTS * caches.l3 ? FEW_TILES : Math.min(ENOUGH_TILES, most);
  const even = Math.ceil(tiles / roundUp(Math.ceil(tiles / Math.max(fitting, enough)), threads));
  const row = covers[2].totals.tiles;
  const rows = Math.floor((even + Math.floor(row / 4)) / row);
  return rows > 0 && Math.ceil(tiles / (rows * row)) >= MANY_BLOCKS * threads ? rows * row : even;
}
