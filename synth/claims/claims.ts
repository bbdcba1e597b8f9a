import { fromJSON } from '../core/serialize.js';
import type { Transform } from '../core/transform.js';
import { expected } from '../errors.js';
import type { Figures, VectorFit } from './figures.js';

/** What a file states of a transform, as far as it can be checked; see `verify`. */
export interface Claims {
  /** Q, to six digits. */
  readonly noiseGain?: Figures['noiseGain'];
  /** Of the programs for one axis, a fused multiply-add counted once. */
  readonly operations?: Partial<Figures['operations']>;
  /** The least N, up to 4, for which T^N fills vectors of so many numbers; null for none. */
  readonly fillsVectors?: Partial<VectorFit>;
  /** Tiles on the same transformed kernels: their C is the beginning of the transform's. */
  readonly smaller?: readonly Transform[];
}

/**
 * The claims among the fields of a file that `fromJSON` reads as a transform. Other fields are ignored.
 *
 * @throws InputError naming the claim that is malformed
 */
export function claimsFromJSON(value: object): Claims {
  const { noiseGain, operations, fillsVectors, smaller } = value as Record<string, unknown>;
  return {
    ...(noiseGain !== undefined && { noiseGain: readNumber('noiseGain', noiseGain) }),
    ...(operations !== undefined && {
      operations: readFields('operations', operations, ['A', 'B', 'C'], readNumber),
    }),
    ...(fillsVectors !== undefined && {
      fillsVectors: readFields('fillsVectors', fillsVectors, [4, 8, 16], (name, each) =>
        each === null ? null : readNumber(name, each),
      ),
    }),
    ...(smaller !== undefined && { smaller: readTransforms('smaller', smaller) }),
  };
}

function readNumber(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw expected(name, 'a number', value);
}

function readFields<K extends string | number, V>(
  name: string,
  value: unknown,
  keys: readonly K[],
  read: (name: string, value: unknown) => V,
): Partial<Record<K, V>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw expected(name, `an object with ${keys.join(', ')}`, value);
  const fields = value as Record<string, unknown>;
  const stated = keys.filter((key) => Object.hasOwn(fields, key));
  return Object.fromEntries(
    stated.map((key) => [key, read(`${name}.${key}`, fields[String(key)])]),
  ) as Partial<Record<K, V>>;
}

function readTransforms(name: string, value: unknown): Transform[] {
  if (!Array.isArray(value)) throw expected(name, 'an array of transforms', value);
  return value.map((each) => fromJSON(each));
}
