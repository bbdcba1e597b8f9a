import { Tensor } from '../../src/index.js';
import { randomNumbers } from '../../synth/random.js';

/** Frames and the side of a clip's square picture, in pixels. */
export const frames = 8;
export const side = 24;

/** Directions in the order of their classes, counter-clockwise from the right. */
export const directions = [
  ...['right', 'up and right', 'up', 'up and left'],
  ...['left', 'down and left', 'down', 'down and right'],
] as const;

/** Waves that a texture is made of; cycles per pixel at the least and most; share of the sensor's noise. */
const waves = 6;
const [lowest, highest] = [0.06, 0.2];
const noise = 0.3;

/** Clips of textures that drift, each in one of eight directions, at 0.6 to 1.6 pixels per frame. */
export function renderClips(count: number, seed: number): { clip: Tensor; label: Tensor } {
  const random = randomNumbers(seed);
  const clip = new Float32Array(count * frames * side * side);
  const label = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    label[i] = Math.floor(random() * directions.length);
    drift(clip.subarray(i * frames * side * side), (label[i]! * Math.PI) / 4, 0.6 + random(), random);
  }
  return { clip: new Tensor(clip, [count, 1, frames, side, side]), label: new Tensor(label, [count]) };
}

/** Draws one clip; up is −y in the picture. */
function drift(to: Float32Array, direction: number, speed: number, random: () => number): void {
  const texture = Array.from({ length: waves }, () => {
    const [angle, frequency] = [2 * Math.PI * random(), lowest + (highest - lowest) * random()];
    const [x, y] = [2 * Math.PI * frequency * Math.cos(angle), 2 * Math.PI * frequency * Math.sin(angle)];
    return {
      x,
      y,
      t: -speed * (x * Math.cos(direction) - y * Math.sin(direction)),
      phase: 2 * Math.PI * random(),
    };
  });
  const scale = Math.sqrt(2 / waves);
  let at = 0;
  for (let t = 0; t < frames; t++)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        let value = 0;
        for (const wave of texture) value += Math.cos(wave.x * x + wave.y * y + wave.t * t + wave.phase);
        to[at++] = scale * value + noise * (2 * random() - 1);
      }
}
