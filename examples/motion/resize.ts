/** Makes pictures of one size smaller; returns a new picture. */
export type Resize = (picture: ArrayLike<number>) => Float32Array;

/** Height and width. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** The size of the same shape whose longer side is at most `maxSize`; never larger than the original. */
export function fittedSize({ height, width }: Size, maxSize: number): Size {
  const scale = Math.min(1, maxSize / Math.max(height, width));
  return {
    height: Math.max(1, Math.round(height * scale)),
    width: Math.max(1, Math.round(width * scale)),
  };
}

/**
 * Averages over areas: each new pixel is the mean of the part of the old picture that it covers, fractions of
 * pixels included, so that fine texture does not alias into motion that is not there.
 *
 * @param to no larger than `from` on either axis
 */
export function areaResize(from: Size, to: Size): Resize {
  const [rows, columns] = [shares(from.height, to.height), shares(from.width, to.width)];
  return (picture) => {
    const across = new Float32Array(from.height * to.width);
    for (let row = 0; row < from.height; row++)
      columns.forEach(({ start, weights }, x) => {
        let sum = 0;
        for (let i = 0; i < weights.length; i++) sum += weights[i]! * picture[row * from.width + start + i]!;
        across[row * to.width + x] = sum;
      });
    const result = new Float32Array(to.height * to.width);
    rows.forEach(({ start, weights }, y) => {
      for (let i = 0; i < weights.length; i++)
        for (let x = 0; x < to.width; x++)
          result[y * to.width + x]! += weights[i]! * across[(start + i) * to.width + x]!;
    });
    return result;
  };
}

/** For each new pixel of an axis: the first old pixel under it, and the share of each; shares sum to one. */
function shares(from: number, to: number): { start: number; weights: number[] }[] {
  return Array.from({ length: to }, (_, pixel) => {
    const [left, right] = [(pixel * from) / to, ((pixel + 1) * from) / to];
    const start = Math.floor(left);
    const weights = Array.from({ length: Math.ceil(right) - start }, (_, i) => {
      const covered = Math.min(right, start + i + 1) - Math.max(left, start + i);
      return (covered * to) / from;
    });
    return { start, weights };
  });
}
