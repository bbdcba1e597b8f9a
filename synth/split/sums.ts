import type { Gaussian } from './gaussian.js';

/** Real and imaginary part, in double precision. */
export type Complex = readonly [number, number];

/** Σ|v|² and Σv² of a complex vector. */
export interface Sums {
  readonly norm: number;
  readonly square: Complex;
}

/** The sums of the vector (1). */
export const ONE_SUMS: Sums = { norm: 1, square: [1, 0] };

/** The sums of a vector over ℚ(i). */
export function sumsOf(vector: readonly Gaussian[]): Sums {
  const entries = vector.map(({ re, im }): Complex => [re.valueOf(), im.valueOf()]);
  return {
    norm: entries.reduce((sum, [re, im]) => sum + re * re + im * im, 0),
    square: entries.reduce<Complex>(
      ([re, im], each) => {
        const [a, b] = product(each, each);
        return [re + a, im + b];
      },
      [0, 0],
    ),
  };
}

/** The sums of a Kronecker product. */
export function times(v: Sums, w: Sums): Sums {
  return { norm: v.norm * w.norm, square: product(v.square, w.square) };
}

/** Σ Re(f·v)² = (|f|² Σ|v|² + Re(f² Σv²))/2. */
export function realNorm({ norm, square }: Sums, factor: Complex): number {
  const [turned] = product(product(factor, factor), square);
  return ((factor[0] ** 2 + factor[1] ** 2) * norm + turned) / 2;
}

function product([a, b]: Complex, [c, d]: Complex): Complex {
  return [a * c - b * d, a * d + b * c];
}
