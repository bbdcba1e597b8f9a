/** `npm run bench -- --training`: training steps of whole networks, and of their variants as products of matrices. */
import * as all from '../../examples/networks/index.js';
import { type StepTime, type Subject, stepTimes, subjects } from '../../src/report/training-steps.js';
import { expected } from '../../synth/errors.js';
import { Progress } from '../progress.js';
import { type Column, megabytes, milliseconds } from '../table.js';

/** One row of the table. */
export type TrainingRow = StepTime;

/** @throws InputError for a name that no subject has part of */
export function parseTraining(text: string): readonly string[] {
  const parts = text.split(',').filter((part) => part !== '');
  const found = subjects.filter(
    ({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)),
  );
  if (found.length === 0)
    throw expected('--training', `parts of ${subjects.map(({ name }) => name).join(', ')}`, text);
  return found.map(({ name }) => name);
}

export async function runTraining(
  names: readonly string[],
  threads: readonly number[],
  rounds: number,
): Promise<TrainingRow[]> {
  const chosen = subjects.filter(({ name }) => names.includes(name));
  return rowsOf(chosen, threads, (subject, count) => stepTimes(subject, { ...all }, count, rounds));
}

/** Measures subject by subject; one that cannot be is left out, and said on stderr. */
export async function rowsOf<Row>(
  subjects: readonly Subject[],
  threads: readonly number[],
  measure: (subject: Subject, threads: number) => Promise<readonly Row[]>,
): Promise<Row[]> {
  const progress = new Progress(subjects.length * threads.length);
  const rows: Row[] = [];
  for (const subject of subjects)
    for (const count of threads) {
      progress.on(`${subject.name}, threads: ${count}`);
      try {
        rows.push(...(await measure(subject, count)));
      } catch (error) {
        // The others' rows took minutes.
        process.stderr.write(`Left out ${subject.name}: ${(error as Error).message}\n`);
      }
    }
  progress.end();
  return rows;
}

export const trainingColumns: readonly Column<TrainingRow>[] = [
  { head: 'network', align: 'left', text: ({ network }) => network },
  { head: 'N', text: ({ batch }) => String(batch) },
  { head: 'threads', text: ({ threads }) => String(threads) },
  { head: 'convolutions', align: 'left', text: ({ variant }) => variant },
  { head: 'ms a step', text: ({ ms }) => milliseconds(ms) },
  { head: 'samples/s', text: ({ samplesPerSecond }) => samplesPerSecond.toPrecision(3) },
  { head: '× base', text: ({ overBase }) => overBase.toFixed(2) },
  { head: '× base free of columns', text: ({ overFreeOfColumns }) => overFreeOfColumns.toFixed(2) },
  { head: 'peak', text: ({ peakBytes }) => megabytes(peakBytes) },
];
