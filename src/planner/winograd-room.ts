import { type Machine, secondLevelRoom } from '../machine/machine.js';

/** Tiles that each weight should serve, once fetched from memory, for each flop that fetching one of its bytes takes. */
const TILES_PER_RATE = 5;
/** The same of weights that stay in cache. */
const FEW_TILES = 16;
/** The same where the transformed inputs of more would be too large. */
const LEAST_TILES = 8;
/** Blocks for each thread from which on they may be as uneven as whole rows of tiles make them. */
const MANY_BLOCKS = 8;
/** The shortest strip, of which neighbours still share columns. */
export const SHORTEST_RUN = 2;
/** How many times as many transposes strips of planar inputs may take as one blocked copy of them all. */
export const OFTEN = 1.5;

/** Shares of the caches, in bytes. */
export function roomOf(machine: Machine) {
  const { l1, l3 } = machine.caches;
  const l2 = secondLevelRoom(machine);
  return {
    /** Transformed inputs and products of a block: the second level. */
    block: l2,
    /** A slice of a strip, which leaves room for what it becomes. */
    slice: (5 / 8) * l1,
    /** A strip: two of them leave half of the second level to the block. */
    strip: (7 / 32) * l2,
    /** Weights that stay in the last level from block to block, beside all else. */
    nearWeights: (5 / 8) * l3,
    /** Transformed inputs that stay in it while weights pass by: of one block, and of all that threads share. */
    largestInputs: l3 / 4,
    sharedInputs: (3 / 8) * l3,
    /** A blocked copy of some planes of the input. */
    slab: l3 / 4,
  };
}

/** What a block of tiles takes, in bytes. */
export interface BlockSizes {
  /** Of one transformed tile. */
  readonly inputs: number;
  /** Of the products of one tile that are transformed back together. */
  readonly products: number;
  /** Of all weights. */
  readonly weights: number;
}

/** Tiles that each weight should serve, once fetched from memory: below, fetching takes longer than multiplying. */
export function enoughTiles({ rates }: Machine): number {
  return Math.ceil(TILES_PER_RATE * rates.memory.perByte);
}

/**
 * Enough tiles that each weight, once fetched, serves many of them; few enough that a block stays in cache. The optimum
 * is flat. Every group of output channels reads the transformed inputs again: weights that stream past must not drive
 * them out.
 */
export function mostTiles({ inputs, products, weights }: BlockSizes, machine: Machine): number {
  const room = roomOf(machine);
  const fitting = Math.max(Math.floor(room.largestInputs / inputs), LEAST_TILES);
  const serving = weights > room.nearWeights ? Math.min(enoughTiles(machine), fitting) : FEW_TILES;
  return Math.max(Math.floor(room.block / (inputs + products)), serving);
}

/** Tiles of a block where threads split `tiles` into blocks of at most so many: as many blocks for one as for the other. */
export function evenTiles(tiles: number, most: number, threads: number): number {
  return Math.ceil(tiles / (Math.ceil(Math.ceil(tiles / most) / threads) * threads));
}

/**
 * Whole rows of tiles, where there are so many blocks that the threads still share them evenly: pieces of rows are short
 * strips, and neighbours read and write the same lines of memory.
 *
 * @param row tiles of a row along the last axis
 * @param most tiles of a block otherwise
 */
export function wholeRows(tiles: number, row: number, most: number, threads: number): number {
  const rows = Math.floor((most + Math.floor(row / 4)) / row);
  const whole = rows * row;
  return rows > 0 && Math.ceil(tiles / whole) >= MANY_BLOCKS * threads ? whole : most;
}
