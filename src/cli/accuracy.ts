import type { Comparison } from '../accuracy/compare.js';
import type { Arithmetic } from '../accuracy/experiment.js';
import type { PublishedComparison, Subject } from '../accuracy/published.js';
import { lines, plainTable, right } from './columns.js';

/** One algorithm and its errors for several numbers of channels. */
export interface AccuracyRow {
  readonly outputs: number;
  readonly taps: number;
  readonly products: number;
  readonly moduli: readonly string[];
  readonly productsPerOutput: number;
  readonly results: readonly (Comparison & { readonly channels: number })[];
}

/** Measured error and, in brackets, the predicted one, for each number of channels. */
export function printRows(title: string, rows: readonly AccuracyRow[]): string {
  const table = plainTable();
  const channels = rows[0]!.results.map((each) => each.channels);
  table.push(
    [
      right('products/output'),
      right('T'),
      ...channels.map((count) => right(`${count} channel${count === 1 ? '' : 's'}`)),
      right('(Q/G)^N'),
      'moduli',
    ],
    ...rows.map(({ productsPerOutput, products, results, moduli }) => [
      right(productsPerOutput.toFixed(3)),
      right(products),
      ...results.map((each) => right(pair(each))),
      right(results[0]!.limit.toPrecision(3)),
      moduli.join(', '),
    ]),
  );
  return lines([
    `${title}: mean error as a multiple of direct convolution's,`,
    'measured, and predicted in brackets.',
    '',
    table.toString(),
  ]);
}

const COLUMNS: readonly { title: string; subject: Subject; arithmetic: Arithmetic }[] = [
  { title: 'usual points', subject: 'usual', arithmetic: 'plain' },
  { title: 'best real', subject: 'real', arithmetic: 'plain' },
  { title: 'in our engine', subject: 'real', arithmetic: 'engine' },
  { title: 'quadratic', subject: 'quadratic', arithmetic: 'plain' },
  { title: 'in our engine', subject: 'quadratic', arithmetic: 'engine' },
];

/** The comparison with what is published: one row for each F(S, G). */
export function printPublished(results: readonly PublishedComparison[]): string {
  const table = plainTable();
  const sizes = [...new Set(results.map(({ outputs, taps }) => `${outputs},${taps}`))];
  table.push(
    ['F(S,G)', right('published'), ...COLUMNS.map(({ title }) => right(title)), right('products/output')],
    ...sizes.map((size) => {
      const own = results.filter(({ outputs, taps }) => `${outputs},${taps}` === size);
      const cells = COLUMNS.map(({ subject, arithmetic }) =>
        own.find((each) => each.subject === subject && each.arithmetic === arithmetic),
      );
      const known = own[0]!.published;
      const quadratic = cells.at(-1)!;
      return [
        size,
        right(known === undefined ? '–' : known.toPrecision(3)),
        ...cells.map((each) => right(pair(each!))),
        right(((quadratic.products / quadratic.outputs) ** 2).toFixed(2)),
      ];
    }),
  );
  return lines([
    "Mean error in two dimensions, one channel, as a multiple of direct convolution's: measured, and predicted in",
    'brackets. Published: the best points of Barabasz et al. 2018. Usual points: 0, ±1, ±2, ±1/2, ±3, … and infinity;',
    'best real: the least predicted error with T = D products; quadratic: with one more (products per output at the',
    'right).',
    'Plain arithmetic: row by row, nothing fused, kernels in single precision.',
    '',
    table.toString(),
  ]);
}

function pair({ measured, predicted }: Comparison): string {
  return `${short(measured)} (${short(predicted)})`;
}

function short(value: number): string {
  return value < 1000 ? value.toPrecision(3) : value.toFixed(0);
}
