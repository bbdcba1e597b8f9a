import type { Table } from './section.js';
import type { Drawn } from './write.js';

/** Title and circumstances of a report. */
export interface Head {
  readonly title: string;
  readonly environment: string;
}

/** The report as Markdown, figures as files beside it. */
export function markdownOf({ title, environment }: Head, sections: readonly Drawn[]): string {
  const parts = sections.flatMap(({ title: own, lead, claim, figures, table }) => [
    `## ${own}`,
    lead,
    ...figures.map(({ name, caption }) => `![${caption ?? own}](figures/${name}.svg)`),
    ...(claim === undefined ? [] : [claim]),
    ...(table === undefined ? [] : [markdownTable(table)]),
  ]);
  return `${[`# ${title}`, environment, ...parts].join('\n\n')}\n`;
}

/** Columns of numbers stand at the right. */
export function markdownTable({ titles, rows }: Table): string {
  const escaped = (text: string) => text.replaceAll('|', '\\|');
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  const sides = titles.map((_, i) => (rows.some((row) => typeof row[i]!.value === 'number') ? '--:' : '---'));
  return [line(titles), `|${sides.join('|')}|`, ...rows.map((row) => line(row.map(({ text }) => text)))].join(
    '\n',
  );
}
