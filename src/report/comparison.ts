import { chartSvg, WIDTH } from './chart.js';
import { type Change, changesBetween, changesTable, NOISE } from './compare.js';
import { environmentText, type ReportData } from './data.js';
import type { Chart, Table } from './section.js';
import { type Drawn, type Figure, sectionsOf, writePages } from './write.js';

const SIDES = ['first', 'second'] as const;

/**
 * Writes two reports as one page: what differs by more than the noise, and every figure of both side by side; the same as
 * Markdown, figures as SVG and PNG, tables of what changed as CSV.
 *
 * @returns the page's path
 * @throws the system's error for a folder that cannot be written
 */
export async function writeComparison(
  before: ReportData,
  after: ReportData,
  folder: string,
  { shared, changes } = changesBetween(before, after),
): Promise<string> {
  const reports = [before, after].map((data) => new Map(sectionsOf(data).map((each) => [each.id, each])));
  const ids = [...new Set(reports.flatMap((sections) => [...sections.keys()]))];
  const chart = changes.length > 0 ? changesChart(changes) : undefined;
  const words = {
    id: 'changes',
    title: 'What changed',
    lead: `${changes.length} of the ${shared} numbers that both reports have differ by more than ${100 * NOISE} %; each is a point, the second report’s number over the first’s.`,
    ...(changes.length > 0 && { table: changesTable(changes) }),
  };
  const sections = [
    { ...words, figures: await figuresOf([{ name: words.id, chart }]) },
    ...(await Promise.all(
      ids.map(async (id): Promise<Drawn> => {
        const sides = reports.map((sections) => sections.get(id));
        const [section] = sides.filter((side) => side !== undefined);
        const own = changes.filter((change) => change.section === section!.title);
        const { title, lead } = section!;
        const missing = SIDES.filter((_, i) => sides[i] === undefined);
        const claim =
          missing.length > 0
            ? `Not in the ${missing[0]} report.`
            : own.length === 0
              ? 'Nothing differs by more than the noise.'
              : `${own.length} numbers differ by more than the noise.`;
        const table = own.length > 0 && { table: withoutColumn(changesTable(own), 0) };
        const figures = await figuresOf(
          SIDES.map((side, i) => {
            return { name: `${id}-${side}`, caption: `The ${side} report`, chart: sides[i]?.chart };
          }),
        );
        return { id, title, lead, claim, ...table, figures };
      }),
    )),
  ];
  const environment = SIDES.map((side, i) => `The ${side}: ${environmentText([before, after][i]!)}`).join(
    ' ',
  );
  const head = { title: 'Two reports side by side', environment };
  return writePages(head, sections, { shared, changes, before, after }, folder);
}

/** Those that there are, drawn. */
function figuresOf(
  figures: readonly (Omit<Figure, 'svg'> & { readonly chart: Chart | undefined })[],
): Promise<readonly Figure[]> {
  return Promise.all(
    figures.flatMap(({ chart, ...figure }) =>
      chart === undefined ? [] : [chartSvg(chart).then((svg) => ({ ...figure, svg }))],
    ),
  );
}

/** A table without the column that says the same in each row. */
function withoutColumn({ titles, rows }: Table, column: number): Table {
  return { titles: titles.toSpliced(column, 1), rows: rows.map((row) => row.toSpliced(column, 1)) };
}

function changesChart(changes: readonly Change[]): Chart {
  return {
    width: WIDTH,
    height: { step: 26 },
    layer: [
      {
        data: {
          // What changed its sign has no place on a logarithmic axis.
          values: changes
            .filter(({ ratio }) => ratio > 0 && Number.isFinite(ratio))
            .map((change) => ({
              ...change,
              says: `${change.row}, ${change.column}: ${change.before.toPrecision(3)} → ${change.after.toPrecision(3)}`,
            })),
        },
        mark: { type: 'point', filled: true, size: 50, opacity: 0.7 },
        encoding: {
          y: { field: 'section', type: 'nominal', title: null, sort: null },
          x: {
            field: 'ratio',
            type: 'quantitative',
            scale: { type: 'log', nice: false, padding: 12 },
            title: 'second over first',
          },
          description: { field: 'says' },
        },
      },
      {
        data: { values: [{}] },
        mark: { type: 'rule', strokeDash: [4, 4], color: 'black' },
        encoding: { x: { datum: 1 } },
      },
    ],
  };
}
