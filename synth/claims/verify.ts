import { equal } from '../algebra/matrix.js';
import { isZero, ONE } from '../algebra/rational.js';
import { type Proof, proveTransform } from '../core/prove.js';
import { synthesize } from '../core/synthesize.js';
import type { Transform } from '../core/transform.js';
import { InputError } from '../errors.js';
import { noiseGain } from '../noise/gain.js';
import { compile } from '../program/compile.js';
import { costOf } from '../program/program.js';
import type { Claims } from './claims.js';
import { fillsVectors, GAIN_DIGITS, operationsOf } from './figures.js';

/** The identity holds, but something else that is said of the algorithm does not. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError';

  /** @param claim which one, as in a file: `noiseGain`, `operations.B` */
  constructor(
    readonly claim: string,
    explanation: string,
  ) {
    super(`The claim ${claim} is wrong: ${explanation}`);
  }
}

/**
 * Proves over ℚ that a transform computes the correlation y[s] = Σ_g g[g] d[s+g], for all kernels and data, and checks
 * what else is said of it: that its products are those of its moduli, if it names any, and every claim.
 *
 * @param claims of a file, as `claimsFromJSON` reads them; none by default
 * @throws VerificationError naming the first coefficient that differs
 * @throws ClaimError naming the first claim that does not hold
 * @throws InputError when it is no transform: sizes, moduli or matrices are missing, or do not fit together
 */
export function verify(transform: Transform, claims: Claims = {}): Proof {
  const proof = proveTransform(transform);
  if (transform.moduli.length > 0) checkModuli(transform);
  checkGain(transform, claims);
  checkOperations(transform, claims);
  checkVectors(transform, claims);
  for (const [i, smaller] of (claims.smaller ?? []).entries()) checkSmaller(transform, smaller, i);
  return proof;
}

/** Theorem 1 again: the same products, in any order, each but for factors that multiply to one. */
function checkModuli({ outputs, taps, moduli, ...matrices }: Transform): void {
  const names = moduli.join(', ');
  let again: Transform;
  try {
    again = synthesize({ outputs, taps, moduli });
  } catch (error) {
    if (error instanceof InputError) throw new ClaimError('moduli', error.message);
    throw error;
  }
  const [own, wanted] = [products(matrices), products(again)];
  if (own.join('\n') !== wanted.join('\n'))
    throw new ClaimError('moduli', `F(${outputs}, ${taps}) from ${names} has other products`);
}

/** Every product as a text that no scaling of its column of A and its rows of B and C changes, sorted. */
function products({ A, B, C }: Pick<Transform, 'A' | 'B' | 'C'>): string[] {
  return B.map((row, t) => {
    const vectors = [A.map((line) => line[t]!), row, C[t]!];
    const leads = vectors.map((vector) => vector.find((value) => !isZero(value)) ?? ONE);
    const factor = leads.reduce((all, lead) => all.mul(lead));
    const texts = vectors.map((vector, i) =>
      vector.map((value) => value.div(leads[i]!).toFraction()).join(' '),
    );
    return [factor.toFraction(), ...texts].join('; ');
  }).sort();
}

function checkGain(transform: Transform, { noiseGain: stated }: Claims): void {
  const gain = noiseGain(transform);
  if (stated !== undefined && stated.toPrecision(GAIN_DIGITS) !== gain.toPrecision(GAIN_DIGITS))
    throw new ClaimError('noiseGain', `it is ${gain.toPrecision(GAIN_DIGITS)}, not ${stated}`);
}

/** A stated number must be that of a program that is found, by a short search or by a long one. */
function checkOperations(transform: Transform, { operations = {} }: Claims): void {
  for (const name of ['A', 'B', 'C'] as const) {
    const stated = operations[name];
    if (stated === undefined) continue;
    const quick = operationsOf(transform[name]);
    if (stated === quick) continue;
    const thorough = stated < quick ? costOf(compile(transform[name])).total : quick;
    if (stated > quick || stated < thorough)
      throw new ClaimError(`operations.${name}`, `a program has ${thorough}, not ${stated}`);
  }
}

function checkVectors({ products: count }: Transform, { fillsVectors: stated = {} }: Claims): void {
  const found = fillsVectors(count);
  for (const width of [4, 8, 16] as const) {
    const claim = stated[width];
    if (claim !== undefined && claim !== found[width])
      throw new ClaimError(
        `fillsVectors.${width}`,
        `the least N with ${count}^N mod ${width} = 0 is ${found[width] ?? 'none up to 4'}, not ${claim}`,
      );
  }
}

function checkSmaller(transform: Transform, smaller: Transform, index: number): void {
  const claim = `smaller[${index}]`;
  try {
    verify(smaller);
  } catch (error) {
    throw new ClaimError(claim, (error as Error).message);
  }
  if (!equal(smaller.C, transform.C.slice(0, smaller.products)))
    throw new ClaimError(claim, 'its C is not the beginning of that of the transform');
}
