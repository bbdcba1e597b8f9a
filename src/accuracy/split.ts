import { type AxisPoint, provedAxis, type SplitOptions } from '../../synth/split/axis.js';
import type { Gaussian } from '../../synth/split/gaussian.js';
import { complexProduct } from '../../synth/split/split.js';
import { compareWithDirect, draw, type MeasuredError } from './experiment.js';
import type { Sample, TileSize } from './sample.js';

/** An algorithm of `splitTransform`, and how it is tried; see `Experiment`. */
export interface SplitExperiment extends SplitOptions {
  readonly channels: number;
  readonly runs: number;
  readonly seed: number;
}

/**
 * The error of an algorithm of `splitTransform` in single precision. Its transforms run axis by axis over complex numbers:
 * dense rows of the same matrices would round more often. Kernels are transformed in double precision and rounded once, as
 * in the engine.
 *
 * @throws InputError as `splitTransform` does, and when there are more data or results than 2²⁷ numbers
 */
export function measureSplit({ channels, runs, seed, ...options }: SplitExperiment): MeasuredError {
  const { outputs, taps, dims } = options;
  const axis = provedAxis(options);
  const sizes = Array.from({ length: dims }, (): TileSize => ({ outputs, taps }));
  const sample = draw({ transforms: sizes, channels, sumBlock: 0, runs, seed });
  return compareWithDirect(sample, runSplit(sample, axis));
}

type Rounding = (value: number) => number;
const inDouble: Rounding = (value) => value;

/** Complex numbers of some shape. */
interface Field {
  readonly shape: readonly number[];
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function runSplit(sample: Sample<TileSize>, axis: readonly AxisPoint[]): Float32Array {
  const { transforms, channels, tiles, kernels, data, weights } = sample;
  const [dims, points] = [transforms.length, axis.length];
  const { outputs, taps } = transforms[0]!;
  const box = (length: number) => Array<number>(dims).fill(length);
  const values = (count: number, length: number, of: Float32Array, part: 'b' | 'c', rounding: Rounding) => {
    const field = {
      shape: [count, ...box(length)],
      re: Float64Array.from(of),
      im: new Float64Array(of.length),
    };
    return alongAll(field, matrixOf(axis, part), rounding);
  };
  const u = values(tiles * channels, points, data, 'b', Math.fround);
  const w = values(kernels * channels, taps, weights, 'c', inDouble);
  const kinds = tupleKinds(axis, dims);
  const triple = complexProduct();
  // Of each tuple what its real products are made of: one, three, or none.
  const rows = kinds.flatMap((kind, tuple) =>
    kind === 'real'
      ? [{ tuple, at: 0, lift: [1, 0] as const }]
      : kind === 'first'
        ? triple.map(({ at, lift: [re, im] }) => ({ tuple, at, lift: [2 * re, 2 * im] as const }))
        : [],
  );
  const plane = kinds.length;
  const dataRows = rowsOf(
    u,
    plane,
    rows.map(({ tuple, lift: [re, im] }) => ({ tuple, re, im: -im })),
    Math.fround,
  );
  const kernelRows = rowsOf(
    w,
    plane,
    rows.map(({ tuple, at }) => ({ tuple, re: 1, im: at })),
    Math.fround,
    inDouble,
  );
  const count = tiles * kernels;
  const sums: Field = {
    shape: [count, ...box(points)],
    re: new Float64Array(count * plane),
    im: new Float64Array(count * plane),
  };
  for (let tile = 0; tile < tiles; tile++)
    for (let kernel = 0; kernel < kernels; kernel++)
      rows.forEach(({ tuple, at }, row) => {
        let sum = 0;
        for (let channel = 0; channel < channels; channel++) {
          const a = dataRows[(tile * channels + channel) * rows.length + row]!;
          const b = kernelRows[(kernel * channels + channel) * rows.length + row]!;
          sum = Math.fround(sum + a * b);
        }
        // Σ (a.re + a.im·x) M over the three is the real part of a times Σ M − i Σ x·M.
        const index = (tile * kernels + kernel) * plane + tuple;
        sums.re[index] = Math.fround(sums.re[index]! + sum);
        sums.im[index] = Math.fround(sums.im[index]! - Math.fround(at * sum));
      });
  const transposed = Array.from({ length: outputs }, (_, s) => axis.map(({ a }) => a[s]!));
  return Float32Array.from(alongAll(sums, transposed, Math.fround).re);
}

function matrixOf(axis: readonly AxisPoint[], part: 'b' | 'c'): readonly (readonly Gaussian[])[] {
  return axis.map((point) => point[part]);
}

/** What tuples of points are, row by row: real; the first or the second of two conjugate ones. */
function tupleKinds(axis: readonly AxisPoint[], dims: number): readonly ('real' | 'first' | 'second')[] {
  return Array.from({ length: axis.length ** dims }, (_, tuple) => {
    for (let k = dims - 1; k >= 0; k--) {
      const index = Math.floor(tuple / axis.length ** k) % axis.length;
      const { mate } = axis[index]!;
      if (mate !== index) return mate > index ? 'first' : 'second';
    }
    return 'real';
  });
}

/** Real combinations of the real and imaginary parts at some tuples, for every item of the first axis. */
function rowsOf(
  { shape, re, im }: Field,
  plane: number,
  rows: readonly { readonly tuple: number; readonly re: number; readonly im: number }[],
  last: Rounding,
  inner: Rounding = last,
): Float64Array {
  const result = new Float64Array(shape[0]! * rows.length);
  for (let item = 0; item < shape[0]!; item++)
    rows.forEach((row, r) => {
      const at = item * plane + row.tuple;
      result[item * rows.length + r] = last(inner(row.re * re[at]!) + inner(row.im * im[at]!));
    });
  return result;
}

/** The n-mode products by one complex matrix along every axis but the first, products and sums rounded one by one. */
function alongAll(field: Field, matrix: readonly (readonly Gaussian[])[], rounding: Rounding): Field {
  const entries = matrix.map((row) => row.map(({ re, im }) => [re.valueOf(), im.valueOf()] as const));
  return field.shape
    .slice(1)
    .reduce((current, _, index) => along(current, index + 1, entries, rounding), field);
}

function along(
  { shape, re, im }: Field,
  axis: number,
  matrix: readonly (readonly (readonly [number, number])[])[],
  rounding: Rounding,
): Field {
  const length = shape[axis]!;
  const inner = shape.slice(axis + 1).reduce((size, each) => size * each, 1);
  const outer = re.length / length / inner;
  const result = {
    shape: shape.map((each, k) => (k === axis ? matrix.length : each)),
    re: new Float64Array(outer * matrix.length * inner),
    im: new Float64Array(outer * matrix.length * inner),
  };
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++)
      matrix.forEach((row, r) => {
        const to = (o * matrix.length + r) * inner + i;
        row.forEach(([u, v], k) => {
          const from = (o * length + k) * inner + i;
          const add = (sum: number, factor: number, value: number) =>
            factor === 0 || value === 0 ? sum : rounding(sum + rounding(factor * value));
          result.re[to] = add(add(result.re[to]!, u, re[from]!), -v, im[from]!);
          result.im[to] = add(add(result.im[to]!, u, im[from]!), v, re[from]!);
        });
      });
  return result;
}
