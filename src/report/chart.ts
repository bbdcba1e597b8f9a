import { escapeHtml } from '../support/html.js';
import type { Chart } from './section.js';

/** Colours that people with any colour vision tell apart (Okabe & Ito 2008), dark ones first. */
export const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];

/** Sizes of every chart's plot, in pixels. */
export const WIDTH = 620;
export const HEIGHT = 320;

/** Several legends stand under one another: side by side they would widen the figure. */
const BELOW = { bottom: { anchor: 'start', direction: 'vertical' } } as const;

const config = {
  background: 'white',
  padding: 12,
  config: {
    font: 'DejaVu Sans, Arial, sans-serif',
    range: { category: COLOURS },
    bar: { color: COLOURS[0]! },
    axis: { labelFontSize: 12, titleFontSize: 12, labelLimit: 0, titleLimit: 0 },
    legend: {
      labelFontSize: 12,
      titleFontSize: 12,
      labelLimit: 0,
      orient: 'bottom',
      columns: 3,
      layout: BELOW,
    },
    title: { limit: 0 },
  },
} as const;

/** A chart as an SVG document. What marks say by their `description` shows when the pointer rests on them. */
export async function chartSvg(chart: Chart): Promise<string> {
  // Both libraries take a third of a second to load.
  const [{ compile }, { parse, View }] = await Promise.all([import('vega-lite'), import('vega')]);
  const { spec } = compile({ ...config, ...chart } as Chart);
  const svg = await new View(parse(spec), { renderer: 'none' }).toSVG();
  return svg.replaceAll(
    /<path aria-label="([^"]*)"([^>]*?)\/?>(?:<\/path>)?/g,
    '<path aria-label="$1"$2><title>$1</title></path>',
  );
}

/** The same as a PNG of twice the resolution. */
export async function chartPng(svg: string): Promise<Buffer> {
  const { Resvg } = await import('@resvg/resvg-js');
  const image = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: 2 },
    font: { loadSystemFonts: true },
  }).render();
  return image.asPng();
}

/** A chart inside a page, which says what it shows to those who do not see it; and which one of several it is. */
export function figureHtml(svg: string, shows: string, caption?: string): string {
  const labelled = svg.replace('<svg ', `<svg role="img" aria-label="${escapeHtml(shows)}" `);
  const text = caption === undefined ? '' : `<figcaption>${escapeHtml(caption)}</figcaption>`;
  return `<figure>${text}<div class="scroll" tabindex="0">${labelled}</div></figure>`;
}
