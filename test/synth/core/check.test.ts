import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  backwardData,
  backwardWeights,
  bitGrowth,
  emit,
  expand,
  InputError,
  integerTransform,
  printLatex,
  printText,
  synthesize,
  type Transform,
  tileStatistics,
  toJSON,
  trainingAccuracy,
  transposed,
  verify,
} from '../../../synth/index.js';
import { forwardErrorBound } from '../../../synth/noise/bound.js';
import { layerErrorRatio, noiseGain } from '../../../synth/noise/gain.js';
import { expectedLayerError } from '../../../synth/noise/layer.js';

/** Everything public that takes a transform. */
const borders: Readonly<Record<string, (transform: Transform) => unknown>> = {
  verify: (transform) => verify(transform),
  transposed,
  backwardData,
  backwardWeights,
  integerTransform,
  bitGrowth: (transform) => bitGrowth({ transform, A: [], divisor: 1n }, 1),
  trainingAccuracy: (transform) => trainingAccuracy(transform),
  tileStatistics,
  toJSON,
  emit: (transform) => emit(transform, 'c'),
  printText,
  printLatex,
};
/** Those that only look at the matrices. */
const bilinear: Readonly<Record<string, (transform: Transform) => unknown>> = {
  expand: (transform) => [...expand(transform)],
  noiseGain,
  layerErrorRatio: (transform) => layerErrorRatio([transform]),
  expectedLayerError: (transform) => expectedLayerError([transform], { channels: 8 }),
  forwardErrorBound: (transform) => forwardErrorBound([transform], { channels: 8 }),
};

const good = synthesize({ outputs: 2, taps: 3 });
const rubbish = fc.oneof(
  fc.anything(),
  fc.record({ ...Object.fromEntries(Object.keys(good).map((key) => [key, fc.anything()])) }),
  fc
    .tuple(fc.constantFrom(...(Object.keys(good) as (keyof Transform)[])), fc.anything())
    .map(([key, value]) => ({ ...good, [key]: value })),
  fc
    .tuple(fc.constantFrom('A' as const, 'B' as const, 'C' as const), fc.nat(1), fc.nat(1), fc.anything())
    .map(([name, i, j, value]) => ({
      ...good,
      [name]: good[name].map((row, r) => row.map((entry, c) => (r === i && c === j ? value : entry))),
    })),
);

describe.each(Object.entries({ ...borders, ...bilinear }))('%s', (_, call) => {
  test('takes a transform', () => {
    call(good);
  });

  test('refuses what is none with a sentence', () => {
    fc.assert(
      fc.property(rubbish, (value) => {
        try {
          call(value as Transform);
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          expect(error.message).toMatch(/^Expected /);
        }
      }),
      { numRuns: 300, seed: 8 },
    );
  });
});

describe('the check of a transform', () => {
  test.each([
    [undefined, 'Expected the transform to be an object with outputs, taps, products, moduli, A, B and C'],
    [{}, 'Expected outputs of the transform to be a positive integer but received undefined'],
    [{ ...good, taps: -3 }, 'Expected taps of the transform to be a positive integer but received -3'],
    [{ ...good, moduli: undefined }, 'Expected moduli of the transform to be an array of strings'],
    [{ ...good, A: 'A' }, 'Expected A to be a matrix of 2 × 4 but received "A"'],
    [{ ...good, B: good.B.slice(1) }, 'Expected B to be a matrix of 4 × 4 but received "3 × 4"'],
    [
      { ...good, C: good.C.map((row) => row.map(Number)) },
      'Expected C[0][0] to be a Fraction but received 1',
    ],
    [{ ...good, A: [Array(4), Array(4)] }, 'Expected A[0][0] to be a Fraction but received undefined'],
  ])('names what is wrong: %#', (value, message) => {
    expect(() => verify(value as Transform)).toThrow(message);
    expect(() => transposed(value as Transform)).toThrow(message);
  });
});
