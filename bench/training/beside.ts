/** `npm run bench -- --training --peers`: training steps of whole networks beside those built of oneDNN's primitives. */
import * as all from '../../examples/networks/index.js';
import { median } from '../../src/report/statistics.js';
import { posed, type Subject, subjects } from '../../src/report/training-steps.js';
import { Trainer } from '../../src/training/trainer.js';
import { type Environment, headOf } from '../report/environment.js';
import { type Column, markdownTable, megabytes, milliseconds } from '../table.js';
import { type OneDnnStep, startOneDnnStep, withoutDropout } from './onednn.js';
import { rowsOf } from './run.js';

/** A network's step here and there. */
export interface BesideRow {
  readonly network: string;
  readonly batch: number;
  readonly threads: number;
  /** Milliseconds: here, by oneDNN's own choice, and by the faster of its direct convolution and its F(4, 3). */
  readonly ours: number;
  readonly auto: number;
  readonly best: number;
  readonly library: string;
  /** Between the losses after two updates, over the larger of 1 and the loss. */
  readonly difference: number;
  /** Of a step here: arena and workspace. */
  readonly peakBytes: number;
}

const RATE = 1e-3;
/** Losses of two libraries may drift apart by so much in two updates. */
const TOLERANCE = 0.03;

/** At 224 × 224 more images at a time, too: then weights are transformed for many. */
const besideSubjects: readonly Subject[] = [
  ...subjects,
  ...subjects
    .filter(({ batch, example }) => batch === 1 && example.length === 3)
    .map((subject) => ({ ...subject, name: `${subject.name}, 8 images`, batch: 8 })),
];

export async function runBeside(
  names: readonly string[],
  threads: readonly number[],
  rounds: number,
  program: string,
): Promise<BesideRow[]> {
  const chosen = besideSubjects.filter(({ name }) => names.some((each) => name.split(',')[0] === each));
  return rowsOf(chosen, threads, async (subject, count) => [await beside(subject, count, rounds, program)]);
}

/** In turns, each after a step that is not timed: threads wake, and its parameters come near. */
async function beside(
  subject: Subject,
  threads: number,
  rounds: number,
  program: string,
): Promise<BesideRow> {
  const { name, batch } = subject;
  const { graph: whole, x, inputs, target } = posed(subject, { ...all });
  const graph = withoutDropout(whole);
  const trainer = new Trainer(graph, {
    ...{ loss: 'crossEntropy', threads },
    optimizer: { name: 'sgd', learningRate: RATE, momentum: 0 },
  });
  const own = async () => {
    const { loss, milliseconds: ms } = await trainer.step(inputs, target);
    return { loss, ms };
  };
  const theirs: OneDnnStep[] = [];
  try {
    for (const best of [false, true])
      theirs.push(await startOneDnnStep(program, graph, x, { threads, best }));
    const steps = [own, ...theirs.map((each) => () => each.step(RATE))];
    let losses: number[] = [];
    for (let update = 0; update < 3; update++) {
      losses = [];
      for (const step of steps) losses.push((await step()).loss);
    }
    const [loss, ...others] = losses;
    const difference = Math.max(...others.map((other) => Math.abs(other - loss!) / Math.max(1, loss!)));
    if (!(difference <= TOLERANCE))
      throw new Error(`Expected losses to agree within ${TOLERANCE} but received ${losses.join(', ')}`);
    const times = steps.map((): number[] => []);
    for (let round = 0; round < rounds; round++)
      for (const [i, step] of steps.entries()) {
        await step();
        times[i]!.push((await step()).ms);
      }
    const [ours, auto, best] = times.map(median) as [number, number, number];
    const { library } = await theirs[0]!.step(0);
    const { memory } = await trainer.plan({ [graph.inputs[0]!.name]: x.shape });
    return { network: name, batch, threads, ours, auto, best, library, difference, peakBytes: memory.run };
  } finally {
    for (const each of theirs) await each.close();
  }
}

export const besideColumns: readonly Column<BesideRow>[] = [
  { head: 'network', align: 'left', text: ({ network }) => network },
  { head: 'N', text: ({ batch }) => String(batch) },
  { head: 'threads', text: ({ threads }) => String(threads) },
  { head: 'ms a step', text: ({ ours }) => milliseconds(ours) },
  { head: 'oneDNN', text: ({ auto }) => milliseconds(auto) },
  { head: 'oneDNN, best', text: ({ best }) => milliseconds(best) },
  { head: '× oneDNN', text: ({ ours, auto }) => (auto / ours).toFixed(2) },
  { head: '× its best', text: ({ ours, best }) => (best / ours).toFixed(2) },
  { head: 'losses differ by', text: ({ difference }) => difference.toExponential(1) },
  { head: 'peak', text: ({ peakBytes }) => megabytes(peakBytes) },
];

/** bench/STEPS.md. */
export function besideReport(rows: readonly BesideRow[], at: Environment): string {
  const behind = rows.filter(({ ours, auto, best }) => ours > Math.min(auto, best));
  const where = behind.map(({ network, threads }) => `${network} on ${threads}`).join('; ');
  return [
    '# Training steps beside oneDNN',
    headOf('--training --peers --reports', at),
    markdownTable(rows, besideColumns),
    `Slower than one of oneDNN's steps: ${behind.length === 0 ? 'none' : `${where} thread(s)`}.`,
    `## How it was measured

${rows[0]?.library ?? 'oneDNN'}, one process for each contender, in turns: a step that is not timed and one that is; medians. A step is forward pass,
cross entropy, backward pass and update of all parameters by gradient descent without momentum, on the networks of
\`examples/networks\` without dropout, with the same weights and images; *-cifar* are 3 × 32 × 32, the others 224² and 16 × 112². Losses
after two updates agree, which compares all gradients. oneDNN's step is built of its primitives by
\`bench/peers/onednn\`: layouts that they prefer, reorders between these within the step, ReLUs inside of convolutions and
normalizations; *best* takes for each direction of each convolution the faster of direct convolution and F(4, 3), whose error is larger.
*Peak* is the arena and the workspace of our step; oneDNN's process reuses no memory, so that its own says nothing.`,
  ].join('\n\n');
}
