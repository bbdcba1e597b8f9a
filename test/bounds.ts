import type { Transform } from '../synth/transform.js';
import type { ReferenceProblem } from './reference.js';

/*
 * Nested F(S, G) with the absolute values of all matrices, data and weights, in double precision:
 *
 *   |A| [ Σ_channels (|C| |g|) ⊙ (|B| |d|) ] + |bias|
 *
 * No intermediate sum of a Winograd pass, in whatever order it is evaluated, exceeds it; and a pass in which every
 * path has at most c roundings errs by at most c · 2⁻²⁴ times it, to first order.
 */

type Triple<T> = readonly [T, T, T];

/** Bound for each output, N×O×spatial. Axes of a kernel of one carry F(1, 1). */
export function winogradMagnitudes(
  problem: ReferenceProblem,
  transforms: readonly Transform[],
  input: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias?: ArrayLike<number>,
): Float64Array {
  const [batch = 0, channels = 0] = problem.inputShape;
  const [outChannels = 0] = problem.weightShape;
  const space = three(problem.inputShape.slice(2), 1);
  const kernel = three(problem.weightShape.slice(2), 1);
  const padding = three(problem.padding ?? [], [0, 0] as const);
  const out = [0, 1, 2].map((a) => space[a]! + padding[a]![0] + padding[a]![1] - kernel[a]! + 1);
  const axes = three<Absolute>(transforms.map(absolute), one);
  const [A, B, C] = (['A', 'B', 'C'] as const).map((name) => [0, 1, 2].map((a) => axes[a]![name]));

  const kernels = Array.from({ length: outChannels * channels }, (_, i) =>
    along(C!, kernel, (at) => Math.abs(weight[i * volume(kernel) + at]!)),
  );
  const y = new Float64Array(batch * outChannels * volume(out));
  const extents = axes.map((t) => t.B[0]!.length) as unknown as Triple<number>;
  const products = axes.map((t) => t.B.length) as unknown as Triple<number>;
  const outputs = axes.map((t) => t.A.length) as unknown as Triple<number>;
  for (let n = 0; n < batch; n++)
    eachIndex(
      out.map((size, a) => Math.ceil(size / outputs[a]!)),
      (tile) => {
        const first = tile.map((t, a) => t * outputs[a]!);
        const tiles = Array.from({ length: channels }, (_, c) =>
          along(B!, extents, (_, index) => {
            const at = index.map((i, a) => first[a]! + i - padding[a]![0]);
            if (at.some((p, a) => p < 0 || p >= space[a]!)) return 0;
            return Math.abs(input[(n * channels + c) * volume(space) + offset(at, space)]!);
          }),
        );
        for (let o = 0; o < outChannels; o++) {
          const sums = new Float64Array(volume(products));
          for (let c = 0; c < channels; c++)
            for (let p = 0; p < sums.length; p++) sums[p]! += tiles[c]![p]! * kernels[o * channels + c]![p]!;
          const result = along(A!, products, (at) => sums[at]!);
          eachIndex(outputs, (index, i) => {
            const at = index.map((x, a) => first[a]! + x);
            if (at.every((x, a) => x < out[a]!))
              y[(n * outChannels + o) * volume(out) + offset(at, out)] =
                result[i]! + Math.abs(bias?.[o] ?? 0);
          });
        }
      },
    );
  return y;
}

interface Absolute {
  readonly A: number[][];
  readonly B: number[][];
  readonly C: number[][];
}

const one: Absolute = { A: [[1]], B: [[1]], C: [[1]] };

function absolute({ A, B, C }: Transform): Absolute {
  const of = (matrix: Transform['A']) => matrix.map((row) => row.map((entry) => Math.abs(entry.valueOf())));
  return { A: of(A), B: of(B), C: of(C) };
}

/** Multiplies by a matrix along each of three axes. */
function along(
  matrices: readonly number[][][],
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
        result[at]! += row[i]! * values[offset(index.with(axis, i), sizes)]!;
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
