import { SCROLL_STYLE } from '../../../src/support/html.js';

/** Styles of the page: one column of text, light or dark as the reader's system is. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#fbfaf7, #141518);
  --card: light-dark(#ffffff, #1c1e22);
  --ink: light-dark(#1d1d1f, #e9e8e4);
  --soft: light-dark(#63625d, #a3a29c);
  --line: light-dark(#e4e2dc, #303238);
  --accent: light-dark(#0a6b62, #5fd0c2);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 68rem; padding: 3rem 1.5rem 4rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.6 ui-sans-serif, system-ui, "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif;
}
h1 { font-size: 2.25rem; line-height: 1.15; margin: 0 0 .5rem; letter-spacing: -.02em; }
h2 { font-size: 1.25rem; margin: 3.25rem 0 .5rem; letter-spacing: -.01em; }
p { max-width: 46rem; margin: .5rem 0 1rem; }
.lead { font-size: 1.125rem; color: var(--soft); }
.note, figcaption, footer { color: var(--soft); font-size: .875rem; }
.stage { display: flex; flex-wrap: wrap; gap: 1.25rem; margin: 2rem 0 .75rem; align-items: flex-start; }
.stage figure { margin: 0; flex: 1 1 16rem; min-width: 0; }
.stage .legend { flex: 0 0 9rem; text-align: center; }
figcaption { margin-bottom: .4rem; }
figcaption b { color: var(--ink); font-size: 1rem; font-weight: 600; display: block; }
.screen { position: relative; border-radius: .5rem; overflow: hidden; background: #000; line-height: 0; }
.screen img { width: 100%; height: auto; display: block; }
.screen svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.screen path { fill: none; stroke-linecap: round; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.screen .under { stroke: #000; stroke-width: 3.5; opacity: .55; }
.screen .over { stroke: #fff; stroke-width: 1.5; }
.legend img { width: 7rem; height: 7rem; }
.controls { display: flex; gap: .75rem 1.25rem; align-items: center; flex-wrap: wrap; font-size: .875rem; }
.controls input[type=range] { flex: 1 1 12rem; accent-color: var(--accent); }
button {
  font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: .4rem;
  padding: .25rem .9rem; min-width: 5.5rem; cursor: pointer;
}
output, td, .tile b { font-variant-numeric: tabular-nums; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1rem; margin: 2rem 0 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.15rem; }
.tile b { display: block; font-size: 1.9rem; line-height: 1.2; letter-spacing: -.02em; color: var(--accent); }
.tile span { color: var(--soft); font-size: .9rem; line-height: 1.4; display: block; }
${SCROLL_STYLE}
table { border-collapse: collapse; }
th { font-weight: 600; text-align: left; }
.figures { width: 100%; }
.figures th, .figures td { padding: .5rem .9rem .5rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
.figures thead th { color: var(--soft); font-size: .875rem; font-weight: 400; }
.figures td, .figures thead th:not(:first-child) { text-align: right; }
.figures tr.best td, .figures tr.best th { color: var(--accent); }
.plan { white-space: pre-wrap; font: .8125rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace; overflow-x: auto;
  background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .75rem 1rem; margin: .5rem 0; }
summary { cursor: pointer; color: var(--soft); margin-top: .75rem; }
.filters th, .filters td { padding: .3rem; text-align: center; font-weight: 400; }
.filters th:first-child { text-align: right; padding-right: .8rem; color: var(--soft); font-size: .875rem;
  white-space: nowrap; }
.filter { display: inline-block; width: 3.5rem; height: 3.5rem; border-radius: .3rem; image-rendering: pixelated;
  background-size: 100% auto; animation: strip 1.4s infinite; }
@media (prefers-reduced-motion: reduce) { .filter { animation-play-state: paused; animation-delay: -.7s; } }
.confusion td { width: 3.4rem; height: 2.2rem; text-align: center; font-size: .875rem; border: 2px solid var(--paper);
  border-radius: .4rem; background: color-mix(in oklab, var(--accent) calc(var(--share) * 85%), var(--card)); }
.confusion td.strong { color: var(--paper); }
.confusion th { text-align: center; padding: .2rem .6rem; font-size: 1.15rem; font-weight: 400; }
.confusion caption { text-align: left; color: var(--soft); font-size: .875rem; padding-bottom: .5rem; }
code, .shape { white-space: nowrap; }
footer { margin-top: 3.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
code { font: .9em ui-monospace, "DejaVu Sans Mono", monospace; }
`;
