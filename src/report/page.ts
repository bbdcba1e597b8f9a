import { escapeHtml, SCROLL_STYLE, scriptJson } from '../support/html.js';
import { figureHtml } from './chart.js';
import type { Head } from './markdown.js';
import type { Table } from './section.js';
import type { Drawn } from './write.js';

const EFFECTIVE =
  'Effective GFLOP/s are the operations of direct convolution over the time that was taken, whatever was done in it: fast algorithms do less, and may pass the peak of the machine. Errors are root mean squares against double precision as multiples of those of direct convolution in single precision, summed in sequence; the accuracy figures have mean errors.';

/**
 * One HTML file that needs nothing else: sections with their drawings and tables, and the data themselves.
 *
 * @param data JSON, offered as a file
 */
export function pageOf({ title, environment }: Head, sections: readonly Drawn[], data: unknown): string {
  const contents = sections.map(({ id, title: own }) => `<li><a href="#${id}">${escapeHtml(own)}</a></li>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
:root { color-scheme: light dark; --paper: light-dark(#fbfaf7, #141518); --ink: light-dark(#1d1d1f, #e9e8e4);
  --soft: light-dark(#5b5a55, #a9a8a2); --line: light-dark(#dedcd5, #34363f); --link: light-dark(#0b5cad, #7db7f0); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 54rem; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 ui-sans-serif, system-ui, "Segoe UI", Arial, "DejaVu Sans", sans-serif; }
h1 { font-size: 2.1rem; line-height: 1.15; margin: 0 0 .75rem; text-wrap: balance; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 3.5rem 0 .5rem; text-wrap: balance; }
a { color: var(--link); } .soft, footer { color: var(--soft); font-size: .9rem; }
ul.contents { columns: 20rem; padding-left: 1.2rem; }
figure { margin: 1.25rem 0; background: #fff; border: 1px solid var(--line); border-radius: .5rem; }
figure svg { display: block; margin: 0 auto; max-width: 100%; height: auto; min-width: 34rem; }
figcaption { color: #5b5a55; font-size: .9rem; padding: .5rem .75rem 0; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 0 1rem;
  width: min(100vw - 2.5rem, 78rem); margin-left: calc(50% - min(50vw - 1.25rem, 39rem)); }
.pair figure svg { min-width: 0; }
${SCROLL_STYLE}
table { border-collapse: collapse; font-size: .9rem; width: 100%; }
td, th { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
details { margin: .75rem 0; } summary { cursor: pointer; color: var(--link); }
@media print { body { max-width: none; padding: 0; } section { break-inside: avoid-page; } .scroll { overflow: visible; }
  td, th { white-space: normal; } details::details-content { display: block; } }
</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p class="soft">${escapeHtml(environment)}</p>
<p>${escapeHtml(EFFECTIVE)}</p>
<ul class="contents">${contents.join('')}</ul>
</header>
<main>
${sections.map(sectionHtml).join('\n')}
</main>
<footer><p><a id="raw" download="report.json" href="#">What was measured, as JSON</a></p></footer>
<script type="application/json" id="data">${scriptJson(data)}</script>
<script>
const raw = new Blob([document.getElementById('data').textContent], { type: 'application/json' });
document.getElementById('raw').href = URL.createObjectURL(raw);
</script>
</body>
</html>
`;
}

function sectionHtml({ id, title, lead, claim, figures, table }: Drawn): string {
  const drawings = figures.map(({ svg, caption }) => figureHtml(svg, lead, caption)).join('\n');
  return `<section id="${id}">
<h2>${escapeHtml(title)}</h2>
<p>${escapeHtml(lead)}</p>
${figures.length > 1 ? `<div class="pair">${drawings}</div>` : drawings}
${claim === undefined ? '' : `<p>${escapeHtml(claim)}</p>`}
${table === undefined ? '' : tableHtml(table, figures.length === 0)}
</section>`;
}

/** Beside a figure the table opens at a click. */
function tableHtml({ titles, rows }: Table, open: boolean): string {
  const isNumber = titles.map((_, i) => rows.some((row) => typeof row[i]!.value === 'number'));
  const cells = (tag: string, texts: readonly string[]) =>
    texts
      .map((text, i) => `<${tag}${isNumber[i] ? ' class="number"' : ''}>${escapeHtml(text)}</${tag}>`)
      .join('');
  const body = rows
    .map(
      (row) =>
        `<tr>${cells(
          'td',
          row.map(({ text }) => text),
        )}</tr>`,
    )
    .join('\n');
  return `<details${open ? ' open' : ''}><summary>All numbers</summary>
<div class="scroll table" tabindex="0"><table><thead><tr>${cells('th', titles)}</tr></thead>
<tbody>${body}</tbody></table></div></details>`;
}
