import { lines, plainTable, right } from '../../src/cli/columns.js';
import type { Contender } from './compare.js';
import { arrowSigns, figure, percent, scientific, sizes } from './format.js';
import type { DemoReport } from './report.js';
import type { Score } from './score.js';

/** The outcome of the demo as text: clip and layer, times and errors, accuracy, and where the page is. */
export function demoSummary(report: DemoReport, page: string): string {
  const { clip, bank, comparison, score, machine } = report;
  const { inputShape, outputShape, winograd, direct, speedUp } = comparison;
  return lines([
    entry('clip', `${clip.name}: ${clip.frames} frames of ${clip.width}×${clip.height}`),
    ...clip.notes.map((note) => entry('', note)),
    entry(
      'layer',
      `${sizes(inputShape)} → ${sizes(outputShape)}, ${bank.filters} filters of ${sizes(bank.kernel)}`,
    ),
    entry(
      'machine',
      `${machine.cpu}, ${machine.isa}, ${machine.threads} thread${machine.threads === 1 ? '' : 's'}`,
    ),
    '',
    times([winograd, direct]),
    '',
    `Winograd runs at ${figure(speedUp)}× the speed of direct convolution. Effective GFLOP/s: flops of direct convolution`,
    'over time. Errors: against double precision, relative to the root mean square of the answers.',
    '',
    ...(score ? accuracy(score) : []),
    entry('page', page),
  ]);
}

function times(contenders: readonly Contender[]): string {
  const table = plainTable();
  table.push(['', ...['time', 'effective GFLOP/s', 'RMS error', 'largest error'].map(right)]);
  for (const { name, milliseconds, effectiveGflops, error } of contenders)
    table.push([
      name,
      right(`${figure(milliseconds)} ms`),
      right(figure(effectiveGflops)),
      right(scientific(error.rms)),
      right(scientific(error.largest)),
    ]);
  return table.toString();
}

function accuracy(score: Score): string[] {
  const each = score.confusion.map(
    (row, direction) => `${arrowSigns[direction]} ${percent(row[direction]!)}`,
  );
  return [
    entry(
      'direction',
      `right (within 22.5°) for ${percent(score.accuracy)} of ${score.counted} moving pixels, off by ${score.meanAngle.toFixed(1)}° on average`,
    ),
    entry('', each.join('  ')),
  ];
}

function entry(name: string, text: string): string {
  return `${name.padEnd(10)}${text}`;
}
