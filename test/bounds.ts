import type { Bilinear, Matrix } from '../synth/core/transform.js';
import type { ReferenceProblem } from './reference.js';

/*
 * Nested fast convolution with the absolute values of all matrices, data and weights, in double precision:
 *
 *   |A| [ Σ_channels (|C| |g|) ⊙ (|B| |d|) ] + |bias|
 *
 * No intermediate sum of a Winograd pass, in whatever order it is evaluated, exceeds it; and a pass in which every
 * path has at most c roundings errs by at most c · 2⁻²⁴ times it, to first order.
 */

/** One tile along an axis. */
export interface Tile {
  /** Its matrices; only as many rows of the axis' C are used as B has. */
  readonly transform: Pick<Bilinear, 'A' | 'B'>;
  /** First output. */
  readonly start: number;
  /** First input, counted from the first one that is there: negative on padding. */
  readonly input: number;
}

/** The algorithm of one axis. */
export interface TiledAxis {
  readonly C: Matrix;
  readonly tiles: readonly Tile[];
}

type Triple<T> = readonly [T, T, T];
type Rows = readonly (readonly number[])[];

/** Bound for each output, N×O×spatial. */
export function winogradMagnitudes(
  problem: ReferenceProblem,
  tiled: readonly TiledAxis[],
  input: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias?: ArrayLike<number>,
): Float64Array {
  const [batch = 0, channels = 0] = problem.inputShape;
  const [outChannels = 0] = problem.weightShape;
  const space = three(problem.inputShape.slice(2), 1);
  const kernel = three(problem.weightShape.slice(2), 1);
  const padding = three(problem.padding ?? [], [0, 0] as const);
  const stride = three(problem.stride ?? [], 1);
  const out = [0, 1, 2].map(
    (a) => Math.floor((space[a]! + padding[a]![0] + padding[a]![1] - kernel[a]!) / stride[a]!) + 1,
  );
  const axes = three(
    tiled.map(({ C, tiles }) => ({ C: absolute(C), tiles: tiles.map(absoluteTile) })),
    { C: [[1]], tiles: [{ A: [[1]], B: [[1]], start: 0, input: 0 }] },
  );
  const products = axes.map(({ C }) => C.length);
  const kernels = Array.from({ length: outChannels * channels }, (_, i) =>
    along(
      axes.map(({ C }) => C),
      kernel,
      (at) => Math.abs(weight[i * volume(kernel) + at]!),
    ),
  );
  const y = new Float64Array(batch * outChannels * volume(out));
  for (let n = 0; n < batch; n++)
    eachIndex(
      axes.map(({ tiles }) => tiles.length),
      (position) => {
        const tile = position.map((p, a) => axes[a]!.tiles[p]!);
        const used = tile.map(({ B }) => B.length);
        const transformed = Array.from({ length: channels }, (_, c) =>
          along(
            tile.map(({ B }) => B),
            tile.map(({ B }) => B[0]!.length),
            (_, index) => {
              const at = index.map((i, a) => tile[a]!.input + i);
              if (at.some((p, a) => p < 0 || p >= space[a]!)) return 0;
              return Math.abs(input[(n * channels + c) * volume(space) + offset(at, space)]!);
            },
          ),
        );
        for (let o = 0; o < outChannels; o++) {
          const sums = new Float64Array(volume(used));
          eachIndex(used, (index, at) => {
            const product = offset(index, products);
            for (let c = 0; c < channels; c++)
              sums[at]! += transformed[c]![at]! * kernels[o * channels + c]![product]!;
          });
          const result = along(
            tile.map(({ A }) => A),
            used,
            (at) => sums[at]!,
          );
          eachIndex(
            tile.map(({ A }) => A.length),
            (index, i) => {
              const at = index.map((x, a) => tile[a]!.start + x);
              if (at.every((x, a) => x < out[a]!))
                y[(n * outChannels + o) * volume(out) + offset(at, out)] =
                  result[i]! + Math.abs(bias?.[o] ?? 0);
            },
          );
        }
      },
    );
  return y;
}

function absoluteTile({ transform: { A, B }, start, input }: Tile) {
  return { A: absolute(A), B: absolute(B), start, input };
}

function absolute(matrix: Matrix): Rows {
  return matrix.map((row) => row.map((entry) => Math.abs(entry.valueOf())));
}

/** Multiplies by a matrix along each of three axes. */
function along(
  matrices: readonly Rows[],
  extents: readonly number[],
  value: (at: number, index: readonly number[]) => number,
): Float64Array {
  let sizes = [...extents];
  let values = new Float64Array(volume(sizes));
  eachIndex(sizes, (index, at) => {
    values[at] = value(at, index);
  });
  matrices.forEach((matrix, axis) => {
    const next = sizes.with(axis, matrix.length);
    const result = new Float64Array(volume(next));
    eachIndex(next, (index, at) => {
      const row = matrix[index[axis]!]!;
      for (let i = 0; i < row.length; i++)
        if (row[i] !== 0) result[at]! += row[i]! * values[offset(index.with(axis, i), sizes)]!;
    });
    [sizes, values] = [next, result];
  });
  return values;
}

function three<T>(values: readonly T[], fill: T): Triple<T> {
  return [...Array<T>(3 - values.length).fill(fill), ...values] as unknown as Triple<T>;
}

function eachIndex(sizes: readonly number[], visit: (index: number[], at: number) => void): void {
  let at = 0;
  for (let i = 0; i < sizes[0]!; i++)
    for (let j = 0; j < sizes[1]!; j++) for (let k = 0; k < sizes[2]!; k++) visit([i, j, k], at++);
}

function volume(sizes: readonly number[]): number {
  return sizes.reduce((product, size) => product * size, 1);
}

function offset(index: readonly number[], sizes: readonly number[]): number {
  return index.reduce((at, i, axis) => at * sizes[axis]! + i, 0);
}
