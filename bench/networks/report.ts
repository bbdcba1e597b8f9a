import { type Environment, headOf } from '../report/environment.js';
import { markdownTable } from '../table.js';
import { type NetworkRow, networkColumns, speedOf } from './run.js';

/** bench/NETWORKS.md. */
export function networksReport(rows: readonly NetworkRow[], at: Environment): string {
  const libraries = [
    ...new Set(rows.flatMap(({ here, onnxruntime }) => [here.library, onnxruntime.library])),
  ];
  const counts = [...new Set(rows.map(({ threads }) => threads))];
  const losses = rows.filter((row) => speedOf(row) < 1);
  return [
    '# Whole networks',
    headOf('--networks --reports', at, libraries),
    ...counts.flatMap((count) => [
      `## ${count} thread${count === 1 ? '' : 's'}`,
      markdownTable(
        rows.filter(({ threads }) => threads === count),
        networkColumns.filter(({ head }) => head !== 'threads'),
      ),
    ]),
    `## Losses\n\n${losses.map(lossOf).join('\n') || 'None.'}`,
    METHOD,
  ].join('\n\n');
}

function lossOf(row: NetworkRow): string {
  return `- ${row.network}, threads: ${row.threads}: ${(100 * speedOf(row)).toFixed(0)} % of onnxruntime's speed`;
}

const METHOD = `## How it was measured

The networks of \`examples/networks\` with random weights, exported to ONNX, batch 1, planned by estimate. Both libraries
read the same file, get the same inputs and are called as their users call them (\`network.run\`, \`session.run\` with its
default options but for the number of threads). Their results are compared before anything is timed: *difference* is the
root mean square of the difference over that of onnxruntime's results, and too large a one ends the run.

Each library runs in a process of its own, and they take turns, each a burst a round: one pass that does not count, then
passes for about 50 ms, and at least one. A turn begins when the process that had the last one uses no processor any
more: thread pools spin for some ten milliseconds in wait of more work, and would take the cores from the other library.

*ms* are medians over all rounds; *first run* is the time from the file to the first results: reading, planning, making
weights ready, and a run. *Memory* is the largest resident memory of each process, Node included. The costliest nodes are
ours, in the last pass.`;
