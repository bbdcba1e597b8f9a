import { type Environment, headOf } from '../report/environment.js';
import { markdownTable } from '../table.js';
import { type ProductRow, productColumns } from './run.js';

/** bench/PRODUCTS.md. */
export function productsReport(rows: readonly ProductRow[], at: Environment): string {
  const libraries = [...new Set(rows.flatMap(({ openBlas }) => openBlas ?? []))];
  const losses = rows.filter(({ overOpenBlas = 1 }) => overOpenBlas < 0.95);
  return [
    '# Products of matrices',
    headOf('--products --reports', at, libraries),
    markdownTable(rows, productColumns),
    `## More than a twentieth slower than OpenBLAS\n\n${losses.map(lossOf).join('\n') || 'None.'}`,
    METHOD,
  ].join('\n\n');
}

function lossOf({ name, m, k, n, threads, overOpenBlas }: ProductRow): string {
  return `- ${name}, ${m} × ${k} × ${n}, threads: ${threads}: ${(100 * overOpenBlas!).toFixed(0)} %`;
}

const METHOD = `## How it was measured

Square products, and those of ResNet-50's layers: weights, output channels by (input channels · taps), by the unfolded input. Both
libraries multiply the same small integers, on which their results have to agree; \`gemmSync\` is called as people call it. They take
turns, OpenBLAS in a process of its own, each a burst of some 40 ms that is not timed, so that its threads are awake and the other's
have stopped spinning, and one that is. *ms* are medians, *× OpenBLAS* the median of the rounds' ratios of times.`;
