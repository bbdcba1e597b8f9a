import { describe, expect, test } from 'vitest';
import { shippedFamilies } from '../../../src/catalogue/families.js';
import {
  backwardWeights,
  ClaimError,
  claimsFromJSON,
  emit,
  figuresOf,
  fromJSON,
  InputError,
  integerTransform,
  synthesize,
  type Transform,
  toJSON,
  VerificationError,
  verify,
} from '../../../synth/index.js';

const f43 = synthesize({ outputs: 4, taps: 3, moduli: '0, ±1, ±2, inf' });
const f23 = synthesize({ outputs: 2, taps: 3 });

/** The transform with its products in another order. */
function permuted(transform: Transform, order: readonly number[]): Transform {
  return {
    ...transform,
    A: transform.A.map((row) => order.map((t) => row[t]!)),
    B: order.map((t) => transform.B[t]!),
    C: order.map((t) => transform.C[t]!),
  };
}

describe('verify of moduli', () => {
  test('holds however products are scaled, ordered or used', () => {
    expect(verify(f43)).toEqual({ ok: true, outputs: 4, taps: 3, products: 6, equations: 72 });
    verify(integerTransform(f43).transform);
    verify(permuted(f43, [5, 3, 1, 0, 2, 4]));
    verify(backwardWeights(f43));
    verify({ ...f43, moduli: [] });
    verify({ ...f43, moduli: ['inf', '2', '-2', '-1', '1', '0'] });
    for (const { sizes, member } of shippedFamilies(4))
      for (const { outputs } of sizes) verify(member(outputs));
  });

  test.each([
    [['0', '1', '-1', '3', '-3', 'inf'], 'F(4, 3) from 0, 1, -1, 3, -3, inf has other products'],
    [['0', '1', '-1', 'inf'], 'Expected the degrees of the moduli to add up to 6'],
    [['0', '1', '1', '2', '-2', 'inf'], 'given twice'],
    [['zero'], 'Expected modulus to be'],
  ])('is refused for %j', (moduli, message) => {
    expect(() => verify({ ...f43, moduli })).toThrow(ClaimError);
    expect(() => verify({ ...f43, moduli })).toThrow('The claim moduli is wrong: ');
    expect(() => verify({ ...f43, moduli })).toThrow(message);
  });
});

describe('verify of claims', () => {
  const figures = figuresOf(f43);

  test('holds for the figures, and for those of emitted JSON', () => {
    verify(f43, figures);
    const json = JSON.parse(emit(f43, 'json'));
    const claims = claimsFromJSON(json);
    expect(Object.keys(claims)).toEqual(['operations']);
    verify(fromJSON(json), claims);
  });

  test.each([
    [{ noiseGain: figures.noiseGain * 1.0001 }, 'noiseGain', /is 5\.68487, not 5\.685/],
    [{ operations: { A: 100 } }, 'operations.A', /a program has \d+, not 100/],
    [{ operations: { ...figures.operations, B: 1 } }, 'operations.B', /a program has \d+, not 1/],
    [{ fillsVectors: { 8: 2 } }, 'fillsVectors.8', /the least N with 6\^N mod 8 = 0 is 3, not 2/],
    [{ fillsVectors: { 16: null } }, 'fillsVectors.16', /is 4, not null/],
    [{ smaller: [f23] }, 'smaller[0]', /its C is not the beginning/],
    [
      { smaller: [{ ...f23, A: f43.A.slice(0, 2).map((row) => row.slice(0, 4)) }] },
      'smaller[0]',
      /identity fails/,
    ],
  ])('names the one that is wrong: %#', (claims, name, explanation) => {
    let found: unknown;
    try {
      verify(f43, claims);
    } catch (error) {
      found = error;
    }
    expect(found).toBeInstanceOf(ClaimError);
    expect((found as ClaimError).claim).toBe(name);
    expect((found as ClaimError).message).toMatch(explanation);
  });

  test('comes after the proof', () => {
    const wrong = { ...f43, B: f43.B.map((row) => row.map((value) => value.add(1))) };
    expect(() => verify(wrong, { noiseGain: 1 })).toThrow(VerificationError);
  });
});

describe('claimsFromJSON', () => {
  test('reads what it knows and ignores the rest', () => {
    const claims = {
      noiseGain: 2.5,
      operations: { A: 1, B: 2 },
      fillsVectors: { 4: 1, 16: null },
      smaller: [toJSON(f23)],
    };
    expect(claimsFromJSON({ ...claims, author: 'somebody', evidence: {} })).toEqual({
      ...claims,
      smaller: [f23],
    });
    expect(claimsFromJSON(toJSON(f43))).toEqual({});
  });

  test.each([
    [{ noiseGain: '2' }, 'Expected noiseGain to be a number but received "2"'],
    [{ operations: 7 }, 'Expected operations to be an object with A, B, C but received 7'],
    [{ operations: { C: null } }, 'Expected operations.C to be a number but received null'],
    [{ fillsVectors: { 8: 'two' } }, 'Expected fillsVectors.8 to be a number but received "two"'],
    [{ smaller: {} }, 'Expected smaller to be an array of transforms'],
    [{ smaller: [{}] }, 'Expected outputs to be a positive integer'],
  ])('refuses %j', (value, message) => {
    expect(() => claimsFromJSON(value)).toThrow(InputError);
    expect(() => claimsFromJSON(value)).toThrow(message);
  });
});
