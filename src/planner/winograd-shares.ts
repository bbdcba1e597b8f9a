import type { Machine } from '../machine/machine.js';
import type { WinogradBlocks } from '../native/addon.js';
import { type BlockSizes, enoughTiles, evenTiles, mostTiles, roomOf, wholeRows } from './winograd-room.js';

/** Where threads share channels less evenly than this, fewer tiles each are worth it. */
const UNEVEN = 1.1;

/** All tiles of a problem, before they are shared out. */
export interface Tiled {
  readonly tiles: number;
  /** Tiles of a row along the last axis. */
  readonly row: number;
  /** Output channels, of which threads can share panels instead of tiles. */
  readonly channels: number;
  readonly sizes: BlockSizes;
}

/** How tiles pass through the stages: so many together, and what threads share among them. */
export interface Shares {
  readonly block: number;
  readonly split: WinogradBlocks['split'];
  /** Work of the thread with the most, as a multiple of an even share; of channels, for tiles come out even. */
  readonly excess: number;
}

/**
 * Splitting tiles keeps transformed inputs in the cache of the core that made them, but each thread streams all weights:
 * where these are far, about when the others do, or not at all. It needs enough tiles to fill register tiles and to hide that
 * stream; and what all threads transform must not drive the weights out of the cache that the threads share. Splitting
 * channels streams each weight once for all tiles of a block; that is all of them where their transformed inputs fit.
 *
 * @param tuning what was found by measuring, if anything
 */
export function sharesOf(
  { tiles, row, channels, sizes }: Tiled,
  threads: number,
  machine: Machine,
  tuning: { readonly tileBlock?: number; readonly split?: Shares['split'] } = {},
): Shares {
  const room = roomOf(machine);
  const panel = 2 * machine.table.width;
  const panels = Math.ceil(channels / panel);
  const largest = Math.min(panel * Math.ceil(panels / threads), channels);
  const unevenness = (threads * largest) / channels;
  const far = sizes.weights > room.nearWeights;
  const most = tuning.tileBlock ?? mostTiles(sizes, machine);
  const split = threads > 1 && panels > 1 ? (tuning.split ?? splitOf()) : 'tiles';
  const all = split === 'channels' && far && tiles * sizes.inputs <= room.sharedInputs;
  const even =
    tuning.tileBlock === undefined && all ? tiles : evenTiles(tiles, most, split === 'tiles' ? threads : 1);
  return {
    block: wholeRows(tiles, row, Math.min(even, tiles), threads),
    split,
    excess: split === 'channels' ? unevenness : 1,
  };

  function splitOf(): Shares['split'] {
    const { gemmRows } = machine.table;
    const share = Math.ceil(tiles / threads);
    const enough = far
      ? share >= Math.max(gemmRows, enoughTiles(machine) / 2) &&
        share <= most &&
        threads * share * sizes.inputs <= room.sharedInputs
      : share >= Math.floor((unevenness < UNEVEN ? 2 / 3 : 1 / 2) * gemmRows);
    return enough ? 'tiles' : 'channels';
  }
}
