import { expected } from '../../synth/errors.js';
import type { NativeActivation } from '../native/addon.js';

/**
 * What a layer does to its sums on their way out: nothing, max(v, 0), min(max(v, 0), 6), a slope for negative
 * values, or limits.
 */
export type Activation =
  | 'none'
  | 'relu'
  | 'relu6'
  | { readonly leakyRelu: number }
  | { readonly clip: readonly [low: number, high: number] };

const NAMED: Readonly<Record<string, NativeActivation>> = {
  none: { slope: 1, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY },
  relu: { slope: 0, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY },
  relu6: { slope: 0, low: Number.NEGATIVE_INFINITY, high: 6 },
};

/**
 * The engine's one form of every activation.
 *
 * @throws InputError for anything that is not an {@link Activation}
 */
export function activationOf(activation: Activation): NativeActivation {
  if (typeof activation === 'string' && Object.hasOwn(NAMED, activation)) return NAMED[activation]!;
  if (typeof activation === 'object' && activation !== null && Object.keys(activation).length === 1) {
    if ('leakyRelu' in activation && isNumber(activation.leakyRelu))
      return { ...NAMED.none!, slope: activation.leakyRelu };
    if ('clip' in activation && Array.isArray(activation.clip) && activation.clip.length === 2) {
      const [low, high] = activation.clip;
      if (isNumber(low) && isNumber(high) && low <= high) return { slope: 1, low, high };
    }
  }
  throw expected(
    'activation',
    "'none', 'relu', 'relu6', { leakyRelu: slope } or { clip: [low, high] }",
    activation,
  );
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && !Number.isNaN(value);
}
