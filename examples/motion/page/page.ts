import { escapeHtml } from '../../../src/support/html.js';
import { figure, percent, sizes } from '../format.js';
import type { GaborBank } from '../gabor.js';
import type { DemoReport } from '../report.js';
import { script } from './script.js';
import { filtersHtml, scoreHtml, tilesHtml, timesHtml } from './sections.js';
import { type Stage, stageHtml } from './stage.js';
import { style } from './style.js';

/** The whole report as one HTML file that needs nothing else: pictures, style and script are inside. */
export function pageHtml(report: DemoReport, bank: GaborBank, stage: Stage): string {
  const { clip, score, comparison, machine, version } = report;
  const notes = clip.notes.length === 0 ? '' : `<p class="note">${escapeHtml(clip.notes.join(' '))}</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Motion energy: ${escapeHtml(clip.name)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>Which way does every pixel move?</h1>
<p class="lead">${lead(report)}</p>
</header>
${stageHtml(stage)}
${notes}
${tilesHtml(report)}
<h2>How it works</h2>
<p>A pattern that moves leaves slanted stripes in space-time, and a filter with the same slant answers to it. The
  clip goes through ${report.bank.filters} such filters as one 3-D convolution. Each comes as a pair a quarter of a wave
  apart; the sum of their squares is the <b>motion energy</b> for one direction and speed, whatever the pattern's phase.
  Energy one way minus energy the opposite way, divided by all energy, gives the speed across the stripes of each
  orientation, and the velocity that fits all orientations best is the motion of the pixel
  (Adelson &amp; Bergen 1985; Heeger 1987). The filters are tuned to details about ${figure(1 / bank.frequency)} pixels apart
  that move by up to ${figure(fastest(bank))} pixels per frame. The same filters run over the clip at half and at a quarter
  of its size, where coarser details and faster motion come into their reach; what moves too fast at one size, or shows
  nothing there, is taken from the next smaller one. A pixel is coloured as far as there is a pattern, it moves, and one
  velocity explains what all orientations see.</p>
${timesHtml(comparison)}
${score ? scoreHtml(score) : ''}
${filtersHtml(bank)}
<footer>
<p>winograd-nd ${escapeHtml(version)} · ${escapeHtml(machine.cpu)} · ${escapeHtml(machine.isa)} ·
  ${machine.threads} thread${machine.threads === 1 ? '' : 's'} · clip of ${clip.frames} frames of
  ${sizes([clip.width, clip.height])} pixels · all figures in <code>winograd-demo.json</code>, all pictures in
  <code>frames/</code>, velocities in <code>velocity.npy</code></p>
</footer>
<script>${script}</script>
</body>
</html>
`;
}

function fastest({ pairs }: GaborBank): number {
  return Math.max(...pairs.map(({ speed }) => speed));
}

function lead({ clip, score }: DemoReport): string {
  if (!score)
    return `${escapeHtml(clip.name)}, seen by a bank of space-time filters that runs as one 3-D convolution layer.`;
  return `Eight discs of texture drift outwards over a still ground that looks the same. A bank of space-time filters,
  run as one 3-D convolution layer, finds the direction right for ${percent(score.accuracy)} of their pixels.`;
}
