import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../support/files.js';
import { chartPng, chartSvg } from './chart.js';
import { DATA_FILE, environmentText, type ReportData, writeData } from './data.js';
import { experiments } from './experiments/index.js';
import { markdownOf } from './markdown.js';
import { pageOf } from './page.js';
import type { Section, Table } from './section.js';

/** A section with its drawing. */
export interface Drawn extends Section {
  /** The name of its files. */
  readonly id: string;
  readonly svg?: string;
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
  const sections = await Promise.all(sectionsOf(data).map(drawn));
  await Promise.all(['figures', 'tables'].map((name) => mkdir(join(folder, name), { recursive: true })));
  const put = (path: string, content: string | Uint8Array) =>
    writeWhole(join(folder, path), [Buffer.from(content)]);
  for (const { id, svg, table } of sections) {
    if (svg !== undefined) {
      await put(`figures/${id}.svg`, svg);
      await put(`figures/${id}.png`, await chartPng(svg));
    }
    if (table !== undefined) await put(`tables/${id}.csv`, csvOf(table));
  }
  const head = { title: TITLE, environment: environmentText(data) };
  await put('report.md', markdownOf(head, sections));
  await put('index.html', pageOf(head, sections, data));
  await writeData(join(folder, DATA_FILE), data);
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

async function drawn(section: Section & { readonly id: string }): Promise<Drawn> {
  return section.chart === undefined ? section : { ...section, svg: await chartSvg(section.chart) };
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
