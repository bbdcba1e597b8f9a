import { type Extents, proveIdentity } from '../core/prove.js';
import type { Bilinear } from '../core/transform.js';

/** A proved bilinear algorithm for a sum of another shape than a tile's correlation. */
export interface Form extends Bilinear, Extents {
  /** Such as `F(4, 3) transposed`. */
  readonly name: string;
  /** What it computes, such as `y[s] = Σ g[t] d[s − t]`. */
  readonly formula: string;
}

/**
 * Proves a form over ℚ and hands it back.
 *
 * @param inputOf the input that tap g brings into output s; one beyond the inputs stands for a known zero
 * @throws VerificationError naming the first entry that differs
 */
export function proved<F extends Form>(form: F, inputOf: (output: number, tap: number) => number): F {
  proveIdentity(form, form, (output, tap, input) => input === inputOf(output, tap));
  return form;
}

/** The name of a tile's algorithm. */
export function tileName({ outputs, taps }: { readonly outputs: number; readonly taps: number }): string {
  return `F(${outputs}, ${taps})`;
}
