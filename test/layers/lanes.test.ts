import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultAlgorithm } from '../../src/catalogue/catalogue.js';
import { type Cover, cover, summedChannels } from '../../src/catalogue/cover.js';
import { Convolution, Tensor } from '../../src/index.js';
import { machineOf } from '../../src/machine/machine.js';
import { native } from '../../src/native/addon.js';
import type { Choice } from '../../src/planner/choices.js';
import { lower } from '../../src/planner/lower.js';
import { PackedWeights } from '../../src/planner/packed-weights.js';
import {
  lift,
  outputShape,
  type Problem,
  type Rank,
  validateInput,
  validateLayer,
} from '../../src/problem/problem.js';
import { inEngineMemory } from '../../src/tensor/engine-memory.js';
import { elementCount } from '../../src/tensor/shape.js';
import type { Matrix } from '../../synth/core/transform.js';
import { randomNumbers } from '../../synth/random.js';
import { winogradMagnitudes } from '../bounds.js';
import { referenceConvolution } from '../reference.js';
import { dyadicCovers, plannedCovers, tiledAxes } from './algorithms.js';
import { type Case, cases, isas, problemOf } from './cases.js';

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

/** Runs a case on one instruction set, and says on which it ran. */
type Runner = (c: Case, data: Data, isa: string) => Promise<{ readonly isa: string; readonly y: Tensor }>;

const RUNS = Number(process.env.WINOGRAD_TEST_RUNS ?? 40);

/** Milliseconds: a second for each run, and some for a slow start. */
const TIMEOUT = 60_000 + 1000 * RUNS;

describe(`bitwise lane on ${isas().join(', ')}`, { timeout: TIMEOUT }, () => {
  it('direct convolution is exact on integers', async () => {
    await forAll(cases({ close: false }), (c) => expectEqual(c, integers(c, 1, 1), direct));
  });

  it('Winograd convolution is exact on integers, whatever the tiles', async () => {
    let densest = 0;
    await forAll(cases({ close: true }), async (c) => {
      const covers = dyadicCovers(c, posed(c));
      const { data, density } = exactIntegers(c, covers);
      densest = Math.max(densest, density);
      await expectEqual(c, data, winograd(covers));
    });
    expect(densest).toBeGreaterThan(0.1);
  });
});

describe(`real lane on ${isas().join(', ')}`, { timeout: TIMEOUT }, () => {
  it('direct convolution errs within n · 2⁻²⁴ · Σ|g||d|', async () => {
    await expectWithinBound('direct', cases({ close: false }), (c, { input, weight, bias }) => {
      const { oracle } = problemOf(c);
      return {
        run: direct,
        scale: referenceConvolution(oracle, input, weight, bias, { magnitudes: true }).data,
        roundings: elementCount(oracle.weightShape.slice(1)) + 2,
      };
    });
  });

  it('Winograd convolution errs within n · 2⁻²⁴ · |A|[(|C||g|) ⊙ (|B||d|)], whatever the tiles', async () => {
    await expectWithinBound('Winograd', cases({ close: true }), (c, { input, weight, bias }) => {
      const covers = plannedCovers(c, posed(c));
      return {
        run: winograd(covers),
        scale: winogradMagnitudes(problemOf(c).oracle, tiledAxes(c, covers), input, weight, bias),
        roundings: roundingsOf(c, covers),
      };
    });
  });
});

/**
 * Roundings on the longest path to an output: per axis, a product and a sum for each input of B and of A, and the
 * constants' own; C is applied in double precision and rounded once; a product and C additions; bias and activation.
 */
function roundingsOf(c: Case, covers: readonly Cover[]): number {
  const longest = covers.map(({ runs }) =>
    Math.max(...runs.map(({ form: { native } }) => native.inputs + native.products + 2)),
  );
  return longest.reduce((sum, length) => sum + length, 0) + summedChannels(c.inChannels, covers) + 4;
}

async function forAll(arbitrary: fc.Arbitrary<Case>, check: (c: Case) => Promise<void>): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitrary, check), { numRuns: RUNS });
}

function posed(c: Case): Problem {
  const { options, oracle } = problemOf(c);
  return validateInput(validateLayer(options, c.axes.length as Rank), oracle.inputShape);
}

/** The public layer. */
const direct: Runner = async (c, { input, weight, bias }, isa) => {
  const { options, oracle } = problemOf(c);
  const layer = new Convolution(
    c.axes.length as Rank,
    { ...options, algorithm: 'direct', isa },
    { weight, bias: bias ?? null },
  );
  const x = new Tensor(input, oracle.inputShape);
  const y = await layer.forward(x);
  expect(firstDifference(layer.forwardSync(x).data, y.data), `sync against async on ${isa}`).toBeUndefined();
  return { isa: layer.plan(x.shape).isa, y };
};

/** The engine with these tiles, which the planner might not choose. */
function winograd(covers: readonly Cover[]): Runner {
  return async (c, data, isa) => {
    const problem = posed(c);
    const choice: Choice = {
      algorithm: 'winograd',
      covers: lift(covers, unconvolved()),
      weightFormat: 'float32',
      sumBlock: c.sumBlock,
      error: 1,
      cost: { stages: { input: 0, product: 0, output: 0 }, work: 0, threads: problem.threads, total: 0 },
    };
    const addends = { bias: data.bias !== undefined, residual: false };
    const description = lower(problem, choice, machineOf(isa), addends);
    const kernel = new (native().Kernel)('convolution', description);
    const weights = new PackedWeights(description, data.weight).packSync();
    const [x, bias] = [data.input, data.bias ?? null].map((values) => values && inEngineMemory(values));
    const y = Tensor.zeros(outputShape(problem));
    kernel.runSync([x!, weights, bias!, null], [y.data]);
    return { isa: description.schedule.isa, y };
  };
}

/** An axis of one. */
function unconvolved(): Cover {
  return cover(defaultAlgorithm(1, 1), 1);
}

async function runAll(c: Case, data: Data, run: Runner): Promise<[string, Tensor][]> {
  const results: [string, Tensor][] = [];
  for (const isa of isas()) {
    const result = await run(c, data, isa);
    expect(result.isa).toBe(isa);
    results.push([isa, result.y]);
  }
  return results;
}

async function expectEqual(c: Case, data: Data, run: Runner): Promise<void> {
  const expectation = referenceConvolution(problemOf(c).oracle, data.input, data.weight, data.bias);
  for (const [isa, y] of await runAll(c, data, run)) {
    expect(y.shape).toEqual(expectation.shape);
    expect(firstDifference(y.data, expectation.data), isa).toBeUndefined();
  }
}

interface Bound {
  readonly run: Runner;
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
    const { run, scale, roundings } = boundOf(c, data);
    const expectation = referenceConvolution(problemOf(c).oracle, data.input, data.weight, data.bias).data;
    for (const [isa, y] of await runAll(c, data, run)) {
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
  return [elementCount(inputShape), elementCount(weightShape)];
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
function exactIntegers(c: Case, covers: readonly Cover[]): { data: Data; density: number } {
  const tiled = tiledAxes(c, covers);
  const scale = tiled.reduce((all, { C }) => all * oddDenominator(C), 1);
  const grid = tiled.reduce((all, { C, tiles }) => {
    const own = tiles.map(({ transform: { A, B } }) => {
      expect([A, B].map(oddDenominator), 'A and B to be dyadic').toEqual([1, 1]);
      return finest(A) * finest(B);
    });
    return all * finest(C) * Math.min(...own);
  }, 1);
  for (let density = 1; ; ) {
    const data = integers(c, density, scale);
    const magnitudes = winogradMagnitudes(problemOf(c).oracle, tiled, data.input, data.weight, data.bias);
    const excess = magnitudes.reduce((most, size) => Math.max(most, size), 0) / (grid * 2 ** 24);
    if (excess <= 1) return { data, density };
    // Magnitudes grow with the density of the input times that of the weights.
    density /= Math.max(1.5, Math.sqrt(excess));
  }
}

/** The odd part of the entries' common denominator: multiplying the kernel by it makes C g dyadic. */
function oddDenominator(matrix: Matrix): number {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
  return matrix.flat().reduce((all, entry) => {
    const odd = oddPart(Number(entry.d));
    return (all * odd) / gcd(all, odd);
  }, 1);
}

/** The power of two that all entries are multiples of, odd factors of denominators aside: 1/8 for denominators up to 24. */
function finest(matrix: Matrix): number {
  return matrix.flat().reduce((least, entry) => {
    const denominator = Number(entry.d);
    return Math.min(least, oddPart(denominator) / denominator);
  }, 1);
}

function oddPart(value: number): number {
  return value % 2 === 0 ? oddPart(value / 2) : value;
}
