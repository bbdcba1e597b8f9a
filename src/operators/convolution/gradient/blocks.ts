import type { Cover } from '../../../catalogue/cover.js';
import { type Machine, secondLevelRoom } from '../../../machine/machine.js';
import type { Axes, WeightGradientBlocks, WeightGradientSchedule } from '../../../native/addon.js';
import { stripPerTile } from '../../../planner/winograd-blocks.js';
import { roomOf } from '../../../planner/winograd-room.js';
import type { Problem } from '../../../problem/problem.js';
import { elementCount } from '../../../tensor/shape.js';
import { roundUp } from '../common.js';

/** Channels that a register tile has rows of, whatever the kernel table. */
export const OUTER_ROWS = 4;

/** So many tiles are one block, even where they leave the caches, unless they take many times the last one: their sums never do. */
const ONE_BLOCK = { tiles: 200, caches: 4 };
/** Tiles of a block at least: products of fewer do not pay for bringing their sums from memory. */
const LEAST_TILES = 28;
/** Tiles whose products are summed in registers at the most: longer sums are no faster, and less accurate. */
export const LONGEST_SUM = 128;
/** Channels of the lanes' side that are transformed back together, in register tiles. */
const LANE_TILES = 1;
/** The most channels of the rows' side. */
const MOST_ROWS = 64;
/** Share of the second level that the sums of a group may take on their way back. */
const SHARE_OF_SECOND_LEVEL = 3 / 4;

/**
 * Which side's channels lie in vectors: the one that leaves fewer lanes and rows of register tiles empty, among equals
 * the inputs, whose gradients lie side by side.
 */
export function lanesOf(
  { inChannels, outChannels }: Problem,
  { table: { width } }: Machine,
): Extract<WeightGradientSchedule, { lanes: unknown }>['lanes'] {
  const padded = (rows: number, lanes: number) => roundUp(rows, OUTER_ROWS) * roundUp(lanes, width);
  return padded(inChannels, outChannels) < padded(outChannels, inChannels) ? 'outputs' : 'inputs';
}

/** How tiles pass through the stages. */
export function gradientBlocks(
  problem: Problem,
  covers: Axes<Cover>,
  sumBlock: number,
  machine: Machine,
): WeightGradientBlocks {
  const { width, outerVectors } = machine.table;
  const room = roomOf(machine);
  const tiles = problem.batch * elementCount(covers.map(({ totals }) => totals.tiles));
  const products = elementCount(covers.map(({ algorithm }) => algorithm.kernel.products));
  const channels = roundUp(problem.inChannels, width) + roundUp(problem.outChannels, width);
  const tileBytes = 4 * products * channels;
  const fitting = Math.max(LEAST_TILES, Math.floor(room.largestInputs / tileBytes));
  const together = tiles <= ONE_BLOCK.tiles && tiles * tileBytes <= ONE_BLOCK.caches * machine.caches.l3;
  const laneGroup = LANE_TILES * outerVectors * width;
  const rowBytes = 4 * laneGroup * planesOnTheWay(covers);
  const rows = Math.floor((SHARE_OF_SECOND_LEVEL * secondLevelRoom(machine)) / rowBytes / width) * width;
  return {
    tileBlock: together ? tiles : Math.min(tiles, wholeRows(fitting, covers[2].totals.tiles)),
    sumBlock: sumBlock === 0 ? LONGEST_SUM : sumBlock,
    rowGroup: Math.min(Math.max(rows, width), Math.max(MOST_ROWS, width)),
    laneGroup,
    longestRun: Math.max(Math.floor(room.strip / 4 / stripPerTile(covers, width)), 2),
    slice: room.slice / 4,
  };
}

/** Planes of sums, one for each pair of channels, that a group has at once while it is transformed back. */
function planesOnTheWay(covers: Axes<Cover>): number {
  const [d, h, w] = covers.map(({ algorithm: { kernel } }) => kernel) as unknown as Axes<{
    products: number;
    taps: number;
  }>;
  return w.products + h.products * w.taps + d.products * h.taps * w.taps + d.taps * h.taps * w.taps;
}

function wholeRows(tiles: number, row: number): number {
  return tiles >= row ? Math.floor(tiles / row) * row : tiles;
}
