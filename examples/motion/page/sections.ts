import { escapeHtml } from '../../../src/support/html.js';
import type { Comparison, Contender } from '../compare.js';
import { arrowSigns, figure, percent, scientific, sizes } from '../format.js';
import { directionCount, type GaborBank } from '../gabor.js';
import { dataUri, filterPng } from '../pictures.js';
import type { DemoReport } from '../report.js';
import type { Score } from '../score.js';

/** The results that a reader should not have to look for. */
export function tilesHtml({ score, comparison }: DemoReport): string {
  const { winograd, direct, speedUp } = comparison;
  const tiles = [
    ...(score
      ? [
          [
            percent(score.accuracy),
            'of the moving pixels have the right direction (to within 22.5°)',
          ] as const,
        ]
      : []),
    [`${figure(speedUp)} ×`, 'the speed of direct convolution, by Winograd on the same layer and threads'],
    [
      `${figure(winograd.effectiveGflops)}`,
      `effective GFLOP/s by Winograd; direct ${figure(direct.effectiveGflops)}`,
    ],
    [
      scientific(winograd.error.rms),
      `error of Winograd against double precision (RMS, relative); direct ${scientific(direct.error.rms)}`,
    ],
  ] as const;
  const cards = tiles.map(([number, text]) => `<div class="tile"><b>${number}</b><span>${text}</span></div>`);
  return `<div class="tiles">${cards.join('')}</div>`;
}

/** Times and errors of the two algorithms, and their plans in words. */
export function timesHtml(comparison: Comparison): string {
  const { winograd, direct, inputShape, outputShape, directFlops, sampled, difference, tolerance } =
    comparison;
  const best = winograd.milliseconds < direct.milliseconds ? winograd : direct;
  const row = (contender: Contender) => `<tr${contender === best ? ' class="best"' : ''}>
    <th scope="row">${titles[contender.name]}</th>
    <td>${figure(contender.milliseconds)} ms</td>
    <td>${contender.range.map(figure).join(' – ')} ms</td>
    <td>${figure(contender.effectiveGflops)}</td>
    <td>${scientific(contender.error.rms)}</td>
    <td>${scientific(contender.error.largest)}</td></tr>`;
  const plan = ({ name, plan }: Contender) =>
    `<p class="note">${titles[name]}</p><pre class="plan">${escapeHtml(plan)}</pre>`;
  return `<h2>One layer, two algorithms</h2>
<p>The bank is the weights of a single 3-D convolution layer, <span class="shape">${sizes(inputShape)}</span> in, <span class="shape">${sizes(outputShape)}</span> out
  (batch × channels × frames × rows × columns): ${figure(directFlops / 1e9)} GFLOP if done directly.</p>
<div class="scroll table" tabindex="0"><table class="figures"><thead><tr><th></th><th>time (median)</th><th>range</th>
  <th>effective GFLOP/s</th><th>RMS error</th><th>largest error</th></tr></thead>
<tbody>${row(winograd)}${row(direct)}</tbody></table></div>
<p class="note">Effective GFLOP/s is the flops of direct convolution divided by the time, so a fast algorithm may
  exceed the machine's peak. Errors are relative to the root mean square of the answers, on ${sampled} answers
  computed by the definition in double precision. Before any time was taken, all answers of the two were compared:
  they differ by ${scientific(difference)} at most, where rounding explains up to ${scientific(tolerance)}.</p>
<details><summary>The plans</summary>${plan(winograd)}${plan(direct)}</details>`;
}

const titles = { winograd: 'Winograd', direct: 'Direct' } as const;

/** A moving picture of every even filter: a row for each speed, a column for each direction. */
export function filtersHtml(bank: GaborBank): string {
  const [frames, rows, columns] = bank.kernel;
  const speeds = [...new Set(bank.pairs.map(({ speed }) => speed))];
  const cell = (speed: number, direction: number) => {
    const pair = bank.pairs.findIndex((each) => each.speed === speed && each.direction === direction);
    if (pair < 0) return '<td></td>';
    const strip = dataUri(filterPng(bank, 2 * pair));
    return `<td><span class="filter" style="background-image:url(${strip})"></span></td>`;
  };
  const all = Array.from({ length: directionCount }, (_, direction) => direction);
  const line = (speed: number) =>
    `<tr><th scope="row">${speed === 0 ? 'still' : `${speed} px/frame`}</th>${all.map((each) => cell(speed, each)).join('')}</tr>`;
  return `<h2>The filters</h2>
<p>${2 * bank.pairs.length} Gabor filters of ${frames} frames × ${rows} × ${columns} pixels: stripes
  ${figure(1 / bank.frequency)} pixels apart that travel in a direction at a speed, under a Gaussian window. Shown is the
  even filter of each pair; the odd one is a quarter of a wave behind it.</p>
<style>@keyframes strip { ${keyframes(frames)} }</style>
<div class="scroll table" tabindex="0"><table class="filters"><thead><tr><th></th>${all
    .map((each) => `<th scope="col">${arrowSigns[each]}</th>`)
    .join('')}</tr></thead><tbody>${speeds.map(line).join('')}</tbody></table></div>`;
}

/** One frame of the strip after the other, without sliding. */
function keyframes(frames: number): string {
  return Array.from({ length: frames }, (_, frame) => {
    const [from, to] = [(100 * frame) / frames, (100 * (frame + 1)) / frames - 0.01];
    const position = frames === 1 ? 0 : (100 * frame) / (frames - 1);
    return `${from.toFixed(2)}%, ${to.toFixed(2)}% { background-position: 0 ${position.toFixed(3)}%; }`;
  }).join(' ');
}

/** Which direction was found where which was true. */
export function scoreHtml(score: Score): string {
  const head = arrowSigns.map((sign) => `<th scope="col">${sign}</th>`).join('');
  const row = (shares: readonly number[], direction: number) =>
    `<tr><th scope="row">${arrowSigns[direction]}</th>${shares.map(cell).join('')}</tr>`;
  const cell = (share: number) =>
    `<td style="--share:${share.toFixed(4)}"${share > 0.5 ? ' class="strong"' : ''}>${share < 5e-4 ? '·' : (100 * share).toFixed(1)}</td>`;
  return `<h2>How right it is</h2>
<p>Every pixel of the eight moving discs counts, up to their very edge, in every frame: ${score.counted} in all. Of
  these, <b>${percent(score.accuracy)}</b> are nearer to the true direction than to a neighbouring one (within 22.5° of it);
  they are off by ${score.meanAngle.toFixed(1)}° on average. Of these pixels the filters are sure of ${percent(score.sure)}, and right for
  ${percent(score.accuracyWhereSure)} of those; of the still ground, ${percent(score.stillness)} is left grey.</p>
<div class="scroll table" tabindex="0"><table class="confusion"><caption>Rows: true direction. Columns: nearest direction found, % of the
  row.</caption><thead><tr><th></th>${head}</tr></thead><tbody>${score.confusion.map(row).join('')}</tbody></table></div>`;
}
