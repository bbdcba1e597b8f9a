/**
 * The oracle: a naive N-dimensional convolution in double precision, written from the definition
 *
 *   y[n, o, x] = act(bias[o] + Σ_i Σ_k weight[o, i, k] · input[n, group(o)·I + i, x·stride + k·dilation − padBegin])
 *
 * It shares no code with the library and knows no blocks, tiles or layouts.
 */

export interface ReferenceProblem {
  /** N, C, then one to three spatial sizes. */
  readonly inputShape: readonly number[];
  /** O, C / groups, then as many kernel sizes. */
  readonly weightShape: readonly number[];
  readonly stride?: readonly number[];
  readonly dilation?: readonly number[];
  /** [before, after] per spatial axis. */
  readonly padding?: readonly (readonly [number, number])[];
  readonly groups?: number;
  /** Applied to the result; default none. */
  readonly activation?: (value: number) => number;
}

export interface ReferenceResult {
  readonly data: Float64Array;
  readonly shape: readonly number[];
}

/** Convolves in f64. With `magnitudes`, sums |weight|·|input| + |bias| instead: the scale of rounding errors. */
export function referenceConvolution(
  problem: ReferenceProblem,
  input: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias?: ArrayLike<number>,
  { magnitudes = false } = {},
): ReferenceResult {
  const [batch = 0, channels = 0, ...space] = problem.inputShape;
  const [outChannels = 0, groupChannels = 0, ...kernel] = problem.weightShape;
  const stride = problem.stride ?? space.map(() => 1);
  const dilation = problem.dilation ?? space.map(() => 1);
  const padding = problem.padding ?? space.map(() => [0, 0] as const);
  const groups = problem.groups ?? 1;
  const outputs = space.map((size, a) =>
    Math.floor(
      (size + padding[a]![0] + padding[a]![1] - dilation[a]! * (kernel[a]! - 1) - 1) / stride[a]! + 1,
    ),
  );
  const shape = [batch, outChannels, ...outputs];
  const data = new Float64Array(volume(shape));
  const size = magnitudes ? Math.abs : (x: number) => x;
  const taps = positions(kernel);
  positions(outputs).forEach((x, point) => {
    for (const k of taps) {
      const at = x.map((p, a) => p * stride[a]! + k[a]! * dilation[a]! - padding[a]![0]);
      if (at.some((p, a) => p < 0 || p >= space[a]!)) continue;
      for (let n = 0; n < batch; n++)
        for (let o = 0; o < outChannels; o++) {
          const firstChannel = Math.floor(o / (outChannels / groups)) * groupChannels;
          let sum = 0;
          for (let i = 0; i < groupChannels; i++) {
            const d = input[(n * channels + firstChannel + i) * volume(space) + offset(at, space)]!;
            const g = weight[(o * groupChannels + i) * taps.length + offset(k, kernel)]!;
            sum += size(d) * size(g);
          }
          data[(n * outChannels + o) * volume(outputs) + point]! += sum;
        }
    }
  });
  for (let i = 0; i < data.length; i++) {
    if (bias) data[i]! += size(bias[Math.floor(i / volume(outputs)) % outChannels]!);
    if (problem.activation && !magnitudes) data[i] = problem.activation(data[i]!);
  }
  return { data, shape };
}

function volume(sizes: readonly number[]): number {
  return sizes.reduce((product, s) => product * s, 1);
}

/** Every index into a box, last axis fastest. */
function positions(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (before, size) => before.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])),
    [[]],
  );
}

function offset(index: readonly number[], sizes: readonly number[]): number {
  return index.reduce((at, i, axis) => at * sizes[axis]! + i, 0);
}
