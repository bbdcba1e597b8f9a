import Table from 'cli-table3';
import { arrowSigns, figure, percent, scientific, sizes } from './format.js';
import type { DemoReport } from './report.js';

/** The outcome as text for a terminal: accuracy, times, errors and where the page is. */
export function summary(report: DemoReport, page: string): string {
  const { clip, bank, comparison, score, machine } = report;
  const { winograd, direct } = comparison;
  const table = new Table({
    head: ['', 'time', 'effective GFLOP/s', 'RMS error', 'largest error'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const { name, milliseconds, effectiveGflops, error } of [winograd, direct])
    table.push([
      name,
      `${figure(milliseconds)} ms`,
      figure(effectiveGflops),
      scientific(error.rms),
      scientific(error.largest),
    ]);
  const lines = [
    `clip      ${clip.name}: ${clip.frames} frames of ${clip.width}×${clip.height}`,
    ...clip.notes.map((note) => `          ${note}`),
    `layer     ${sizes(comparison.inputShape)} → ${sizes(comparison.outputShape)}, ${bank.filters} filters of ${sizes(bank.kernel)}`,
    `machine   ${machine.cpu}, ${machine.isa}, ${machine.threads} thread${machine.threads === 1 ? '' : 's'}`,
    table.toString(),
    'Effective GFLOP/s: flops of direct convolution over time. Errors: against double precision, relative to the RMS answer.',
    `Winograd runs at ${figure(comparison.speedUp)}× the speed of direct convolution.`,
    '',
    ...(score
      ? [
          `direction ${percent(score.accuracy)} of ${score.counted} moving pixels right (within 22.5°), off by ${score.meanAngle.toFixed(1)}° on average`,
          `          ${score.confusion.map((row, k) => `${arrowSigns[k]} ${percent(row[k]!)}`).join('  ')}`,
        ]
      : []),
    `page      ${page}`,
  ];
  return `${lines.join('\n')}\n`;
}
