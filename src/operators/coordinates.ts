/**
 * Where the elements of a resized axis come from. Positions are computed in single precision, as onnxruntime does: at
 * ties of nearest neighbours the last bit decides.
 */

/** An axis that is resized. */
export interface Resizing {
  readonly input: number;
  readonly output: number;
  /** Output over input, as it was asked for. */
  readonly scale: number;
}

type Position = (x: number, axis: Resizing) => number;

const f = Math.fround;
const halfPixel: Position = (x, { scale }) => f(f(f(x + 0.5) / f(scale)) - 0.5);

/** Position on the input of each element of the output, by `coordinate_transformation_mode`. */
export const positions = {
  half_pixel: halfPixel,
  half_pixel_symmetric(x, axis) {
    const adjustment = f(axis.output / f(f(axis.scale) * axis.input));
    const offset = f(f(axis.input / 2) * f(1 - adjustment));
    return f(offset + halfPixel(x, axis));
  },
  pytorch_half_pixel: (x, axis) => (axis.output > 1 ? halfPixel(x, axis) : 0),
  align_corners: (x, { input, output }) => (output === 1 ? 0 : f(f(x * (input - 1)) / (output - 1))),
  asymmetric: (x, { scale }) => f(x / f(scale)),
} satisfies Record<string, Position>;

/** The nearest element to a position, by `nearest_mode`. */
export const roundings = {
  round_prefer_floor: (position: number) => Math.ceil(position - 0.5),
  round_prefer_ceil: (position: number) => Math.floor(position + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** What an interpolated axis sums: input elements and their weights, [tap][output]. */
export interface Taps {
  readonly taps: number;
  readonly indices: Int32Array;
  readonly weights: Float32Array;
}

/** Elements around a position on an axis, with their weights. */
type Around = (position: number, input: number) => readonly (readonly [index: number, weight: number])[];

/** Two neighbours, nearer ones counting more; beyond the edge, the edge. */
export const linear: Around = (position, input) => {
  const at = Math.min(Math.max(position, 0), input - 1);
  const first = Math.floor(at);
  return [
    [first, 1 - (at - first)],
    [Math.min(first + 1, input - 1), at - first],
  ];
};

/**
 * Four neighbours by cubic convolution (Keys 1981, equation 4, with its constant a). Those beyond the edge are the edge, or
 * left out, the others then taking their weight.
 */
export function cubic(a: number, excludesOutside: boolean): Around {
  const near = (t: number) => ((a + 2) * t - (a + 3)) * t * t + 1;
  const far = (t: number) => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  return (position, input) => {
    const first = Math.floor(position);
    const t = position - first;
    const weights = [far(1 + t), near(t), near(1 - t), far(2 - t)];
    const inside = (tap: number) => first - 1 + tap >= 0 && first - 1 + tap < input;
    const counted = weights.map((weight, tap) => (excludesOutside && !inside(tap) ? 0 : weight));
    const sum = excludesOutside ? counted.reduce((total, weight) => total + weight, 0) : 1;
    return counted.map((weight, tap) => [Math.min(Math.max(first - 1 + tap, 0), input - 1), weight / sum]);
  };
}

/** The sums of an axis. */
export function tapsOf(axis: Resizing, position: Position, around: Around): Taps {
  const { input, output } = axis;
  const all = Array.from({ length: output }, (_, x) => around(position(x, axis), input));
  const taps = all[0]?.length ?? 1;
  const indices = new Int32Array(taps * output);
  const weights = new Float32Array(taps * output);
  for (const [x, neighbours] of all.entries())
    for (const [tap, [index, weight]] of neighbours.entries()) {
      indices[tap * output + x] = index;
      weights[tap * output + x] = weight;
    }
  return { taps, indices, weights };
}
