import { randomNumbers } from '../../synth/random.js';
import type { Clip, GroundTruth, Motion } from './clip.js';

import { type Band, bandTexture, type Texture } from './texture.js';

/** Size and looks of the rendered scene. */
export interface SceneOptions {
  /** Frames of the clip; 22 by default. */
  readonly frames?: number;
  /** Side of the square picture in pixels, three cells wide; 216 by default. */
  readonly size?: number;
  /** Frequencies of the textures, cycles per pixel; 0.1 to 0.25 by default. */
  readonly band?: Band;
  /** How many times as fast as 0.6 to 1.4 pixels per frame; 1 by default. */
  readonly pace?: number;
  /** The share of a frame's time in which the shutter is open, which blurs what moves; 0 by default. */
  readonly exposure?: number;
  /** 7 by default. */
  readonly seed?: number;
}

/** Speeds in pixels per frame, cell by cell; neighbours differ. */
const speeds = [0.8, 1.2, 0.6, 1.4, 1, 0.7, 1.3, 0.9];
/** Radius of a disc in cells; the rest of the cell stays still. */
const radius = 0.43;
const mean = 128;
/** Times around a frame's at which an open shutter is sampled, in shares of the exposure. */
const shutterMoments = Array.from({ length: 8 }, (_, i) => (i - 3.5) / 8);
/** Grey levels: standard deviation of the textures, and half the width of the sensor's (uniform) noise. */
const contrast = 40;
const noise = 6;

/**
 * The scene whose motion is known: a still textured ground with eight round windows in a ring, and behind each
 * a texture that drifts towards the side on which the window lies (the right one to the right, the upper left
 * one to the upper left …), each at a speed of its own. 8-bit luma with noise, as from a camera.
 */
export function renderScene(options: SceneOptions = {}): Clip {
  const {
    frames = 22,
    size = 216,
    band = { low: 0.1, high: 0.25 },
    seed = 7,
    pace = 1,
    exposure = 0,
  } = options;
  const random = randomNumbers(seed);
  const truth = layOut(size, pace);
  const moments = exposure === 0 ? [0] : shutterMoments.map((moment) => exposure * moment);
  const ground = sample(bandTexture(band, random), size);
  const textures = truth.motions.map(() => bandTexture(band, random));
  const luma = new Float32Array(frames * size * size);
  for (let frame = 0; frame < frames; frame++) {
    for (let pixel = 0; pixel < size * size; pixel++) {
      const region = truth.region[pixel]!;
      const [x, y] = [pixel % size, Math.floor(pixel / size)];
      const drift = (moment: number) =>
        drifted(textures[region]!, truth.motions[region]!, x, y, frame + moment) / moments.length;
      const value = region < 0 ? ground[pixel]! : moments.reduce((sum, moment) => sum + drift(moment), 0);
      const seen = mean + contrast * value + noise * (2 * random() - 1);
      luma[frame * size * size + pixel] = Math.min(255, Math.max(0, Math.round(seen)));
    }
  }
  return { name: 'rendered scene', frames, height: size, width: size, luma, notes: [], truth };
}

/** Brightness at (x, y) and a time in frames of a texture that moves; up is −y in the picture. */
function drifted(texture: Texture, motion: Motion, x: number, y: number, time: number): number {
  const way = motion.speed * time;
  return texture(x - way * Math.cos(motion.direction), y + way * Math.sin(motion.direction));
}

function layOut(size: number, pace: number): GroundTruth {
  const cell = size / 3;
  const motions: Motion[] = [];
  const region = new Int8Array(size * size).fill(-1);
  for (const row of [-1, 0, 1]) {
    for (const column of [-1, 0, 1]) {
      if (row === 0 && column === 0) continue;
      const [x, y] = [(column + 1.5) * cell - 0.5, (row + 1.5) * cell - 0.5];
      for (let pixel = 0; pixel < size * size; pixel++) {
        const distance = Math.hypot((pixel % size) - x, Math.floor(pixel / size) - y);
        if (distance <= radius * cell) region[pixel] = motions.length;
      }
      motions.push({ direction: Math.atan2(-row, column), speed: pace * speeds[motions.length]! });
    }
  }
  return { region, motions };
}

function sample(texture: Texture, size: number): Float32Array {
  return Float32Array.from({ length: size * size }, (_, pixel) =>
    texture(pixel % size, Math.floor(pixel / size)),
  );
}
