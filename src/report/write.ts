import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../support/files.js';
import { chartPng, chartSvg } from './chart.js';
import { DATA_FILE, environmentText, type ReportData, writeData } from './data.js';
import { experiments } from './experiments/index.js';
import { type Head, markdownOf } from './markdown.js';
import { pageOf } from './page.js';
import type { Section, Table } from './section.js';

/** A drawing inside a section. */
export interface Figure {
  /** The name of its files. */
  readonly name: string;
  readonly svg: string;
  /** Which one it is, where there are several. */
  readonly caption?: string;
}

/** A section with its drawings. */
export interface Drawn extends Omit<Section, 'chart'> {
  /** The name of its table's file. */
  readonly id: string;
  readonly figures: readonly Figure[];
}

const TITLE = 'Fast convolution on this machine';

/**
 * Draws a report from what was measured: index.html, which needs nothing else; report.md; figures as SVG and PNG; tables
 * as CSV; and the data.
 *
 * @returns the page's path
 * @throws the system's error for a folder that cannot be written
 */
export async function writeReport(data: ReportData, folder: string): Promise<string> {
  const sections = await Promise.all(
    sectionsOf(data).map(async ({ chart, ...section }): Promise<Drawn> => {
      const figures = chart === undefined ? [] : [{ name: section.id, svg: await chartSvg(chart) }];
      return { ...section, figures };
    }),
  );
  const page = await writePages({ title: TITLE, environment: environmentText(data) }, sections, data, folder);
  await writeData(join(folder, DATA_FILE), data);
  return page;
}

/**
 * Writes sections as a page, as Markdown, and their figures and tables as files.
 *
 * @param data JSON, which the page offers as a file
 * @returns the page's path
 */
export async function writePages(
  head: Head,
  sections: readonly Drawn[],
  data: unknown,
  folder: string,
): Promise<string> {
  await Promise.all(['figures', 'tables'].map((name) => mkdir(join(folder, name), { recursive: true })));
  const put = (path: string, content: string | Uint8Array) =>
    writeWhole(join(folder, path), [Buffer.from(content)]);
  for (const { id, figures, table } of sections) {
    for (const { name, svg } of figures) {
      await put(`figures/${name}.svg`, svg);
      await put(`figures/${name}.png`, await chartPng(svg));
    }
    if (table !== undefined) await put(`tables/${id}.csv`, csvOf(table));
  }
  await put('report.md', markdownOf(head, sections));
  await put('index.html', pageOf(head, sections, data));
  return join(folder, 'index.html');
}

/** What the report says, experiment by experiment; those of which nothing was measured are left out. */
export function sectionsOf({ results }: ReportData): readonly (Section & { readonly id: string })[] {
  return experiments.flatMap((experiment) => {
    const prefix = `${experiment.id}/`;
    const own = Object.entries(results).filter(([key]) => key.startsWith(prefix));
    const parts = new Map(own.map(([key, result]) => [key.slice(prefix.length), result]));
    return parts.size === 0 ? [] : [{ id: experiment.id, ...experiment.present(parts) }];
  });
}

/** RFC 4180. */
export function csvOf({ titles, rows }: Table): string {
  const cell = (value: string | number | undefined) => {
    const text = String(value ?? '');
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [titles, ...rows.map((row) => row.map(({ value }) => value))];
  return lines.map((line) => `${line.map(cell).join(',')}\r\n`).join('');
}
