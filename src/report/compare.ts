import type { ReportData } from './data.js';
import { digits, type Table, tableOf } from './section.js';
import { sectionsOf } from './write.js';

/** A number that two reports have, and the second as a multiple of the first. */
export interface Change {
  readonly section: string;
  readonly row: string;
  readonly column: string;
  readonly before: number;
  readonly after: number;
  readonly ratio: number;
}

/** Less is taken for noise: medians on shared machines differ by so much from run to run. */
export const NOISE = 0.1;

/** What differs by more than the noise between two reports, the largest changes first; and how many numbers they share. */
export function changesBetween(before: ReportData, after: ReportData) {
  const known = numbersOf(before);
  const shared = [...numbersOf(after)].flatMap(([key, { value, ...names }]): Change[] => {
    const old = known.get(key)?.value;
    return old === undefined || old === 0
      ? []
      : [{ ...names, before: old, after: value, ratio: value / old }];
  });
  const size = ({ ratio }: Change) => Math.abs(Math.log(ratio));
  const changes = shared.filter((change) => !(size(change) <= Math.log(1 + NOISE)));
  return { shared: shared.length, changes: changes.sort((a, b) => size(b) - size(a)) };
}

/** The same as a table. */
export function changesTable(changes: readonly Change[]): Table {
  return tableOf(changes, [
    { title: 'section', value: ({ section }) => section },
    { title: 'row', value: ({ row }) => row },
    { title: 'number', value: ({ column }) => column },
    { title: 'first', value: (change) => change.before },
    { title: 'second', value: (change) => change.after },
    { title: 'ratio', value: ({ ratio }) => ratio, format: digits(3) },
  ]);
}

/** Every number of every table. Rows are known by what they say in words and by the numbers that name them, and by their place among those that say the same. */
function numbersOf(data: ReportData) {
  const numbers = new Map<string, { section: string; row: string; column: string; value: number }>();
  for (const { title: section, table } of sectionsOf(data)) {
    const seen = new Map<string, number>();
    for (const cells of table?.rows ?? []) {
      const words = cells.filter(({ value }) => typeof value === 'string').slice(0, 2);
      const row = [...words, ...cells.filter(({ names }) => names)].map(({ text }) => text).join(', ');
      const place = seen.get(row) ?? 0;
      seen.set(row, place + 1);
      for (const [i, { value, names }] of cells.entries())
        if (typeof value === 'number' && !names) {
          const column = table!.titles[i]!;
          numbers.set([section, row, place, column].join('|'), { section, row, column, value });
        }
    }
  }
  return numbers;
}
