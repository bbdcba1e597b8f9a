import type { Sample, TileSize } from './sample.js';

/** Direct convolution of a sample: tiles × kernels × Sᴺ outputs in double and in single precision. */
export function runReference(sample: Sample<TileSize>): { exact: Float64Array; direct: Float32Array } {
  const { transforms, channels, tiles, kernels, data, weights } = sample;
  const inputs = transforms.map(({ outputs, taps }) => outputs + taps - 1);
  const offsets = offsetsOf(
    transforms.map(({ taps }) => taps),
    inputs,
  );
  const starts = offsetsOf(
    transforms.map(({ outputs }) => outputs),
    inputs,
  );
  const plane = inputs.reduce((size, each) => size * each, 1);
  const exact = new Float64Array(tiles * kernels * starts.length);
  const direct = new Float32Array(exact.length);
  let index = 0;
  for (let tile = 0; tile < tiles; tile++)
    for (let kernel = 0; kernel < kernels; kernel++)
      for (const start of starts) {
        let sum = 0;
        let single = 0;
        let weight = kernel * channels * offsets.length;
        for (let channel = 0; channel < channels; channel++) {
          const origin = (tile * channels + channel) * plane + start;
          for (let tap = 0; tap < offsets.length; tap++) {
            // The product of two floats is exact in double precision.
            const product = data[origin + offsets[tap]!]! * weights[weight++]!;
            sum += product;
            single = Math.fround(single + Math.fround(product));
          }
        }
        exact[index] = sum;
        direct[index++] = single;
      }
  return { exact, direct };
}

/** Positions of a box's corners within a larger box, row by row. */
function offsetsOf(box: readonly number[], within: readonly number[]): number[] {
  return box.reduce<number[]>(
    (heads, length, axis) =>
      heads.flatMap((head) => Array.from({ length }, (_, position) => head * within[axis]! + position)),
    [0],
  );
}
