import type { Transform } from '../synth/index.js';
import type { NativeForm, NativeKernelTransform } from './native.js';
import { nearestDouble } from './rational.js';

/** A transform F(S, G) made ready for the engine and for the planner's estimates. */
export interface AxisAlgorithm {
  readonly transform: Transform;
  /** `F(4, 3)`. */
  readonly name: string;
  /** Identifies the prepared weights: axes with equal keys share their kernel transform. */
  readonly key: string;
  readonly kernel: NativeKernelTransform;
  readonly form: NativeForm;
  /** Noise gain Q over that of direct convolution, G: the error it causes as a multiple of direct's. */
  readonly noise: number;
  /** Non-zero entries of B and A: what one application costs before rows are paired. */
  readonly entries: { readonly input: number; readonly output: number };
}

const known = new WeakMap<Transform, AxisAlgorithm>();

/** Converts the exact matrices to the nearest doubles; once for each transform object. */
export function axisAlgorithm(transform: Transform): AxisAlgorithm {
  let algorithm = known.get(transform);
  if (algorithm === undefined) {
    algorithm = convert(transform);
    known.set(transform, algorithm);
  }
  return algorithm;
}

function convert(transform: Transform): AxisAlgorithm {
  const { outputs, taps, products } = transform;
  const [A, B, C] = [transform.A, transform.B, transform.C].map((matrix) =>
    Float64Array.from(matrix.flat(), nearestDouble),
  ) as [Float64Array, Float64Array, Float64Array];
  return {
    transform,
    name: `F(${outputs}, ${taps})`,
    key: `${products}×${taps}: ${C.join(' ')}`,
    kernel: { taps, products, C },
    form: { outputs, inputs: outputs + taps - 1, offset: 0, products, A, B },
    noise: noiseGain(transform, A, B, C) / taps,
    entries: { input: count(B), output: count(A) },
  };
}

function count(matrix: Float64Array): number {
  return matrix.reduce((sum, entry) => sum + Number(entry !== 0), 0);
}

/** Q = √(1/S Σᵢ Σₖ Aᵢₖ² ‖Bₖ‖² ‖Cₖ‖²), the growth of independent rounding errors. */
function noiseGain(t: Transform, A: Float64Array, B: Float64Array, C: Float64Array): number {
  const square = (row: Float64Array) => row.reduce((sum, entry) => sum + entry * entry, 0);
  const inputs = t.outputs + t.taps - 1;
  let sum = 0;
  for (let k = 0; k < t.products; k++) {
    const column = Float64Array.from({ length: t.outputs }, (_, i) => A[i * t.products + k]!);
    sum +=
      square(column) *
      square(B.subarray(k * inputs, (k + 1) * inputs)) *
      square(C.subarray(k * t.taps, (k + 1) * t.taps));
  }
  return Math.sqrt(sum / t.outputs);
}
