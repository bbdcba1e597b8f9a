import { transpose } from '../algebra/matrix.js';
import { ZERO } from '../algebra/rational.js';
import { normalizeSigns } from '../algebra/rows.js';
import { expected } from '../errors.js';
import { checkOptions } from '../options.js';
import { convolution } from './convolution.js';
import { defaultModuli, resolvePoints } from './defaults.js';
import { formatModulus, type ModuliInput, parseModuli, validateModuli } from './moduli.js';
import type { Transform } from './transform.js';
import { verify } from './verify.js';

/** What to synthesize. */
export interface SynthesisOptions {
  /** S: outputs of one tile. */
  outputs: number;
  /** G: taps of the kernel. */
  taps: number;
  /** The moduli of Theorem 1, such as `'0, ±1, x^2+1, inf'`; by default those of `defaultModuli`. */
  moduli?: ModuliInput | undefined;
}

/**
 * Synthesizes F(S, G) from pairwise coprime moduli and proves it (Budden et al. 2017, Theorem 1 and Algorithm 1).
 *
 * The algorithm for the linear convolution of lengths S and G is transposed into the correlation
 * y = A[(C g) ⊙ (B d)]: A comes from evaluating the S-side, C from the kernel's, B from the interpolation.
 *
 * @throws InputError when a size or the moduli are unusable; the message names the offenders
 */
export function synthesize(options: SynthesisOptions): Transform {
  checkOptions('synthesize', options, { outputs: true, taps: true, moduli: true });
  const { outputs, taps, moduli } = options;
  checkSize('outputs', outputs);
  checkSize('taps', taps);
  const inputs = outputs + taps - 1;
  const chosen = moduli === undefined ? defaultModuli(outputs, taps) : parseModuli(moduli);
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
  verify(transform);
  return transform;
}

function checkSize(name: string, size: number): void {
  if (!Number.isInteger(size) || size < 1 || size > MAX_SIZE) {
    throw expected(name, `an integer from 1 to ${MAX_SIZE}`, size);
  }
}

const MAX_SIZE = 64;
