/** A picture without end: brightness (mean 0, variance 1) at any real position in pixels. */
export type Texture = (x: number, y: number) => number;

/** A band of spatial frequencies in cycles per pixel. */
export interface Band {
  readonly low: number;
  readonly high: number;
}

/** Enough plane waves that no patch of a few wavelengths shows one of them alone. */
const waveCount = 48;

/**
 * A random texture of one frequency band: a sum of plane waves in all directions.
 *
 * It is defined between the pixels as well as on them, so a shift by any fraction of a pixel is exact and the
 * rendered motion is the motion stated, not an interpolation's.
 *
 * @param band below half a cycle per pixel, else the texture aliases
 * @param random uniform numbers in [0, 1)
 */
export function bandTexture(band: Band, random: () => number): Texture {
  const waves = Array.from({ length: waveCount }, () => {
    const frequency = 2 * Math.PI * (band.low + (band.high - band.low) * random());
    const angle = 2 * Math.PI * random();
    return { x: frequency * Math.cos(angle), y: frequency * Math.sin(angle), phase: 2 * Math.PI * random() };
  });
  const scale = Math.sqrt(2 / waveCount);
  return (x, y) => {
    let sum = 0;
    for (const wave of waves) sum += Math.cos(wave.x * x + wave.y * y + wave.phase);
    return scale * sum;
  };
}
