import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Convolution, type LayerOptions, Tensor } from '../../src/index.js';
import type { Rank } from '../../src/problem.js';
import { synthesize, type Transform } from '../../synth/index.js';
import { randomNumbers } from '../../synth/random.js';
import { winogradMagnitudes } from '../bounds.js';
import { referenceConvolution } from '../reference.js';
import { type Case, cases, dyadicTransforms, isas, problemOf, tilesOf } from './cases.js';

/*
 * Two lanes against the oracle, on every instruction set of the machine.
 * Bitwise: integers and kernels scaled so that no operation rounds; any difference is a bug in indexing, padding,
 * threading or remainders. Real: uniform data within an error bound computed from |A|, |B| and |C|.
 */

interface Data {
  readonly input: Float32Array;
  readonly weight: Float32Array;
  readonly bias: Float32Array | undefined;
}

const RUNS = Number(process.env.WINOGRAD_TEST_RUNS ?? 40);

/** Milliseconds: a second for each run, and some for a slow start. */
const TIMEOUT = 60_000 + 1000 * RUNS;

describe(`bitwise lane on ${isas().join(', ')}`, { timeout: TIMEOUT }, () => {
  it('direct convolution is exact on integers', async () => {
    await forAll(cases({ plain: false }), async (c) => {
      await expectEqual(c, integers(c, 1, 1), { algorithm: 'direct' });
    });
  });

  it('Winograd convolution is exact on integers', async () => {
    let densest = 0;
    await forAll(cases({ plain: true }), async (c) => {
      const transforms = dyadicTransforms(c);
      const { data, density } = exactIntegers(c, transforms);
      densest = Math.max(densest, density);
      await expectEqual(c, data, { transforms });
    });
    expect(densest).toBeGreaterThan(0.1);
  });
});

describe(`real lane on ${isas().join(', ')}`, { timeout: TIMEOUT }, () => {
  it('direct convolution errs within n · 2⁻²⁴ · Σ|g||d|', async () => {
    await expectWithinBound('direct', cases({ plain: false }), (c, { input, weight, bias }) => {
      const { oracle } = problemOf(c);
      return {
        options: { algorithm: 'direct' },
        scale: referenceConvolution(oracle, input, weight, bias, { magnitudes: true }).data,
        roundings: oracle.weightShape.slice(1).reduce((n, size) => n * size, 1) + 1,
      };
    });
  });

  it('Winograd convolution errs within n · 2⁻²⁴ · |A|[(|C||g|) ⊙ (|B||d|)]', async () => {
    await expectWithinBound('Winograd', cases({ plain: true }), (c, { input, weight, bias }) => {
      const tile = tilesOf(c);
      const transforms = c.axes.map(({ kernel }, a) =>
        synthesize({ outputs: kernel === 1 ? 1 : tile[a]!, taps: kernel }),
      );
      return {
        options: { tile },
        scale: winogradMagnitudes(problemOf(c).oracle, transforms, input, weight, bias),
        roundings: roundingsOf(c, transforms),
      };
    });
  });
});

/**
 * Roundings on the longest path to an output: per axis, D − 1 additions and a constant's own rounding in B, the same
 * with T in A, a multiplication by the constant in each; C is applied in double precision and rounded once; a product
 * and C additions; one for the bias.
 */
function roundingsOf(c: Case, transforms: readonly Transform[]): number {
  const passes = transforms.reduce((n, t) => n + (t.outputs + t.taps - 1) + t.products + 2, 0);
  return passes + c.inChannels + 3;
}

async function forAll(arbitrary: fc.Arbitrary<Case>, check: (c: Case) => Promise<void>): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitrary, check), { numRuns: RUNS });
}

/** Runs the layer on every instruction set, each way, asserting what ran. */
async function runAll(c: Case, data: Data, options: Partial<LayerOptions>): Promise<[string, Tensor][]> {
  const { oracle, options: problem } = problemOf(c);
  const x = new Tensor(data.input, oracle.inputShape);
  const results: [string, Tensor][] = [];
  for (const isa of isas()) {
    const layer = new Convolution(
      c.axes.length as Rank,
      { ...problem, ...options, isa },
      { weight: data.weight, bias: data.bias ?? null },
    );
    const plan = layer.plan(x.shape);
    expect(plan.isa).toBe(isa);
    expect(plan.algorithm).toBe(options.algorithm ?? 'winograd');
    const y = await layer.forward(x);
    expect(
      firstDifference(layer.forwardSync(x).data, y.data),
      `sync against async on ${isa}`,
    ).toBeUndefined();
    results.push([isa, y]);
  }
  return results;
}

async function expectEqual(c: Case, data: Data, options: Partial<LayerOptions>): Promise<void> {
  const expectation = referenceConvolution(problemOf(c).oracle, data.input, data.weight, data.bias);
  for (const [isa, y] of await runAll(c, data, options)) {
    expect(y.shape).toEqual(expectation.shape);
    expect(firstDifference(y.data, expectation.data), isa).toBeUndefined();
  }
}

interface Bound {
  readonly options: Partial<LayerOptions>;
  /** Per output, the sum of all magnitudes. */
  readonly scale: Float64Array;
  /** Roundings on the longest path to an output. */
  readonly roundings: number;
}

async function expectWithinBound(
  name: string,
  arbitrary: fc.Arbitrary<Case>,
  boundOf: (c: Case, data: Data) => Bound,
): Promise<void> {
  const worst = new Map(isas().map((isa) => [isa, 0]));
  await forAll(arbitrary, async (c) => {
    const data = reals(c);
    const { options, scale, roundings } = boundOf(c, data);
    const expectation = referenceConvolution(problemOf(c).oracle, data.input, data.weight, data.bias).data;
    for (const [isa, y] of await runAll(c, data, options)) {
      const ratio = largestRatio(y.data, expectation, scale, roundings * 2 ** -24);
      expect(ratio, isa).toBeLessThanOrEqual(1);
      worst.set(isa, Math.max(worst.get(isa)!, ratio));
    }
  });
  for (const [isa, ratio] of worst)
    console.log(`${name}, ${isa}: largest error ${ratio.toFixed(3)} of the bound`);
}

function largestRatio(y: Float32Array, wanted: Float64Array, scale: Float64Array, unit: number): number {
  return y.reduce((worst, value, i) => {
    const error = Math.abs(value - wanted[i]!);
    if (error === 0) return worst;
    return Math.max(worst, Number.isFinite(error) ? error / (unit * scale[i]!) : Infinity);
  }, 0);
}

function firstDifference(actual: ArrayLike<number>, wanted: ArrayLike<number>): string | undefined {
  for (let i = 0; i < wanted.length; i++)
    if (actual[i] !== wanted[i]) return `element ${i} is ${actual[i]} but should be ${wanted[i]}`;
  return undefined;
}

function sizesOf(c: Case): [number, number] {
  const { inputShape, weightShape } = problemOf(c).oracle;
  return [inputShape, weightShape].map((shape) => shape.reduce((p, s) => p * s, 1)) as [number, number];
}

function reals(c: Case): Data {
  const next = randomNumbers(c.seed);
  const uniform = (length: number) => Float32Array.from({ length }, () => 2 * next() - 1);
  const [input, weight] = sizesOf(c);
  return {
    input: uniform(input),
    weight: uniform(weight),
    bias: c.bias ? uniform(c.outChannels) : undefined,
  };
}

/** −1, 0 and 1, non-zero with the given density; weights times `scale`. */
function integers(c: Case, density: number, scale: number): Data {
  const next = randomNumbers(c.seed);
  const signs = (length: number, size: number) =>
    Float32Array.from({ length }, () => (next() < density ? (next() < 0.5 ? -size : size) : 0));
  const [input, weight] = sizesOf(c);
  return {
    input: signs(input, 1),
    weight: signs(weight, scale),
    bias: c.bias ? signs(c.outChannels, 1) : undefined,
  };
}

/**
 * Integers sparse enough that every possible intermediate sum has at most 24 bits: all values are multiples of the
 * product of the matrices' smallest powers of two, and none exceeds the magnitudes.
 */
function exactIntegers(c: Case, transforms: readonly Transform[]): { data: Data; density: number } {
  const scale = transforms.reduce((all, { C }) => all * oddDenominator(C), 1);
  const grid = transforms.reduce((all, { A, B, C }) => all * finest(A) * finest(B) * finest(C), 1);
  for (let density = 1; density > 1e-5; density /= 2) {
    const data = integers(c, density, scale);
    const magnitudes = winogradMagnitudes(
      problemOf(c).oracle,
      transforms,
      data.input,
      data.weight,
      data.bias,
    );
    if (magnitudes.every((size) => size / grid <= 2 ** 24)) return { data, density };
  }
  throw new Error('no density makes this case exact');
}

/** The odd part of the entries' common denominator: multiplying the kernel by it makes C g dyadic. */
function oddDenominator(matrix: Transform['C']): number {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
  return matrix.flat().reduce((all, entry) => {
    let odd = Number(entry.d);
    while (odd % 2 === 0) odd /= 2;
    return (all * odd) / gcd(all, odd);
  }, 1);
}

/** The smallest power of two among the entries' denominators, as a number: 1/8 for denominators up to 24. */
function finest(matrix: Transform['A']): number {
  return matrix.flat().reduce((least, entry) => {
    let denominator = Number(entry.d);
    let power = 1;
    while (denominator % 2 === 0) [denominator, power] = [denominator / 2, power / 2];
    return Math.min(least, power);
  }, 1);
}
