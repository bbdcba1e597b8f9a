import type { Fraction } from 'fraction.js';

/** A dense matrix over ℚ, as rows. */
export type Matrix = Fraction[][];

/** A bilinear map of kernel and data, y = A[(C g) ⊙ (B d)], whatever it computes. */
export interface Bilinear {
  /** Output transform, outputs × products. */
  readonly A: Matrix;
  /** Input transform, products × inputs. */
  readonly B: Matrix;
  /** Kernel transform, products × taps. */
  readonly C: Matrix;
}

/**
 * A bilinear algorithm F(S, G) for the correlation y[s] = Σ_g g[g] d[s+g]:
 * y = A[(C g) ⊙ (B d)] (Budden et al. 2017, equation 1), with A S × T, B T × D and C T × G.
 */
export interface Transform extends Bilinear {
  /** S: outputs of one tile. */
  readonly outputs: number;
  /** G: taps of the kernel. */
  readonly taps: number;
  /** T: scalar products of one tile; D = S+G−1 when all moduli are linear, more with higher degrees. */
  readonly products: number;
  /** The pairwise coprime moduli m⁽ᵏ⁾(x) it was built from, in order; `inf` stands for the point at infinity. */
  readonly moduli: readonly string[];
}
