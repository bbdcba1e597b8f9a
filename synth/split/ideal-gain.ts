import type { Point } from '../core/squared-gain.js';
import type { Complex } from './sums.js';

/** The points of each axis; of two conjugate ones only the first counts as given. */
export interface AxisNumbers {
  readonly outputs: number;
  readonly taps: number;
  readonly dims: number;
  readonly real: readonly Point[];
  readonly complex: readonly Complex[];
}

/**
 * The square of the noise gain of `splitTransform`, if the three points of its complex products were spread evenly over
 * the circle: then three real products add 4/3 of the noise of one complex one, and
 * Q² = 4/3 ((R + Z)ᴺ − Rᴺ) + Rᴺ, where R and Z are the sums of ‖a_z‖² ‖b_z‖² ‖c_z‖² / S over an axis' real and complex points.
 */
export function idealSquaredGain({ outputs, taps, dims, real, complex }: AxisNumbers): number {
  const points = [
    ...real.map(([u, w]): Projective => ({ u, re: w, im: 0 })),
    ...complex.flatMap(([re, im]): Projective[] => [
      { u: 1, re, im },
      { u: 1, re, im: -im },
    ]),
  ];
  let realSum = 0;
  let complexSum = 0;
  points.forEach((point, index) => {
    // Conjugates add the same.
    if (point.im < 0) return;
    const weight =
      (powersNorm(outputs, point) * powersNorm(taps, point) * lagrangeNorm(points, index)) / outputs;
    if (index < real.length) realSum += weight;
    else complexSum += 2 * weight;
  });
  return (4 / 3) * ((realSum + complexSum) ** dims - realSum ** dims) + realSum ** dims;
}

/** The point (re + im·i)/u. */
interface Projective {
  readonly u: number;
  readonly re: number;
  readonly im: number;
}

function powersNorm(length: number, { u, re, im }: Projective): number {
  let norm = 0;
  let power = 1;
  for (let i = 0; i < length; i++) {
    norm = norm * u * u + power;
    power *= re * re + im * im;
  }
  return norm;
}

/** Squared norm of the coefficients of Π (u_j x − z_j)/(u_j z − z_j u) over the other points. */
function lagrangeNorm(points: readonly Projective[], index: number): number {
  const at = points[index]!;
  const realParts = new Float64Array(points.length);
  const imaginaryParts = new Float64Array(points.length);
  realParts[0] = 1;
  let degree = 0;
  let scale = 1;
  points.forEach((other, j) => {
    if (j === index) return;
    degree++;
    for (let i = degree; i >= 0; i--) {
      const [lowerReal, lowerImaginary] = i > 0 ? [realParts[i - 1]!, imaginaryParts[i - 1]!] : [0, 0];
      const [re, im] = [realParts[i]!, imaginaryParts[i]!];
      realParts[i] = other.u * lowerReal - (other.re * re - other.im * im);
      imaginaryParts[i] = other.u * lowerImaginary - (other.re * im + other.im * re);
    }
    const [re, im] = [other.u * at.re - other.re * at.u, other.u * at.im - other.im * at.u];
    scale *= re * re + im * im;
  });
  let norm = 0;
  for (let i = 0; i < points.length; i++) norm += realParts[i]! ** 2 + imaginaryParts[i]! ** 2;
  return norm / scale;
}
