import { Fraction } from 'fraction.js';
import { lcm } from '../algebra/rational.js';
import { checkBilinear, checkMatrix, checkTransform } from './check.js';
import type { Bilinear, Transform } from './transform.js';

/** What a proof covered. */
export interface Proof {
  readonly ok: true;
  readonly outputs: number;
  readonly taps: number;
  readonly products: number;
  /** Number of equations that were checked: one per output, tap and input. */
  readonly equations: number;
}

/** The identity of a bilinear algorithm does not hold; says where. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError';

  /**
   * @param output index s
   * @param tap index g
   * @param input index d
   * @param value Σₜ A[s,t] C[t,g] B[t,d]
   * @param wanted 1 when the input belongs to the output through that tap (d = s + g in a correlation), else 0
   */
  constructor(
    readonly output: number,
    readonly tap: number,
    readonly input: number,
    readonly value: Fraction,
    readonly wanted: 0 | 1,
  ) {
    super(
      `The identity fails at output ${output}, tap ${tap}, input ${input}: ` +
        `Σₜ A[${output},t] C[t,${tap}] B[t,${input}] is ${value.toFraction()} but must be ${wanted}`,
    );
  }
}

/** The extents of a bilinear algorithm's matrices: A is outputs × products, B products × inputs, C products × taps. */
export interface Extents {
  readonly outputs: number;
  readonly taps: number;
  readonly inputs: number;
  readonly products: number;
}

/**
 * Proves over ℚ that y = A[(C g) ⊙ (B d)] is the correlation y[s] = Σ_g g[g] d[s+g], for all kernels and data:
 * Σₜ A[s,t] C[t,g] B[t,d] = [d = s + g] for every s, g and d.
 *
 * @throws VerificationError naming the first entry that differs
 * @throws InputError when it is no transform, see `checkTransform`
 */
export function proveTransform(transform: Transform): Proof {
  checkTransform(transform);
  const { outputs, taps, products } = transform;
  const extents = { outputs, taps, inputs: outputs + taps - 1, products };
  return proveIdentity(transform, extents, (output, tap, input) => input === output + tap);
}

/**
 * Proves over ℚ that a bilinear algorithm computes y[s] = Σ g[g] d[d] over the wanted triples (s, g, d), for all
 * kernels and data: Σₜ A[s,t] C[t,g] B[t,d] is 1 for these and 0 for all others.
 *
 * @param wanted which triples of output, tap and input belong to the sum
 * @throws VerificationError naming the first entry that differs
 * @throws InputError when the matrices do not have these extents
 */
export function proveIdentity(
  algorithm: Bilinear,
  { outputs, taps, inputs, products }: Extents,
  wanted: (output: number, tap: number, input: number) => boolean,
): Proof {
  checkMatrix('A', algorithm.A, outputs, products);
  checkMatrix('B', algorithm.B, products, inputs);
  checkMatrix('C', algorithm.C, products, taps);

  for (const { output, tap, input, value } of expand(algorithm)) {
    const entry = wanted(output, tap, input) ? 1 : 0;
    if (!value.equals(entry)) throw new VerificationError(output, tap, input, value, entry);
  }
  return { ok: true, outputs, taps, products, equations: outputs * taps * inputs };
}

/** One coefficient of what an algorithm computes: y[output] holds value · g[tap] · d[input]. */
export interface Coefficient {
  readonly output: number;
  readonly tap: number;
  readonly input: number;
  readonly value: Fraction;
}

/**
 * Multiplies an algorithm out, exactly: Σₜ A[s,t] C[t,g] B[t,d] for every s, g and d in this order.
 *
 * @throws InputError when A, B and C are no matrices of fractions that fit together
 */
export function* expand(algorithm: Bilinear): Generator<Coefficient> {
  checkBilinear(algorithm);
  const { terms, denominator } = overIntegers(algorithm);
  const [outputs, taps, inputs] = [algorithm.A.length, algorithm.C[0]!.length, algorithm.B[0]!.length];
  for (let output = 0; output < outputs; output += 1) {
    for (let tap = 0; tap < taps; tap += 1) {
      const weights = terms.map(({ a, c }) => a[output]! * c[tap]!);
      for (let input = 0; input < inputs; input += 1) {
        const sum = terms.reduce((total, { b }, t) => total + weights[t]! * b[input]!, 0n);
        yield { output, tap, input, value: new Fraction(sum, denominator) };
      }
    }
  }
}

/** Product t's column of A and rows of B and C as integers, all over one common denominator: ten times faster. */
function overIntegers({ A, B, C }: Bilinear): { terms: IntegerTerm[]; denominator: bigint } {
  const terms = B.map((row, t) => {
    const [a, b, c] = [A.map((column) => column[t]!), row, C[t]!].map(toIntegers) as [Scaled, Scaled, Scaled];
    return { a, b, c, denominator: a.denominator * b.denominator * c.denominator };
  });
  const denominator = terms.reduce((all, term) => lcm(all, term.denominator), 1n);
  return {
    terms: terms.map(({ a, b, c, denominator: own }) => ({
      a: a.values.map((value) => value * (denominator / own)),
      b: b.values,
      c: c.values,
    })),
    denominator,
  };
}

interface IntegerTerm {
  readonly a: readonly bigint[];
  readonly b: readonly bigint[];
  readonly c: readonly bigint[];
}

interface Scaled {
  readonly values: readonly bigint[];
  readonly denominator: bigint;
}

function toIntegers(values: readonly Fraction[]): Scaled {
  const denominator = values.reduce((all, { d }) => lcm(all, d), 1n);
  return { values: values.map(({ s, n, d }) => s * n * (denominator / d)), denominator };
}
