import type { Machine } from '../machine/machine.js';
import type { DirectBlocks } from '../native/addon.js';
import type { Problem } from '../problem/problem.js';
import { elementCount } from '../tensor/shape.js';
import type { Layouts } from './layouts.js';

const FLOAT = 4;

/** Share of the second level of cache that the inputs of a chunk of outputs may take. */
const NEAR_INPUT = 1 / 2;
/** Parts of the work for each thread, so that all end about together. */
const ITEMS_PER_THREAD = 4;
/** The fewest outputs that are worth a chunk of their own. */
const LEAST_PIXELS = 56;
/** Lines of a chunk from which on it ends with whole ones; fewer are cut. */
const MANY_LINES = 8;
/** Sums this short end before the stores' queue has hidden the storing of a large register tile. */
const SHORT_SUM = 160;
/** Rows of the register tile that they get instead. */
const SHORT_TILE = 8;
/** Planar channels that stay near until the next register tile comes back to them. */
const NEAR_CHANNELS = 64;
/** Rows of a register tile that use up the cache lines of planar pixels which they meet. */
const MOST_OF_LINE = 12;

/** Copies, register tiles and chunks of direct convolution. */
export function directBlocks(
  problem: Problem,
  threads: number,
  layouts: Layouts,
  { caches, table }: Machine,
): DirectBlocks {
  const { inChannels, outChannels, groups, kernel, input, output } = problem;
  const channels = inChannels / groups;
  const panels = Math.ceil(outChannels / groups / (2 * table.width));
  const copyInput = copyOf(problem, layouts, table);
  const short = channels * elementCount(kernel) <= SHORT_SUM;
  const items = threads === 1 ? 1 : threads * ITEMS_PER_THREAD;
  const read = channels * elementCount(input.map((size, a) => Math.min(size, output[a]! * kernel[a]!)));
  // Each item has as much work as the others: some whole chunks, or some panels of the only one.
  let chunks = Math.ceil((read * FLOAT) / (NEAR_INPUT * caches.l2));
  if (chunks > 1 || (groups * panels) % items !== 0) chunks = Math.ceil(chunks / items) * items;
  chunks = Math.min(chunks, Math.ceil(elementCount(output) / LEAST_PIXELS));
  return {
    copyInput,
    tileRows: short ? Math.min(table.gemmRows, SHORT_TILE) : table.gemmRows,
    chunks,
    wholeLines: linesOf(problem, copyInput !== 'none' || layouts.phases !== undefined) >= MANY_LINES * chunks,
    items,
  };
}

/**
 * Rows that need padding are copied, and planar ones whose pixels are too far apart. Of what is copied, blocked pixels lie
 * closer together, unless channels are too few to fill them.
 */
function copyOf(problem: Problem, layouts: Layouts, { width, gemmRows }: Machine['table']) {
  const channels = problem.inChannels / problem.groups;
  const planar = layouts.input === 'planar';
  const near = channels <= NEAR_CHANNELS || gemmRows >= MOST_OF_LINE;
  if (!padded(problem, 2) && (!planar || near)) return 'none';
  return planar && channels < width ? 'planar' : 'blocked';
}

function padded({ padBegin, input, output, stride, dilation, kernel }: Problem, axis: 0 | 1 | 2): boolean {
  const reach = (output[axis] - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1;
  return padBegin[axis] > 0 || reach > input[axis];
}

/** Lines of outputs; those whose inputs, and whose places in the result, follow one another are one. */
function linesOf(problem: Problem, alone: boolean): number {
  const { input, output, stride } = problem;
  const lines = output[0] * output[1];
  const apart = (axis: 0 | 1) => alone || padded(problem, axis);
  if (apart(1) || (output[1] > 1 && stride[1] * input[2] !== output[2] * stride[2])) return lines;
  const length = output[1] * output[2];
  if (apart(0) || (output[0] > 1 && stride[0] * input[1] * input[2] !== length * stride[2])) return output[0];
  return 1;
}
