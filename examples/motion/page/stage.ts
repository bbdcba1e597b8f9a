import { scriptJson } from '../../../src/support/html.js';
import { dataUri, type Png } from '../pictures.js';

/** One step of the player. */
export interface StageFrame {
  /** Number in the clip, from 1. */
  readonly number: number;
  readonly clip: Png;
  readonly motion: Png;
  /** Motion as an SVG path in pixels of the clip. */
  readonly arrows: string;
}

/** What the player shows. */
export interface Stage {
  readonly frames: readonly StageFrame[];
  readonly height: number;
  readonly width: number;
  /** The motion that was rendered, when it is known. */
  readonly truth?: Png;
  readonly wheel: Png;
}

/** Clip, motion found, motion rendered and the legend beside each other, and the controls below. */
export function stageHtml({ frames, height, width, truth, wheel }: Stage): string {
  const steps = frames.map((frame) => ({
    number: frame.number,
    clip: dataUri(frame.clip),
    motion: dataUri(frame.motion),
    arrows: frame.arrows,
  }));
  const first = steps[0]!;
  const screen = (id: string, address: string, alternative: string, over = '') =>
    `<div class="screen"><img id="${id}" src="${address}" width="${width}" height="${height}" alt="${alternative}">${over}</div>`;
  const arrows = `<svg viewBox="0 0 ${width} ${height}" aria-hidden="true">
      <path class="under" d="${first.arrows}"/><path class="over" d="${first.arrows}"/></svg>`;
  const truthFigure =
    truth === undefined
      ? ''
      : `<figure><figcaption><b>Motion rendered</b>the truth to compare with</figcaption>
    ${screen('truth', dataUri(truth), 'The true motion in colour')}</figure>`;
  return `<div class="stage">
  <figure><figcaption><b>Clip</b>what goes in: brightness only</figcaption>
    ${screen('clip', first.clip, 'The clip in grey')}</figure>
  <figure><figcaption><b>Motion found</b>colour: direction, arrows: velocity</figcaption>
    ${screen('motion', first.motion, 'The motion found, in colour', arrows)}</figure>
  ${truthFigure}
  <figure class="legend"><figcaption><b>Colours</b>pixels of this colour move this way</figcaption>
    <img src="${dataUri(wheel)}" alt="Colour wheel: each colour lies in the direction it stands for"></figure>
</div>
<div class="controls">
  <button id="play" type="button">Play</button>
  <input id="slider" type="range" min="0" max="${frames.length - 1}" value="0" aria-label="Frame">
  <output id="shown">frame ${first.number}</output>
  <label><input id="arrows" type="checkbox" checked> arrows</label>
</div>
<script type="application/json" id="frames">${scriptJson(steps)}</script>
<p class="note">Colour and arrows say which way a pixel moves; longer arrows move faster. Grey: it stands still, there is
  nothing to see, or no one velocity explains what the filters see there, as in noise.</p>`;
}
