import { chartSvg, WIDTH } from './chart.js';
import { type Change, changesBetween, changesTable, NOISE } from './compare.js';
import { environmentText, type ReportData } from './data.js';
import type { Chart, Section, Table } from './section.js';
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
): Promise<string> {
  const { shared, changes } = changesBetween(before, after);
  const reports = [before, after].map((data) => new Map(sectionsOf(data).map((each) => [each.id, each])));
  const ids = [...new Set(reports.flatMap((sections) => [...sections.keys()]))];
  const overview: Section & { id: string } = {
    id: 'changes',
    title: 'What changed',
    lead: `${changes.length} of the ${shared} numbers that both reports have differ by more than ${100 * NOISE} %; each is a point, the second report’s number over the first’s.`,
    ...(changes.length > 0 && { chart: changesChart(changes), table: changesTable(changes) }),
  };
  const sections = [
    await drawn(overview, [overview], () => undefined),
    ...(await Promise.all(
      ids.map((id) => {
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
        return drawn({ id, title, lead, claim, ...table }, sides, (side) => `The ${SIDES[side]} report`);
      }),
    )),
  ];
  const environment = SIDES.map((side, i) => `The ${side}: ${environmentText([before, after][i]!)}`).join(
    ' ',
  );
  const head = { title: 'Two reports side by side', environment };
  return writePages(head, sections, { shared, changes, before, after }, folder);
}

/** A section under the figures of its sides. */
async function drawn(
  { chart: _, ...section }: Section & { readonly id: string },
  sides: readonly (Section | undefined)[],
  caption: (side: number) => string | undefined,
): Promise<Drawn> {
  const figures = await Promise.all(
    sides.map(async (side, i): Promise<Figure | undefined> => {
      if (side?.chart === undefined) return undefined;
      const text = caption(i);
      const name = sides.length === 1 ? section.id : `${section.id}-${SIDES[i]}`;
      return { name, svg: await chartSvg(side.chart), ...(text !== undefined && { caption: text }) };
    }),
  );
  return { ...section, figures: figures.filter((figure) => figure !== undefined) };
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
