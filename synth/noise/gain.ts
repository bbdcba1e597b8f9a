import { checkBilinear } from '../core/check.js';
import type { Matrix, Transform } from '../core/transform.js';
import { expected } from '../errors.js';

/** The matrices of a bilinear algorithm, of one axis or of all of them together. */
type Matrices = Pick<Transform, 'A' | 'B' | 'C'>;

/**
 * The noise gain Q = sqrt(1/S Σᵢ Σₖ Aᵢₖ² ‖Bₖ‖² ‖Cₖ‖²): by how much the algorithm amplifies a relative error
 * that each product carries on its own, for independent data and kernels (the root mean square over outputs).
 *
 * It does not change when rows are scaled, the gain in N dimensions is the product of the 1-D gains, and with
 * many channels the error of a layer is (Q/G)^N times that of direct convolution.
 *
 * @throws InputError when A, B and C are no matrices of fractions that fit together
 */
export function noiseGain(transform: Matrices): number {
  checkBilinear(transform);
  return Math.sqrt(mean(outputGains(transform)));
}

/** For each output the squared gain Σₖ Aᵢₖ² ‖Bₖ‖² ‖Cₖ‖². */
function outputGains({ A, B, C }: Matrices): number[] {
  const weights = B.map((row, k) => squaredNorm(row) * squaredNorm(C[k]!));
  return A.map((row) => row.reduce((sum, each, k) => sum + each.valueOf() ** 2 * weights[k]!, 0));
}

function squaredNorm(row: Matrix[number]): number {
  return row.reduce((sum, each) => sum + each.valueOf() ** 2, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

/**
 * The expected error of a layer with many channels as a multiple of direct convolution's: Π Q/G over the axes.
 *
 * @param transforms one per axis
 * @throws InputError when there is no axis
 */
export function layerErrorRatio(transforms: readonly Transform[]): number {
  if (transforms.length === 0) throw expected('transforms', 'one per axis', transforms);
  return transforms.reduce((product, each) => product * (noiseGain(each) / each.taps), 1);
}
