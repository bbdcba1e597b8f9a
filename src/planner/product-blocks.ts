import type { Machine } from '../machine/machine.js';
import type { ProductBlocks } from '../native/addon.js';
import type { Problem } from '../problem/problem.js';
import { elementCount } from '../tensor/shape.js';

/** Items for each thread, so that the last ones end together. */
const ITEMS_PER_THREAD = 4;
/** Columns that are worth an item of their own: a row of B is read as far as it is contiguous. */
const WORTH_SHARING = 128;
/**
 * Shares of the second level of cache: of a panel of B, which register tiles read from front to back, and of a block of B,
 * which all rows of A meet there. Zen 4, 1 MiB: 2048³ runs at 0.99 of OpenBLAS with 512 sums by 512 columns, at 0.93
 * with half as many sums, and a third slower where a block of A has the second level and panels of B the first.
 */
const PANEL_SHARE = 1 / 16;
const BLOCK_SHARE = 1;

/** What a product's blocks depend on: sizes, how many there are, and whether B comes packed. */
export interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly results: number;
  readonly packed: boolean;
}

/** A convolution as products of matrices, one for each group of an image: weights by the unfolded input. */
export function productOf({ batch, inChannels, outChannels, groups, kernel, output }: Problem): Sizes {
  return {
    m: outChannels / groups,
    n: elementCount(output),
    k: (inChannels / groups) * elementCount(kernel),
    ...{ results: batch * groups, packed: false },
  };
}

/** The gradient of its weights, one product for each group: the gradient of the result by the transposed unfolded input. */
export function gradientProductOf({
  batch,
  inChannels,
  outChannels,
  groups,
  kernel,
  output,
}: Problem): Sizes {
  return {
    m: outChannels / groups,
    n: (inChannels / groups) * elementCount(kernel),
    k: batch * elementCount(output),
    ...{ results: groups, packed: false },
  };
}

/** The gradient of its input, one product for each group of an image: the transposed weights by that of the result. */
export function inputGradientProductOf(problem: Problem): Sizes {
  const { m, n, k, results } = productOf(problem);
  return { m: k, n, k: m, results, packed: false };
}

/** Blocks of the five loops around the micro-kernel (Goto and van de Geijn 2008), and how threads share them. */
export function productBlocks(
  { m, n, k, results, packed }: Sizes,
  threads: number,
  { table, caches: { l2 } }: Machine,
): ProductBlocks {
  const { width, gemmRows: tile } = table;
  const panel = 2 * width;
  const sumBlock = m <= tile ? k : evenly(k, Math.floor((PANEL_SHARE * l2) / (4 * panel)), width);
  const most = Math.floor((BLOCK_SHARE * l2) / (4 * sumBlock));
  const wanted = threads === 1 ? 1 : ITEMS_PER_THREAD * threads;
  const shared = threads === 1 || results * n >= wanted * WORTH_SHARING ? 'columns' : 'rows';
  const columns = Math.min(most, shared === 'columns' ? Math.ceil((n * results) / wanted) : n);
  const rows = shared === 'rows' || packed ? Math.ceil((m * results) / wanted) : m;
  return {
    ...{ sumBlock, shared, rowBlock: evenly(m, rows, tile) },
    columnBlock: evenly(n, Math.max(columns, Math.min(n, WORTH_SHARING)), panel),
  };
}

/** The size of parts that are as equal as may be, at most about `most`, in whole `steps`. */
function evenly(size: number, most: number, step: number): number {
  const parts = Math.ceil(size / Math.max(most, step));
  return Math.ceil(size / parts / step) * step;
}
