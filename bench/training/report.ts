import { type Environment, headOf } from '../report/environment.js';
import { markdownTable } from '../table.js';
import { type TrainingRow, trainingColumns } from './run.js';

/** bench/TRAINING.md. */
export function trainingReport(rows: readonly TrainingRow[], at: Environment): string {
  return [
    '# Training steps',
    headOf('--training --reports', at),
    markdownTable(rows, trainingColumns),
    `## Beside the paper\n\n${comparedOf(rows)}`,
    METHOD,
  ].join('\n\n');
}

/** What agrees with Barrachina et al. 2023, section 4.4.2, and what does not, in sentences of the rows themselves. */
function comparedOf(rows: readonly TrainingRow[]): string {
  const of = (variant: TrainingRow['variant']) => rows.filter((row) => row.variant === variant);
  const range = (values: readonly number[], digits = 2) =>
    `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;
  const speeds = (variant: TrainingRow['variant']) => range(of(variant).map(({ overBase }) => overBase));
  const base = new Map(of('base').map((row) => [`${row.network} ${row.threads}`, row]));
  const memory = of('cgt+dg').map(
    (row) => row.peakBytes / base.get(`${row.network} ${row.threads}`)!.peakBytes,
  );
  const below = of('cgt+dg').filter(
    (row) => row.peakBytes < base.get(`${row.network} ${row.threads}`)!.peakBytes,
  );
  return [
    `Beside explicit columns 'rdx' is ${speeds('rdx')} times as fast, 'cgt' ${speeds('cgt')}, 'cgt+dg' ${speeds('cgt+dg')}; the paper, with batches of 64, has all of them ahead (figures 12 and 13). With single images the reindexed gradient is a convolution by a kernel as large as the result, of which little is in any cache: 'rdx' falls behind there.`,
    `Steps of 'cgt+dg' take ${range(memory)} of the memory of 'base' (figure 14); less in ${below.length} of ${memory.length}.`,
    `The paper found 'cgt+dg' slower than 'cgt', for columns had to be unpacked by a single routine at the end of a loop; here blocks of columns are small enough to be added up in the second level of cache, and it is ${of('cgt+dg').filter((row, i) => row.ms <= of('cgt')[i]!.ms).length} of ${of('cgt').length} times at least as fast.`,
    `The planner's own steps, by Winograd for the most part, are ${speeds('auto')} times as fast as 'base', and ${range(of('auto').map(({ overFreeOfColumns }) => overFreeOfColumns))} times as fast as one whose columns cost nothing, which bounds every variant in the paper.`,
  ]
    .map((sentence) => `- ${sentence}`)
    .join('\n');
}

const METHOD = `## How it was measured

Whole steps of \`Trainer\` (forward pass, loss, backward pass, update by SGD) of the networks of \`examples/networks\`, with random weights and
images; *-cifar* are 3 × 32 × 32, the others 224² and 16 × 112². All variants of a network take turns, each a step that is not timed and one that is; *ms* are
medians of the kernels' times. *× base* compares with explicit im2col and col2im around products of matrices, *× base free of columns* with
the same step less the time of its im2col and col2im. *Peak* is the arena and the workspace of a step, in which parameters, their
gradients' destinations and optimizer states are not counted, for they are the same in all.`;
