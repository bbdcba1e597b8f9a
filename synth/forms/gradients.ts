import { transpose } from '../algebra/matrix.js';
import { checkTransform } from '../core/check.js';
import { proveTransform } from '../core/prove.js';
import type { Transform } from '../core/transform.js';
import { type Form, proved, tileName } from './form.js';

/**
 * The transposed algorithm: the full convolution y[s] = Σ_t g[t] d[s−t] of S inputs to D = S+G−1 outputs, by the same T
 * products. Tiles overlap by G−1 outputs, which add up (overlap-add); it is also the adjoint of the forward
 * tile, so it carries gradients from outputs back to inputs.
 *
 * @throws InputError when it is no transform; VerificationError when it is a wrong one
 */
export function transposed(transform: Transform): Form {
  checkTransform(transform);
  const { outputs, taps, products, A, B, C } = transform;
  const form: Form = {
    name: `${tileName(transform)} transposed`,
    formula: 'y[s] = Σ g[t] d[s − t]',
    ...{ outputs: outputs + taps - 1, taps, inputs: outputs, products },
    ...{ A: transpose(B), B: transpose(A), C },
  };
  return proved(form, (s, t) => s - t);
}

/**
 * Backward with respect to the data, tile by tile: S gradients of the input from D gradients of the output, which is a
 * correlation with the kernel reversed, y[s] = Σ_t g[G−1−t] d[s+t]. Only the kernel transform differs from the
 * forward pass: its columns are reversed.
 *
 * @throws InputError when it is no transform; VerificationError when it is a wrong one
 */
export function backwardData(transform: Transform): Form {
  checkTransform(transform);
  const { outputs, taps, products, A, B, C } = transform;
  const form: Form = {
    name: `${tileName(transform)} backward, data`,
    formula: 'y[s] = Σ g[t] d[s + G − 1 − t]',
    ...{ outputs, taps, inputs: outputs + taps - 1, products },
    ...{ A, B, C: C.map((row) => row.toReversed()) },
  };
  return proved(form, (s, t) => s + taps - 1 - t);
}

/**
 * Backward with respect to the weights: F(G, S). The G gradients of the taps are a correlation of the tile's inputs with
 * its S gradients of the output, w[t] = Σ_s y[s] d[s+t]: the roles of A and C change. B stays, so the inputs
 * transformed in the forward pass can be used again.
 *
 * @throws InputError when it is no transform; VerificationError when it is a wrong one
 */
export function backwardWeights(transform: Transform): Transform {
  checkTransform(transform);
  const { outputs, taps, A, C } = transform;
  const turned = { ...transform, outputs: taps, taps: outputs, A: transpose(C), C: transpose(A) };
  proveTransform(turned);
  return turned;
}
