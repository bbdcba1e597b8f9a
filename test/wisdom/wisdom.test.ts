import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  Conv1d,
  Conv2d,
  exportWisdom,
  forgetWisdom,
  InputError,
  importWisdom,
  type LayerOptions,
  type Remembered,
  Sequential,
  Tensor,
  type Wisdom,
} from '../../src/index.js';
import { packageRoot } from '../../src/support/package.js';
import { attachWisdomFile, readWisdomFile, saveWisdomFile } from '../../src/wisdom/file.js';
import * as measuring from '../../src/wisdom/measure.js';
import { isas } from '../layers/cases.js';
import { referenceConvolution } from '../reference.js';

const folder = mkdtempSync(join(tmpdir(), 'winograd-wisdom-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string) => join(folder, name);

beforeEach(() => {
  forgetWisdom();
  attachWisdomFile(undefined);
  vi.restoreAllMocks();
});

const shape = [1, 16, 30, 26] as const;
/** The largest weight; inputs are below 1. */
const MOST = 0.1;
const weight = Tensor.random([24, 16, 3, 3], { seed: 2, low: -MOST, high: MOST });

function layer(change: Partial<LayerOptions> = {}): Conv2d {
  const options = { inChannels: 16, outChannels: 24, kernelSize: 3, padding: 1, threads: 1 };
  return new Conv2d({ ...options, effort: 'measure', ...change }, { weight });
}

function entries(wisdom: Wisdom = exportWisdom()): [machine: string, problem: string, choice: Remembered][] {
  return Object.entries(wisdom.machines).flatMap(([machine, problems]) =>
    Object.entries(problems).map(([problem, choice]) => [machine, problem, choice] as const),
  ) as never;
}

describe('measuring', () => {
  it('chooses once for a problem, and the next layer knows', () => {
    const measure = vi.spyOn(measuring, 'measure');
    const plan = layer().plan(shape);
    expect(measure).toHaveBeenCalledTimes(1);
    expect(plan.reason).toMatch(/^measured fastest, at [\d.e-]+ ms$/);
    const known = entries();
    expect(known).toHaveLength(1);
    const [machine, problem, choice] = known[0]!;
    expect(machine).toMatch(/, (avx512|avx2|portable), 1 thread$/);
    expect(problem).toContain(
      '1 × 16 × 30 × 26 by 24 × 16 × 3 × 3, padding 1 1 | 1 1, auto, planar, errors up to 2.5',
    );
    expect(choice.milliseconds).toBeGreaterThan(0);

    expect(JSON.stringify(layer().plan(shape))).toBe(JSON.stringify(plan));
    expect(measure).toHaveBeenCalledTimes(1);
  });

  it('keeps estimates out of it: they neither use nor make wisdom', () => {
    const estimate = layer({ effort: 'estimate' }).plan(shape);
    expect(entries()).toHaveLength(0);
    layer().plan(shape);
    expect(JSON.stringify(layer({ effort: 'estimate' }).plan(shape))).toBe(JSON.stringify(estimate));
  });

  it.each(isas())('computes what it should, with the same bits every time, on %s', async (isa) => {
    const x = Tensor.random(shape);
    const problem = {
      inputShape: x.shape,
      weightShape: weight.shape,
      padding: [
        [1, 1],
        [1, 1],
      ] as const,
    };
    const wanted = referenceConvolution(problem, x.data, weight.data).data;
    const first = layer({ isa, threads: 2 });
    const y = await first.forward(x);
    const { errorBound } = first.plan(shape);
    for (const [i, value] of y.data.entries())
      expect(Math.abs(value - wanted[i]!)).toBeLessThan(errorBound * MOST);
    for (let i = 0; i < 3; i++) expect((await layer({ isa, threads: 2 }).forward(x)).data).toEqual(y.data);
  });

  it('ends in time, however large the layer', () => {
    const large = new Conv2d(
      { inChannels: 256, outChannels: 256, kernelSize: 3, padding: 1, threads: 1, effort: 'measure' },
      { weight: Tensor.zeros([256, 256, 3, 3]) },
    );
    const start = performance.now();
    large.plan([1, 256, 56, 56]);
    // Budget, and the passes and weights that were begun within it.
    expect(performance.now() - start).toBeLessThan(6000);
  });

  it('tells problems apart by all that matters', () => {
    layer().plan(shape);
    layer({ errorLimit: 1 }).plan(shape);
    layer({ accuracy: 'fast' }).plan(shape);
    layer({ tile: 4 }).plan(shape);
    layer({ lanes: 'channels' }).plan(shape);
    layer({ algorithm: 'winograd' }).plan(shape);
    layer({ padding: 0 }).plan(shape);
    layer().plan([2, 16, 30, 26]);
    layer({ activation: 'relu' }).plan(shape); // which does not
    expect(entries()).toHaveLength(8);
  });

  it('keeps the error limit, and the tiles that are given', () => {
    expect(layer({ errorLimit: 1, algorithm: 'winograd' }).plan(shape).expectedError).toBeLessThanOrEqual(1);
    expect(layer({ tile: 2 }).plan(shape).transforms).toEqual(['F(2, 3)', 'F(2, 3)']);
    expect(layer({ algorithm: 'direct' }).plan(shape).algorithm).toBe('direct');
  });

  it('serves the layers of a network', async () => {
    const square = (effort: 'estimate' | 'measure') =>
      new Conv2d(
        {
          inChannels: 16,
          outChannels: 16,
          kernelSize: 3,
          padding: 1,
          threads: 1,
          effort,
          algorithm: 'winograd',
        },
        { weight: Tensor.random([16, 16, 3, 3]) },
      );
    const network = new Sequential([square('measure'), square('measure')]);
    expect(network.plan(shape).layers.map(({ output }) => output)).toEqual(['blocked', 'planar']);
    expect(entries()).toHaveLength(1);
    expect((await network.forward(Tensor.random(shape))).shape).toEqual(shape);
  });
});

describe('wisdom', () => {
  it('decides in place of a measurement', () => {
    const plan = layer().plan(shape);
    const [machine, problem, choice] = entries()[0]!;
    forgetWisdom();
    const direct = {
      ...choice,
      algorithm: 'direct' as const,
      tiles: [],
      sumBlock: 0,
      tuning: {},
      milliseconds: 0.5,
    };
    const wisdom = { ...exportWisdom(), machines: { [machine]: { [problem]: direct } } };
    expect(importWisdom(JSON.parse(JSON.stringify(wisdom)))).toBe(1);
    expect(layer().plan(shape)).toMatchObject({
      algorithm: 'direct',
      reason: 'measured fastest, at 0.500 ms',
    });

    const tuned = { ...choice, tuning: { tileBlock: 11, channelGroup: 32 } };
    if (plan.algorithm === 'winograd' && plan.lanes === 'channels') {
      importWisdom({ ...wisdom, machines: { [machine]: { [problem]: tuned } } });
      expect(layer().plan(shape)).toMatchObject({ transforms: plan.transforms });
    }
  });

  it('about what is not known any longer, or not allowed, is measured anew', () => {
    layer().plan(shape);
    const [machine, problem, choice] = entries()[0]!;
    for (const stale of [
      { ...choice, algorithm: 'winograd' as const, tiles: ['1x1 0', '9x3 00000000', '9x3 00000000'] },
      { ...choice, algorithm: 'fft' },
      { ...choice, tuning: { threads: 2 } },
    ]) {
      importWisdom({ ...exportWisdom(), machines: { [machine]: { [problem]: stale } } });
      const plan = layer().plan(shape);
      expect(plan.threads).toBe(1);
      expect(entries()[0]![2]).not.toEqual(stale);
    }
  });

  it.each([
    [7, 'Expected wisdom to be an object but received 7'],
    [{}, 'Expected wisdom.format to be "winograd-nd wisdom" but received undefined'],
    [{ format: 'winograd-nd wisdom', version: 2 }, 'Expected wisdom.version to be 1 but received 2'],
    [
      { format: 'winograd-nd wisdom', version: 1, machines: [] },
      'Expected wisdom.machines to be an object but received []',
    ],
  ])('of another form is refused: %j', (value, message) => {
    expect(() => importWisdom(value)).toThrow(InputError);
    expect(() => importWisdom(value)).toThrow(message);
  });

  it('with a bad entry is refused as a whole', () => {
    const good = { algorithm: 'direct', tiles: [], sumBlock: 0, tuning: {}, milliseconds: 1 };
    for (const [change, message] of [
      [{ algorithm: 7 }, 'Expected wisdom of p: algorithm to be a name but received 7'],
      [{ tiles: [4] }, 'Expected wisdom of p: tiles to be an array of names but received [4]'],
      [{ weightFormat: 'int8' }, "Expected wisdom of p: weightFormat to be 'float32' or 'bfloat16'"],
      [{ sumBlock: -1 }, 'Expected wisdom of p: sumBlock to be a non-negative integer but received -1'],
      [{ milliseconds: '1' }, 'Expected wisdom of p: milliseconds to be a positive number but received "1"'],
      [{ tuning: { tileBlock: 0 } }, 'Expected wisdom of p: tuning: tileBlock to be a positive integer'],
      [{ tuning: { split: 'rows' } }, "Expected wisdom of p: tuning: split to be 'tiles' or 'channels'"],
    ] as const) {
      const machines = { m: { q: good, p: { ...good, ...change } } };
      const wisdom = { format: 'winograd-nd wisdom', version: 1, machines };
      expect(() => importWisdom(wisdom)).toThrow(message);
      expect(entries()).toHaveLength(0);
    }
  });
});

describe('a file of wisdom', () => {
  it('is read at the first measurement, and written after each, whole', () => {
    const path = file('deep/wisdom.json');
    attachWisdomFile(path);
    layer().plan(shape);
    expect(entries(JSON.parse(readFileSync(path, 'utf8')))).toHaveLength(1);
    layer({ padding: 0 }).plan(shape);
    const kept = readFileSync(path, 'utf8');
    expect(entries(JSON.parse(kept))).toHaveLength(2);
    expect(readdirSync(join(folder, 'deep'))).toEqual(['wisdom.json']);

    forgetWisdom();
    attachWisdomFile(path);
    const measure = vi.spyOn(measuring, 'measure');
    layer().plan(shape);
    expect(measure).not.toHaveBeenCalled();
    expect(entries()).toHaveLength(2);
    expect(readFileSync(path, 'utf8')).toBe(kept);
  });

  it('keeps what other processes add', () => {
    const path = file('shared.json');
    layer().plan(shape);
    const mine = exportWisdom();
    saveWisdomFile(path);
    forgetWisdom();
    layer({ padding: 0 }).plan(shape);
    saveWisdomFile(path);
    expect(entries(JSON.parse(readFileSync(path, 'utf8')))).toEqual(
      expect.arrayContaining([...entries(mine), ...entries()]),
    );
  });

  it('loses nothing when processes write it at once', async () => {
    const path = file('crowd.json');
    const module = (name: string) =>
      JSON.stringify(pathToFileURL(join(packageRoot(), 'dist/src/wisdom', name)).href);
    const program = `
      import { saveWisdomFile } from ${module('file.js')};
      import { remember } from ${module('wisdom.js')};
      const entry = { algorithm: 'direct', tiles: [], sumBlock: 0, tuning: {}, milliseconds: 1 };
      for (let i = 0; i < 25; i++) {
        remember('machine', process.argv[1] + '-' + i, entry);
        saveWisdomFile(process.argv[2]);
      }`;
    const writer = (_: unknown, index: number) =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', program, String(index), path]);
    await Promise.all(Array.from({ length: 6 }, writer));
    expect(entries(JSON.parse(readFileSync(path, 'utf8')))).toHaveLength(150);
    expect(readdirSync(folder).filter((name) => name.startsWith('crowd'))).toEqual(['crowd.json']);
  });

  it('that is none is refused by name, and none at all is fine', () => {
    expect(readWisdomFile(file('missing.json'))).toBe(0);
    const path = file('bad.json');
    writeFileSync(path, '{"format": 1');
    expect(() => readWisdomFile(path)).toThrow(`${path}: Expected wisdom to be JSON but received`);
    attachWisdomFile(path);
    expect(() => layer().plan(shape)).toThrow(InputError);
    expect(readFileSync(path, 'utf8')).toBe('{"format": 1');
    expect(() => readWisdomFile(folder)).toThrow('EISDIR');
  });
});

describe('accuracy', () => {
  const plan = (change: Partial<LayerOptions>) =>
    layer({ effort: 'estimate', ...change }).plan([1, 16, 60, 60]);

  it('holds any tolerance where every tap meets padding: zeros are exact', () => {
    const options = { inChannels: 1, outChannels: 1, kernelSize: 2, dilation: 5, padding: 2, accuracy: 1e-9 };
    const conv = new Conv1d(options, { weight: Tensor.random([1, 1, 2]) });
    expect(conv.plan([1, 1, 2]).algorithm).not.toBe('winograd');
    expect(conv.forwardSync(Tensor.random([1, 1, 2])).toArray()).toEqual([[[0]]]);
  });

  it('bounds the expected error by direct convolution’s, by a tolerance, or not at all', () => {
    expect(plan({ accuracy: 'direct', algorithm: 'winograd' }).expectedError).toBeLessThanOrEqual(1);
    const fast = plan({ accuracy: 'fast' });
    expect(fast.productsPerOutput).toBeLessThan(plan({ accuracy: 'direct' }).productsPerOutput);
    const tolerances = [2e-7, 1e-6, 1e-4].map((accuracy) => plan({ accuracy, algorithm: 'winograd' }));
    const products = tolerances.map(({ productsPerOutput }) => productsPerOutput);
    expect(products).toEqual([...products].sort((a, b) => b - a));
    expect(products[2]).toBe(plan({ accuracy: 'fast', algorithm: 'winograd' }).productsPerOutput);
  });

  it('as a tolerance is what is measured, mean over mean', () => {
    const x = Tensor.random([1, 16, 60, 60], { seed: 5 });
    const uniform = Tensor.random([24, 16, 3, 3], { seed: 6 });
    const options = {
      inChannels: 16,
      outChannels: 24,
      kernelSize: 3,
      threads: 1,
      algorithm: 'winograd',
    } as const;
    const problem = { inputShape: x.shape, weightShape: uniform.shape };
    const wanted = referenceConvolution(problem, x.data, uniform.data).data;
    for (const accuracy of [2.5e-7, 1e-6, 4e-6]) {
      const y = new Conv2d({ ...options, accuracy }, { weight: uniform }).forwardSync(x);
      const error = y.data.reduce((sum, value, i) => sum + Math.abs(value - wanted[i]!), 0);
      const size = wanted.reduce((sum, value) => sum + Math.abs(value), 0);
      console.log(`accuracy ${accuracy}: measured ${(error / size).toPrecision(2)}`);
      // The model is within 15 % or so of what is measured.
      expect(error / size).toBeLessThan(1.15 * accuracy);
    }
  });

  it('that nothing keeps is refused, saying what is kept', () => {
    expect(() => plan({ accuracy: 1e-9 })).toThrow(
      /^Expected accuracy to be at least \d.*e-\d+, what (direct|gemm) convolution keeps here, but received 1e-9$/,
    );
    expect(() => plan({ accuracy: 'direct', tile: 6 })).toThrow(
      /^Expected accuracy to be at least .*, what winograd convolution keeps here, but received "direct"$/,
    );
    expect(plan({ accuracy: 'fast', tile: 6 }).transforms).toEqual(['F(6, 3)', 'F(6, 3)']);
  });

  it('has a bound beside it that no data exceeds', () => {
    for (const change of [
      { tile: 4 },
      { tile: 6 },
      { algorithm: 'direct' },
      { lanes: 'positions', tile: 4 },
    ] as const) {
      const conv = layer({ effort: 'estimate', ...change });
      const x = Tensor.random(shape, { seed: 3 });
      const wanted = referenceConvolution(
        {
          inputShape: x.shape,
          weightShape: weight.shape,
          padding: [
            [1, 1],
            [1, 1],
          ],
        },
        x.data,
        weight.data,
      ).data;
      const worst = conv
        .forwardSync(x)
        .data.reduce((most, y, i) => Math.max(most, Math.abs(y - wanted[i]!)), 0);
      const { errorBound, expectedError } = conv.plan(shape);
      expect(worst).toBeGreaterThan(0);
      expect(worst).toBeLessThan(errorBound * MOST);
      expect(conv.plan(shape).describe()).toContain(
        `expected ${expectedError.toFixed(2)}× that of direct float32 convolution, at most ${errorBound.toExponential(1)}`,
      );
    }
  });

  it.each([
    [{ accuracy: 0 }, "Expected accuracy to be 'direct', 'fast' or a positive number but received 0"],
    [
      { accuracy: 'best' },
      "Expected accuracy to be 'direct', 'fast' or a positive number but received \"best\"",
    ],
    [{ accuracy: 'fast', errorLimit: 2 }, 'Expected errorLimit to be left out when accuracy is given'],
    [{ effort: 'patient' }, "Expected effort to be 'estimate' or 'measure' but received \"patient\""],
  ] as unknown as [Partial<LayerOptions>, string][])('refuses %j', (change, message) => {
    expect(() => layer(change)).toThrow(InputError);
    expect(() => layer(change)).toThrow(message);
  });
});
