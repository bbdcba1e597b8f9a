import { Fraction } from 'fraction.js';
import { apply } from '../../../synth/algebra/matrix.js';
import type { Bilinear } from '../../../synth/core/transform.js';

/** Runs A[(C g) ⊙ (B d)] exactly. */
export function run({ A, B, C }: Bilinear, kernel: readonly number[], data: readonly number[]): number[] {
  const exact = (values: readonly number[]) => values.map((value) => new Fraction(value));
  const [left, right] = [apply(C, exact(kernel)), apply(B, exact(data))];
  return apply(
    A,
    left.map((value, t) => value.mul(right[t]!)),
  ).map(Number);
}

/** Small integers of both signs, other ones for each start. */
export function numbers(length: number, start: number): number[] {
  return Array.from({ length }, (_, i) => ((start + 5 * i) % 13) - 6);
}
