import type { Machine } from '../machine/machine.js';
import type { SparseBlocks } from '../native/addon.js';
import type { Problem } from '../problem/problem.js';
import { productOf } from './product-blocks.js';

/** Vectors of a panel. */
const PANEL = 8;
/** Share of the second level of cache that a panel of the unfolded input takes. */
const PANEL_SHARE = 1 / 2;

/** A panel stays in the second level of cache while all rows of weights meet it. */
export function sparseBlocks(problem: Problem, threads: number, { table, caches }: Machine): SparseBlocks {
  const { m, n, k, results } = productOf(problem);
  const columns = PANEL * table.width;
  const panels = results * Math.ceil(n / columns);
  return {
    sumBlock: Math.min(k, Math.max(1, Math.floor((PANEL_SHARE * caches.l2) / (4 * columns)))),
    // Where there are fewer panels than threads, some pack the same.
    rowParts: Math.min(m, panels >= threads ? 1 : Math.ceil(threads / panels)),
  };
}
