import Table from 'cli-table3';
import type { Row } from './row.js';

/** A column: its head and what it says of a row. Numbers stand to the right. */
export interface Column<R> {
  readonly head: string;
  readonly align?: 'left' | 'right';
  text(row: R): string;
}

const DASH = '–';

/** What `npm run bench` prints of a row. */
export const columns: readonly Column<Row>[] = [
  {
    head: 'layer',
    align: 'left',
    text: (row) => (row.batch > 1 ? `${row.layer} N=${row.batch}` : row.layer),
  },
  { head: 'library', align: 'left', text: ({ library }) => library },
  { head: 'algorithm', align: 'left', text: algorithmOf },
  { head: 'isa', align: 'left', text: ({ isa }) => isa ?? DASH },
  { head: 'threads', text: ({ threads }) => String(threads) },
  { head: 'memory', align: 'left', text: (row) => `${row.layout}${row.cold ? ', cold' : ''}` },
  { head: 'min ms', text: ({ minMs }) => milliseconds(minMs) },
  { head: 'median', text: ({ medianMs }) => milliseconds(medianMs) },
  { head: 'GFLOP/s', text: ({ effectiveGflops }) => effectiveGflops.toFixed(0) },
  { head: 'peak', text: ({ fmaPeakGflops }) => fmaPeakGflops.toFixed(0) },
  { head: '× peak', text: ({ overPeak }) => overPeak.toFixed(2) },
  { head: 'error', text: ({ errorOverDirect }) => `${errorOverDirect.toFixed(2)}×` },
  { head: 'in/GEMM/out %', text: ({ stages }) => (stages ? sharesText(stages) : DASH) },
  { head: 'GEMM %', text: ({ gemmUtilisation }) => percent(gemmUtilisation) },
  {
    head: 'block',
    text: ({ block }) => (block ? `${block.tiles}×${block.outChannels}×${block.inChannels}` : DASH),
  },
  { head: 'workspace', text: ({ workspaceBytes }) => megabytes(workspaceBytes) },
  { head: 'weights', text: ({ weightBytes }) => megabytes(weightBytes) },
];

/** What was asked for and, where that leaves it open, what ran. */
export function algorithmOf({ algorithm, runs }: Row): string {
  return algorithm === runs ? algorithm : `${algorithm}: ${runs}`;
}

export function milliseconds(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms >= 1 ? ms.toFixed(2) : ms.toFixed(3);
}

/** `10/74/16` for input transform, products and output transform. */
export function sharesText({ input, product, output }: NonNullable<Row['stages']>): string {
  return [input, product, output].map((share) => (100 * share).toFixed(0)).join('/');
}

export function percent(share: number | null): string {
  return share === null ? DASH : (100 * share).toFixed(0);
}

export function megabytes(bytes: number | null): string {
  return bytes === null ? DASH : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Aligned columns for a terminal. */
export function textTable<R>(rows: readonly R[], shown: readonly Column<R>[]): string {
  const none = ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) =>
    ['', '-mid', '-left', '-right'].map((end) => [`${side}${end}`, '']),
  );
  const table = new Table({
    head: shown.map(({ head }) => head),
    colAligns: shown.map(({ align }) => align ?? 'right'),
    chars: { ...Object.fromEntries(none), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push(shown.map(({ text }) => text(row)));
  return table.toString();
}

/** The same in Markdown. */
export function markdownTable<R>(rows: readonly R[], shown: readonly Column<R>[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(shown.map(({ head }) => head)),
    line(shown.map(({ align }) => (align === 'left' ? '---' : '---:'))),
    ...rows.map((row) => line(shown.map(({ text }) => text(row)))),
  ].join('\n');
}
