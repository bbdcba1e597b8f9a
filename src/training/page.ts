import { escapeHtml, SCROLL_STYLE } from '../support/html.js';
import type { Epoch } from './train.js';

/** The losses of all steps and their mean over the last tenth of an epoch, as an SVG document. */
export async function lossCurve(epochs: readonly Epoch[]): Promise<string> {
  const [{ compile }, { parse, View }] = await Promise.all([import('vega-lite'), import('vega')]);
  const losses = epochs.flatMap(({ losses: own }) => own);
  const width = Math.max(1, Math.round(losses.length / Math.max(1, epochs.length) / 4));
  const values = losses.map((loss, i) => {
    const near = losses.slice(Math.max(0, i - width + 1), i + 1);
    return { step: i + 1, loss, mean: near.reduce((sum, each) => sum + each, 0) / near.length };
  });
  const x = { field: 'step', type: 'quantitative' as const, title: 'step' };
  const { spec } = compile({
    width: 640,
    height: 300,
    background: 'white',
    data: { values },
    layer: [
      {
        mark: { type: 'line', color: '#a6cee3', strokeWidth: 1 },
        encoding: { x, y: { field: 'loss', type: 'quantitative', title: 'loss (from 0)' } },
      },
      {
        mark: { type: 'line', color: '#08519c', strokeWidth: 2 },
        encoding: { x, y: { field: 'mean', type: 'quantitative' } },
      },
    ],
  });
  return new View(parse(spec), { renderer: 'none' }).toSVG();
}

/** What a page about a training says. */
export interface TrainingPage {
  readonly title: string;
  /** One paragraph of text. */
  readonly lead: string;
  readonly epochs: readonly Epoch[];
  /** HTML between the curve and the table. */
  readonly examples?: string;
  /** One line about machine and version. */
  readonly footer: string;
}

/** One HTML file that needs nothing else: the loss curve, whatever examples there are, and a table of the epochs. */
export async function trainingPage({
  title,
  lead,
  epochs,
  examples = '',
  footer,
}: TrainingPage): Promise<string> {
  const curve = await lossCurve(epochs);
  const tested = epochs.some(({ test }) => test !== undefined);
  const percent = (share: number | undefined) =>
    share === undefined ? '–' : `${(100 * share).toFixed(1)} %`;
  const row = (tag: 'th' | 'td', cells: readonly string[]) =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  const heads = ['epoch', 'loss', ...(tested ? ['test, top 1', 'top 5'] : []), 'samples/s'];
  const rows = epochs.map(({ epoch, loss, test, samplesPerSecond }) => {
    const scores = tested ? [percent(test?.top1), percent(test?.top5)] : [];
    return row('td', [`${epoch}`, loss.toFixed(4), ...scores, samplesPerSecond.toFixed(0)]);
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
:root { color-scheme: light dark; --paper: light-dark(#fbfaf7, #141518); --ink: light-dark(#1d1d1f, #e9e8e4);
  --soft: light-dark(#63625d, #a3a29c); --line: light-dark(#e4e2dc, #303238); }
body { margin: 0 auto; max-width: 48rem; padding: 2.5rem 1.25rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 ui-sans-serif, system-ui, "Segoe UI", Arial, "DejaVu Sans", sans-serif; }
h1 { font-size: 2rem; line-height: 1.2; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
figure { margin: 1.5rem 0; } figure svg { width: 100%; height: auto; border-radius: .5rem; background: #fff; }
figcaption, footer { color: var(--soft); font-size: .875rem; }
${SCROLL_STYLE}
table { border-collapse: collapse; min-width: 28rem; }
td, th { text-align: right; padding: .25rem .9rem; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; }
.answers { display: grid; grid-template-columns: repeat(auto-fill, minmax(7rem, 1fr)); gap: 1rem; }
.answers figure { margin: 0; } .answers img { width: 100%; image-rendering: pixelated; border-radius: .4rem; }
.slices { display: grid; grid-template-columns: repeat(3, 1fr); gap: .75rem; }
.slices figure { margin: 0; } .slices img { width: 100%; image-rendering: pixelated; border-radius: .4rem; }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(lead)}</p>
<figure>${curve}<figcaption>The loss of every step (pale) and its mean over a quarter of an epoch (dark): it should fall and level off.</figcaption></figure>
${examples}
<h2>Epochs</h2>
<div class="scroll table" tabindex="0"><table>
${row('th', heads)}
${rows.join('\n')}
</table></div>
<footer><p>${escapeHtml(footer)}</p></footer>
</body>
</html>
`;
}
