import { beforeEach, describe, expect, it, vi } from 'vitest';
import { candidatesOf, type TileOptions } from '../../src/catalogue/candidates.js';
import {
  Convolution,
  exportWisdom,
  forgetWisdom,
  importWisdom,
  type LayerOptions,
  Tensor,
} from '../../src/index.js';
import { machineOf } from '../../src/machine/machine.js';
import { type ConvolutionDescription, native } from '../../src/native/addon.js';
import { convolutionAlgorithms } from '../../src/operators/convolution/algorithms.js';
import { lower } from '../../src/planner/lower.js';
import { PackedWeights } from '../../src/planner/packed-weights.js';
import { choose } from '../../src/planner/planner.js';
import { type Rank, validateInput, validateLayer } from '../../src/problem/problem.js';
import { makeData, rootMeanSquare } from '../../src/report/oracle.js';
import { allocate } from '../../src/tensor/tensor.js';
import * as measuring from '../../src/wisdom/measure.js';
import { isas } from './cases.js';

/** Few tiles for many weights. */
const FEW = [512, 7, 7] as const;

function layerOf(
  [inChannels, ...space]: readonly number[],
  outChannels: number,
  change: Partial<LayerOptions>,
): Convolution {
  const shape = [outChannels, inChannels!, ...space.map(() => 3)];
  return new Convolution(
    space.length as Rank,
    { inChannels: inChannels!, outChannels, kernelSize: 3, padding: 1, threads: 1, ...change },
    { weight: Tensor.random(shape, { seed: 4 }) },
  );
}

function planOf(shape: readonly number[], outChannels: number, change: Partial<LayerOptions> = {}) {
  return layerOf(shape, outChannels, change).plan([1, ...shape]);
}

describe('weights in bfloat16', () => {
  it.each([
    {},
    { errorLimit: 1e9 },
    { tile: 4 },
    { accuracy: 'direct' },
    { accuracy: 1e-4 },
    { accuracy: 'fast', algorithm: 'direct' },
    { accuracy: 1e-4, tile: 4 },
    { accuracy: 'fast', lanes: 'positions', tile: 4 },
  ] as Partial<LayerOptions>[])('are not what %j asks for', (change) => {
    expect(planOf(FEW, 512, change).weightFormat).toBe('float32');
  });

  it('are taken where few tiles share them and the accuracy allows it', () => {
    for (const accuracy of ['fast', 0.02] as const) {
      const plan = planOf(FEW, 512, { accuracy });
      expect(plan.weightFormat).toBe('bfloat16');
      expect(plan.title).toMatch(/^Winograd .*, weights in bfloat16$/);
      expect(plan.describe()).toMatch(/expected \d\.\de\+3× that of direct/);
    }
    // Many tiles share each weight, or all weights stay in cache: they are ready before the tiles are.
    expect(planOf([64, 56, 56], 64, { accuracy: 'fast' }).weightFormat).toBe('float32');
    expect(planOf([64, 7, 7], 64, { accuracy: 'fast' }).weightFormat).toBe('float32');
  });

  it('take half the memory', () => {
    const [rounded, exact] = (['fast', 1e-4] as const).map((accuracy) =>
      planOf(FEW, 512, { accuracy, tile: 4 }),
    );
    expect(rounded!.weightFormat).toBe('bfloat16');
    expect(2 * rounded!.weightBytes).toBe(exact!.weightBytes);
  });

  it.each([
    [FEW, 64, { tile: 2 }],
    [FEW, 80, { tile: 6 }],
    [[96, 13, 18], 40, { tile: 4 }],
    [[128, 2, 4, 4], 96, {}],
    [[256, 40], 70, { tile: 8 }],
    [[5, 20, 20], 33, { tile: ['fold', 4] }],
  ] as [number[], number, TileOptions][])(
    'err in layers of %j, %i, %j as expected',
    (shape, outChannels, tiles) => {
      const [inChannels, ...input] = shape as [number, ...number[]];
      const [kernel, ones] = [input.map(() => 3), input.map(() => 1)];
      const sizes = { inChannels, outChannels, groups: 1, input, kernel };
      const data = makeData({ name: '', ...sizes, stride: ones, padding: ones }, 1);
      const options = { inChannels, outChannels, kernelSize: 3, padding: 1, threads: 1 };
      const problem = validateInput(validateLayer(options, input.length as Rank), [1, ...shape]);
      for (const { name: isa } of native().cpuInfo().kernels) {
        const candidates = candidatesOf(problem, tiles);
        const { choice, row } = choose(problem, {
          ...{ algorithms: convolutionAlgorithms, algorithm: 'winograd', lanes: 'channels' },
          ...{ candidates, errorLimit: 0, roundedErrorLimit: Infinity, machine: machineOf(isa) },
        });
        expect(choice.weightFormat).toBe('bfloat16');
        const description = lower(problem, choice, machineOf(isa), { bias: false, residual: false });
        const kernel = new (native().Kernel)('convolution', description);
        const weights = new PackedWeights(description, data.weight).packSync();
        const y = allocate(kernel.outputBytes[0]! / 4);
        kernel.runSync([data.input, weights, null, null], [y]);
        const received = data.samples.map((at) => y[at]!);
        const ratio = rootMeanSquare(received, data.expected) / data.directError / choice.error;
        expect(ratio).toBeGreaterThan(1 / 1.15);
        expect(ratio).toBeLessThan(1.15);
        // Inputs and weights lie in [−1, 1).
        const worst = Math.max(...received.map((value, i) => Math.abs(value - data.expected[i]!)));
        expect(worst).toBeLessThan(row.bound(problem, choice));
      }
    },
  );

  describe('and wisdom', () => {
    beforeEach(() => {
      forgetWisdom();
      vi.restoreAllMocks();
    });

    it('are remembered, apart from what is exact', () => {
      const options = { effort: 'measure', tile: 4 } as const;
      const measure = vi.spyOn(measuring, 'measure').mockImplementation(function* (_problem, [choice]) {
        yield;
        return { choice: choice!, milliseconds: 1, timed: 1 };
      });
      expect(planOf(FEW, 512, { ...options, accuracy: 'fast' }).weightFormat).toBe('bfloat16');
      expect(planOf(FEW, 512, options).weightFormat).toBe('float32');
      expect(measure).toHaveBeenCalledTimes(2);
      const wisdom = JSON.parse(JSON.stringify(exportWisdom()));
      forgetWisdom();
      importWisdom(wisdom);
      expect(planOf(FEW, 512, { ...options, accuracy: 'fast' }).weightFormat).toBe('bfloat16');
      expect(measure).toHaveBeenCalledTimes(2);
    });
  });

  it('are refused by the engine where it has no kernels for them', () => {
    const problem = validateInput(
      validateLayer({ inChannels: 1, outChannels: 1, kernelSize: 3, padding: 1 }, 1),
      [1, 1, 8],
    );
    const machine = machineOf(isas()[0]!);
    const { choice } = choose(problem, {
      ...{ algorithms: convolutionAlgorithms, algorithm: 'winograd', lanes: 'channels', machine },
      ...{ candidates: candidatesOf(problem, { tile: 4 }), errorLimit: Infinity },
    });
    const { schedule, ...rest } = lower(problem, choice, machine, {
      bias: false,
      residual: false,
    });
    const description = { ...rest, schedule: { ...schedule, weightFormat: 'half' } } as unknown;
    expect(() => new (native().Kernel)('convolution', description as ConvolutionDescription)).toThrow(
      'Expected schedule.weightFormat to be "float32" or "bfloat16" but received "half"',
    );
  });
});
