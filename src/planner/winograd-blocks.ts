import { type Cover, stepOf, summedChannels } from '../catalogue/cover.js';
import type { Machine } from '../machine/machine.js';
import type { Axes, WinogradBlocks } from '../native/addon.js';
import type { Problem } from '../problem/problem.js';
import { elementCount } from '../tensor/shape.js';
import type { Choice } from './choices.js';
import type { Layouts } from './layouts.js';
import { OFTEN, roomOf, SHORTEST_RUN } from './winograd-room.js';
import { sharesOf } from './winograd-shares.js';

const FLOAT = 4;

/** The covers of a choice for Winograd with vectors of channels. */
type Covers = Axes<Cover>;

/** Blocks, split and copies of Winograd with vectors of channels; what the choice's tuning has is taken from there. */
export function winogradBlocks(
  problem: Problem,
  { covers, weightFormat, sumBlock, tuning = {} }: Choice & { readonly covers: Covers },
  threads: number,
  layouts: Layouts,
  machine: Machine,
): WinogradBlocks {
  const room = roomOf(machine);
  const { width } = machine.table;
  const panel = 2 * width;
  const tiles = problem.batch * elementCount(covers.map(({ totals }) => totals.tiles));
  const products = elementCount(covers.map(({ algorithm }) => algorithm.kernel.products));
  const depth = summedChannels(problem.inChannels, covers);
  const inputs = products * roundUp(depth, width) * FLOAT; // bytes of a transformed tile
  const weights = products * depth * storedChannels(problem.outChannels, width, weightFormat) * FLOAT;
  const panels = divideUp(problem.outChannels, panel);

  // One panel, unless asked for more: its weights are one stream.
  let group = clamp(Math.floor((tuning.channelGroup ?? 0) / panel), 1, panels);
  const sizes = { inputs, products: products * group * panel * FLOAT, weights };
  const tiled = { tiles, row: covers[2].totals.tiles, channels: problem.outChannels, sizes };
  const { block, split } = sharesOf(tiled, threads, machine, tuning);
  // As many panels for one thread as for the other.
  if (split === 'channels') group = Math.min(group, divideUp(panels, threads));
  const longestRun = Math.max(Math.floor(room.strip / FLOAT / stripPerTile(covers, width)), SHORTEST_RUN);
  return {
    tileBlock: block,
    channelGroup: group * panel,
    sumBlock: sumBlock === 0 ? 0 : Math.max(Math.floor(sumBlock / width), 1) * width,
    split,
    longestRun,
    slice: room.slice / FLOAT,
    slab: readsOften() ? room.slab / FLOAT : 0,
  };

  /**
   * Whether strips, which overlap and begin anew in every row, transpose so many more blocks of planar inputs than a blocked
   * copy of them all that the copy pays. Blocks of tiles share one only where it holds all planes that a tile reads: else
   * each would make its own, of whole planes.
   */
  function readsOften(): boolean {
    if (layouts.input === 'blocked' || depth !== problem.inChannels) return false;
    const [depthPixels, height, breadth] = problem.input;
    const planes = Math.min(depthPixels, covers[0].runs[0]!.form.native.inputs);
    if (planes * height * breadth * roundUp(depth, width) * FLOAT > room.slab) return false;
    const copied = problem.batch * depthPixels * divideUp(height * breadth, width);
    return transposes(problem.batch, covers, tiles, block, longestRun, width) > OFTEN * copied;
  }
}

/**
 * Blocks of width × width pixels that the strips of all tiles transpose, for a vector of channels. Strips are the parts of
 * rows of tiles of one form that fall into one block of tiles, cut evenly where they are too long.
 */
function transposes(
  batch: number,
  covers: Covers,
  tiles: number,
  most: number,
  longest: number,
  width: number,
): number {
  const [depths, heights, breadths] = covers;
  const blocks = divideUp(tiles, most);
  const unit = most % breadths.totals.tiles === 0 ? breadths.totals.tiles : 1; // by which blocks differ at most
  const endOf = (block: number) => Math.floor((Math.floor(tiles / unit) * (block + 1)) / blocks) * unit;
  const lines = (cover: Cover) =>
    cover.runs.flatMap(({ form, tiles: count }) => Array<number>(count).fill(form.native.inputs));
  const [planes, rows] = [lines(depths), lines(heights)];
  let [sum, placed, block] = [0, 0, 0];
  for (let image = 0; image < batch; image++)
    for (const plane of planes)
      for (const row of rows)
        for (const { form, tiles: count } of breadths.runs)
          for (let left = count; left > 0; ) {
            const end = endOf(block);
            const fits = Math.min(left, end - placed);
            const part = divideUp(fits, divideUp(fits, longest));
            const extent = form.native.inputs + (part - 1) * stepOf(breadths, form);
            sum += plane * row * divideUp(extent, width);
            left -= part;
            placed += part;
            if (placed === end) block++;
          }
  return sum;
}

/** Output channels as packed weights have them: in bfloat16 two vectors take the place of one. */
function storedChannels(channels: number, width: number, format: Choice['weightFormat']): number {
  const vectors = divideUp(channels, width);
  return width * (format === 'bfloat16' ? divideUp(vectors, 2) : vectors);
}

/** Floats that one more tile adds to a strip, before or after the transforms of the first two axes. */
export function stripPerTile([depth, height, breadth]: Covers, width: number): number {
  const rows = [depth, height].map(({ algorithm: { forms } }) => {
    const { inputs, products, outputs } = forms[0]!.native;
    return Math.max(inputs, products, outputs);
  });
  return elementCount(rows) * stepOf(breadth, breadth.algorithm.forms[0]!) * width;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

function divideUp(value: number, step: number): number {
  return Math.ceil(value / step);
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
