import type { Fraction } from 'fraction.js';
import { ZERO } from '../algebra/rational.js';
import type { Bilinear, Transform } from '../core/transform.js';

/** Where the indices 0, 1, 2, … of a part lie in the whole: at first, first + step, first + 2 · step, … */
export interface Progression {
  readonly first: number;
  readonly step: number;
}

/** One stride-1 correlation F(S, G) as a part of a larger sum. */
export interface Part {
  readonly transform: Transform;
  readonly outputs: Progression;
  readonly taps: Progression;
  readonly inputs: Progression;
}

/**
 * Puts parts together as one bilinear algorithm: each brings its own products, and parts of the same outputs add up.
 *
 * @param extents of the whole; what parts say beyond them is dropped
 */
export function assemble(
  parts: readonly Part[],
  extents: { readonly outputs: number; readonly taps: number; readonly inputs: number },
): Bilinear {
  const rows = parts.map(({ transform, ...at }) => ({
    A: transform.A.map((row, s) => ({ index: at.outputs.first + s * at.outputs.step, row })),
    B: transform.B.map((row) => spread(row, at.inputs, extents.inputs)),
    C: transform.C.map((row) => spread(row, at.taps, extents.taps)),
    zeros: Array<Fraction>(transform.products).fill(ZERO),
  }));
  return {
    A: Array.from({ length: extents.outputs }, (_, s) =>
      rows.flatMap(({ A, zeros }) => A.find(({ index }) => index === s)?.row ?? zeros),
    ),
    B: rows.flatMap(({ B }) => B),
    C: rows.flatMap(({ C }) => C),
  };
}

function spread(row: readonly Fraction[], { first, step }: Progression, length: number): Fraction[] {
  const whole = Array<Fraction>(length).fill(ZERO);
  row.forEach((value, i) => {
    if (first + i * step < length) whole[first + i * step] = value;
  });
  return whole;
}
