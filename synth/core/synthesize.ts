import { transpose } from '../algebra/matrix.js';
import { ZERO } from '../algebra/rational.js';
import { normalizeSigns } from '../algebra/rows.js';
import { checkOptions, type OptionNames } from '../options.js';
import { convolution } from './convolution.js';
import { defaultModuli, resolvePoints } from './defaults.js';
import { formatModulus, type ModuliInput, parseModuli, validateModuli } from './moduli.js';
import { nestModuli } from './nesting.js';
import { type OutputsWish, settleOutputs } from './outputs.js';
import { proveTransform } from './prove.js';
import type { Transform } from './transform.js';

/** What to synthesize. S is given, or settled by the moduli, or by vectors to fill: see `settleOutputs`. */
export interface SynthesisOptions extends OutputsWish {
  /**
   * The moduli of Theorem 1, such as `'0, ±1, x^2+1, inf'`, in the order in which their products are to come; by default
   * those of `defaultModuli` in the canonical order, that of `nestModuli`.
   */
  readonly moduli?: ModuliInput | undefined;
}

/** Their names. */
export const SYNTHESIS_OPTIONS: OptionNames<SynthesisOptions> = {
  ...{ outputs: true, taps: true, moduli: true, vectorWidth: true, dims: true },
};

/**
 * Synthesizes F(S, G) from pairwise coprime moduli and proves it (Budden et al. 2017, Theorem 1 and Algorithm 1).
 *
 * The algorithm for the linear convolution of lengths S and G is transposed into the correlation
 * y = A[(C g) ⊙ (B d)]: A comes from evaluating the S-side, C from the kernel's, B from the interpolation.
 *
 * @throws InputError when a size or the moduli are unusable; the message names the offenders
 */
export function synthesize(options: SynthesisOptions): Transform {
  checkOptions('synthesize', options, SYNTHESIS_OPTIONS);
  const { taps, moduli } = options;
  const outputs = settleOutputs(options);
  const inputs = outputs + taps - 1;
  const chosen =
    moduli === undefined ? nestModuli(defaultModuli(outputs, taps), taps).moduli : parseModuli(moduli);
  validateModuli(chosen, inputs);
  const resolved = chosen.map((modulus) => resolvePoints(modulus, outputs, taps));

  const products = convolution(outputs, taps, resolved);
  const transform = normalizeSigns({
    outputs,
    taps,
    products: products.length,
    moduli: resolved.map(formatModulus),
    A: transpose(products.map(({ left }) => [...left])),
    B: products.map(({ back }) => Array.from({ length: inputs }, (_, d) => back[d] ?? ZERO)),
    C: products.map(({ right }) => [...right]),
  });
  proveTransform(transform);
  return transform;
}
