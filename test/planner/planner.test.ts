import { describe, expect, it } from 'vitest';
import { Convolution, type LayerOptions, type Plan, Tensor } from '../../src/index.js';
import type { Rank } from '../../src/problem/problem.js';
import { makeData, rootMeanSquare } from '../../src/report/oracle.js';

function layerOf(
  shape: readonly number[],
  outChannels: number,
  change: Partial<LayerOptions> = {},
): Convolution {
  const [inChannels, ...space] = shape as [number, ...number[]];
  const options = { kernelSize: 3, padding: 1, threads: 1, ...change };
  const kernel = space.map((_, a) =>
    Array.isArray(options.kernelSize) ? options.kernelSize[a] : options.kernelSize,
  );
  const groups = options.groups ?? 1;
  return new Convolution(
    space.length as Rank,
    { inChannels, outChannels, ...options },
    { weight: Tensor.random([outChannels, inChannels / groups, ...kernel], { seed: 3 }) },
  );
}

function planOf(shape: readonly number[], outChannels: number, change: Partial<LayerOptions> = {}): Plan {
  return layerOf(shape, outChannels, change).plan([1, ...shape]);
}

describe('the planner', () => {
  it('uses the threads that a layer has work for, and chooses as if there were no others', () => {
    const small = planOf([16, 14, 14], 16, { threads: 8 });
    expect(small.threads).toBe(1);
    expect(small.transforms).toEqual(planOf([16, 14, 14], 16).transforms);
    expect(planOf([64, 56, 56], 64, { threads: 2 }).threads).toBe(2);
    expect(planOf([64, 14, 14], 64, { threads: 16, algorithm: 'direct' }).threads).toBeLessThan(16);
  });

  it.each([
    [{ stride: 2, lanes: 'positions' }, 'Winograd needs stride 1 (it is 2 × 2)'],
    [{ dilation: 2 }, 'Winograd needs dilation 1 (it is 2 × 2)'],
    [{ groups: 4, lanes: 'channels' }, 'Winograd needs groups 1 for vectors of channels (they are 4)'],
    [{ kernelSize: 1, padding: 0 }, 'a kernel of one tap leaves nothing to save'],
    [{ kernelSize: [1, 65], padding: 32 }, 'Winograd needs at most 64 taps an axis (they are 1 × 65)'],
    [{ errorLimit: 0.01 }, 'estimated faster than any tile that keeps the error limit'],
    [{ algorithm: 'direct' }, 'as asked'],
  ] as [Partial<LayerOptions>, string][])('convolves without tiles with %j', (change, reason) => {
    expect(planOf([32, 40, 40], 32, change)).toMatchObject({
      algorithm: expect.stringMatching(/^(direct|gemm)$/),
      reason,
      productsPerOutput: expect.any(Number),
    });
  });

  it('convolves tiny layers without tiles and large ones by Winograd', () => {
    expect(planOf([2, 8, 8], 4).algorithm).not.toBe('winograd');
    for (const shape of [
      [64, 56, 56],
      [64, 8, 28, 28],
      [64, 2000],
    ])
      expect(planOf(shape, 64).algorithm).toBe('winograd');
  });

  it('keeps the error limit, and uses it', () => {
    const limits = [0.5, 1, 2.5, 10, 100];
    const plans = limits.map((errorLimit) => planOf([64, 56, 56], 64, { errorLimit, algorithm: 'winograd' }));
    for (const [i, plan] of plans.entries()) expect(plan.expectedError).toBeLessThanOrEqual(limits[i]!);
    const products = plans.map((plan) => plan.productsPerOutput);
    expect(products).toEqual([...products].sort((a, b) => b - a));
    expect(products.at(-1)).toBeLessThan(0.75 * products[0]!);
  });

  it('says what the best tile keeps when no tile keeps the limit', () => {
    expect(() => planOf([64, 56, 56], 64, { errorLimit: 0.01, algorithm: 'winograd' })).toThrow(
      /^Expected errorLimit to be at least 0\.\d+, what the best tile keeps but received 0.01$/,
    );
  });

  it('wastes little at the border', () => {
    expect(planOf([256, 2, 7, 7], 256).transforms[0]).toBe('2 padded inputs');
    for (const size of [7, 13, 14, 15, 28]) {
      // Direct convolution takes 27; F(4, 3) on each axis 3.4 where it fits, and 6.3 on axes of 13 as 4 × 4.
      const plan = planOf([64, size, size, size], 64);
      expect(plan.productsPerOutput).toBeLessThan(27 / 5);
    }
  });

  it('lets every axis have a tile of its own, and none where nothing is convolved', () => {
    const plan = planOf([32, 4, 30, 30], 32, { kernelSize: [1, 3, 5], padding: [0, 1, 2] });
    expect(plan.transforms[0]).toBe('F(1, 1)');
    expect(plan.transforms[1]).toMatch(/, 3\)/);
    expect(plan.transforms[2]).toMatch(/, 5\)/);
  });

  it('has tiles for kernels longer than any transform that is shipped', () => {
    for (const taps of [9, 11, 13]) {
      const plan = planOf([32, 500], 32, { kernelSize: taps, padding: 0 });
      expect(plan.algorithm).toBe('winograd');
      expect(plan.productsPerOutput).toBeLessThan(taps / 2);
    }
    expect(planOf([32, 500], 32, { kernelSize: 20, padding: 0 }).algorithm).toBe('direct');
  });

  it('describes a plan in words', () => {
    const text = planOf([32, 14, 14], 48, { tile: 4 }).describe();
    expect(text.split('\n').map((line) => line.split(/ {2,}/)[0])).toEqual(
      ['algorithm', 'shape', 'because', 'tiles', 'products', 'blocks', 'error', 'memory', 'runs on'].map(
        String,
      ),
    );
    expect(text).toContain('Winograd F(4, 3) × F(4, 3)');
    expect(text).toContain('1 × 32 × 14 × 14 → 1 × 48 × 14 × 14');
    expect(text).toContain('14 = 4 × 4, 14 = 4 × 4');
    expect(text).toContain('2.94 per output where direct convolution takes 9 (3.06× fewer)');
    expect(text).toMatch(/as asked; direct is estimated to take [\d.]+× the time/);
  });

  it('has the fields of its JSON', () => {
    expect(JSON.parse(JSON.stringify(planOf([32, 14, 14], 48, { tile: [4, 2] })))).toMatchObject({
      algorithm: 'winograd',
      tile: [4, 2],
      taps: 9,
      directFlops: 2 * 48 * 14 * 14 * 32 * 9,
      threads: 1,
    });
  });
});

describe('the expected error', () => {
  // Root mean squares over 1024 samples scatter by 3 to 4 %, and so do direct convolution's, which divide them.
  it.each([
    [[64, 24, 24], { tile: 4 }],
    [[64, 24, 24], { tile: 6 }],
    [[64, 48, 48], { tile: 8 }],
    [[64, 24, 24], { algorithm: 'winograd' }],
    [[200, 14, 14], { algorithm: 'winograd' }],
    [[256, 24, 24], { tile: 8, errorLimit: 1.7 }],
    [[64, 8, 12, 12], { tile: 4 }],
    [[64, 500], { tile: 8 }],
    // Padding: an output at the border sums fewer products.
    [[64, 2, 30, 30], { tile: [1, 4, 4] }],
    [[64, 2, 4, 4], { algorithm: 'winograd' }],
    [[128, 3, 5, 7], { algorithm: 'winograd' }],
    [[3, 8, 30, 30], { tile: ['fold', 4, 4] }],
  ] as [number[], Partial<LayerOptions>][])('of %j with %j is what is measured', (shape, change) => {
    const [inChannels, ...input] = shape as [number, ...number[]];
    const [batch, outChannels] = [4, 32];
    const [kernel, ones] = [input.map(() => 3), input.map(() => 1)];
    const sizes = { inChannels, outChannels, groups: 1, input, kernel };
    const layer = { name: '', ...sizes, stride: ones, padding: ones };
    const data = makeData(layer, batch);
    const conv = new Convolution(
      input.length as Rank,
      { inChannels, outChannels, kernelSize: 3, padding: 1, threads: 1, ...change },
      { weight: new Tensor(data.weight, [outChannels, inChannels, ...kernel]) },
    );
    const x = new Tensor(data.input, [batch, ...shape]);
    const y = conv.forwardSync(x).data;
    const error = rootMeanSquare(
      data.samples.map((at) => y[at]!),
      data.expected,
    );
    const ratio = error / data.directError / conv.plan(x.shape).expectedError;
    expect(ratio).toBeGreaterThan(1 / 1.15);
    expect(ratio).toBeLessThan(1.15);
  });
});
