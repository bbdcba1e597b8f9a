/** Averages a picture over a Gaussian neighbourhood; returns a new picture. */
export type Blur = (picture: Float32Array) => Float32Array;

/**
 * A separable Gaussian blur for pictures of one size. At the border the weights that remain are scaled up to
 * sum to one, so an even picture stays even.
 *
 * @param sigma standard deviation in pixels; the window ends after three of them
 */
export function gaussianBlur(height: number, width: number, sigma: number): Blur {
  const radius = Math.ceil(3 * sigma);
  const taps = Float64Array.from({ length: 2 * radius + 1 }, (_, tap) =>
    Math.exp(-((tap - radius) ** 2) / (2 * sigma * sigma)),
  );
  const [rowScale, columnScale] = [borderScale(height, taps), borderScale(width, taps)];
  return (picture) => {
    const across = new Float32Array(height * width);
    const result = new Float32Array(height * width);
    for (let row = 0; row < height; row++) {
      const start = row * width;
      for (let tap = 0; tap < taps.length; tap++) {
        const [shift, weight] = [tap - radius, taps[tap]!];
        const end = Math.min(width, width - shift);
        for (let x = Math.max(0, -shift); x < end; x++)
          across[start + x]! += weight * picture[start + x + shift]!;
      }
    }
    for (let row = 0; row < height; row++) {
      for (let tap = 0; tap < taps.length; tap++) {
        const from = row + tap - radius;
        if (from < 0 || from >= height) continue;
        const weight = taps[tap]! * rowScale[row]!;
        for (let x = 0; x < width; x++) result[row * width + x]! += weight * across[from * width + x]!;
      }
      for (let x = 0; x < width; x++) result[row * width + x]! *= columnScale[x]!;
    }
    return result;
  };
}

/** For each position on an axis: one over the sum of the taps that fall inside. */
function borderScale(length: number, taps: Float64Array): Float64Array {
  const radius = (taps.length - 1) / 2;
  return Float64Array.from({ length }, (_, position) => {
    const inside = taps.subarray(Math.max(0, radius - position), Math.max(0, radius + length - position));
    return 1 / inside.reduce((sum, weight) => sum + weight, 0);
  });
}
