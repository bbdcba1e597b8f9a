import { describe, expect, it } from 'vitest';
import { candidatesOf } from '../../../src/catalogue/candidates.js';
import { knownAlgorithms } from '../../../src/catalogue/catalogue.js';
import { Builder, Network, Tensor } from '../../../src/index.js';
import { machineOf } from '../../../src/machine/machine.js';
import { problemOf } from '../../../src/operators/convolution/geometry.js';
import { weightsGradientAlgorithms } from '../../../src/operators/convolution/gradient/algorithms.js';
import { lanesOf } from '../../../src/operators/convolution/gradient/blocks.js';
import { dualOf } from '../../../src/operators/convolution/gradient/dual.js';
import { type Algorithm, choose } from '../../../src/planner/planner.js';
import { backwardWeights } from '../../../synth/forms/gradients.js';
import { proveTransform } from '../../../synth/index.js';
import { directError } from '../../../synth/noise/layer.js';
import { kernelTables } from '../../training/check.js';

const float = (shape: readonly number[]) => ({ type: 'float32', shape }) as const;

interface Layer {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly sizes: readonly number[];
  readonly stride?: number;
}

function attributesOf({ sizes, stride = 1 }: Layer) {
  const all = (value: number) => sizes.map(() => value);
  return { kernel_shape: all(3), pads: [...all(1), ...all(1)], strides: all(stride) };
}

function decide(layer: Layer, isa: string, algorithm: Algorithm = 'auto', errorLimit = 2.5) {
  const { batch, inputs, outputs, sizes } = layer;
  const weight = float([outputs, inputs, ...sizes.map(() => 3)]);
  const problem = problemOf(attributesOf(layer), float([batch, inputs, ...sizes]), weight, 1);
  const machine = machineOf(isa);
  const options = { algorithm, errorLimit, machine, algorithms: weightsGradientAlgorithms };
  return { problem, machine, ...choose(problem, { ...options, candidates: candidatesOf(problem, {}) }) };
}

describe('the gradient of weights', () => {
  it('has the duals of proved algorithms', () => {
    for (const { forms } of knownAlgorithms(3, 1).slice(0, 12))
      for (const { transform } of forms)
        if ('moduli' in transform && !('padding' in transform))
          expect(() => proveTransform(backwardWeights(transform))).not.toThrow();
    const [form] = knownAlgorithms(3, 1)[0]!.forms;
    expect(dualOf(form!)).toBe(dualOf(form!));
  });

  it('runs by Winograd where that is sooner, and directly where it does not apply', () => {
    const layer = { batch: 1, inputs: 64, outputs: 64, sizes: [28, 28] };
    for (const isa of kernelTables) {
      expect(decide(layer, isa).choice.algorithm).toBe('winograd');
      expect(decide(layer, isa, 'direct').choice.algorithm).toBe('direct');
    }
    const one = problemOf({}, float([1, 64, 9, 9]), float([64, 64, 1, 1]), 1);
    const machine = machineOf(kernelTables[0]!);
    const options = {
      algorithm: 'auto',
      errorLimit: 2.5,
      machine,
      algorithms: weightsGradientAlgorithms,
    } as const;
    expect(choose(one, { ...options, candidates: candidatesOf(one, {}) }).choice.algorithm).toBe('direct');
  });

  it('puts the side into vectors that fills them', () => {
    const machine = machineOf(kernelTables[0]!);
    const problem = (inputs: number, outputs: number) =>
      problemOf({}, float([1, inputs, 9, 9]), float([outputs, inputs, 3, 3]), 1);
    expect(lanesOf(problem(3, 64), machine)).toBe('outputs');
    expect(lanesOf(problem(64, 3), machine)).toBe('inputs');
    expect(lanesOf(problem(64, 64), machine)).toBe('inputs');
  });

  it.each<Layer>([
    { batch: 1, inputs: 20, outputs: 19, sizes: [40, 37] },
    { batch: 3, inputs: 17, outputs: 24, sizes: [6, 14, 13] },
    { batch: 2, inputs: 64, outputs: 48, sizes: [61, 60], stride: 2 },
  ])('errs as predicted, within its bound: %o', async (layer) => {
    const { batch, inputs, outputs, sizes } = layer;
    for (const isa of kernelTables) {
      const { problem, choice, row } = decide(layer, isa, 'auto', 1e9);
      expect(choice.algorithm).toBe('winograd');
      const b = new Builder();
      const result = [batch, outputs, ...problem.output.slice(3 - sizes.length)];
      const node = b.node(
        'ConvWeightsGradient',
        [b.input('x', [batch, inputs, ...sizes]), b.input('dy', result)],
        attributesOf(layer),
      );
      const network = new Network(b.build({ dw: node }), { isa, threads: 2, accuracy: 'fast' });
      const x = Tensor.random([batch, inputs, ...sizes], { seed: 5 });
      const dy = Tensor.random(result, { seed: 6 });
      const { dw } = await network.run({ x, dy });
      const exact = definition(x, dy, problem);
      const norm = (values: Float64Array) =>
        Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
      const errors = exact.map((value, i) => dw!.data[i]! - value);
      const positions = batch * problem.output.reduce((product, size) => product * size, 1);
      const predicted = choice.error * directError([], positions);
      const measured = norm(errors) / norm(exact);
      expect(measured / predicted).toBeGreaterThan(0.6);
      expect(measured / predicted).toBeLessThan(1.5);
      const bound = row.bound(problem, choice);
      expect(errors.every((error) => Math.abs(error) <= bound)).toBe(true);
    }
  });
});

/** In double precision. */
function definition(x: Tensor, dy: Tensor, p: ReturnType<typeof problemOf>): Float64Array {
  const [taps, pixels, results] = [p.kernel, p.input, p.output].map(
    (axes) => axes[0] * axes[1] * axes[2],
  ) as [number, number, number];
  const sums = new Float64Array(p.outChannels * p.inChannels * taps);
  for (let i = 0; i < sums.length; i++) {
    const tap = i % taps;
    const c = Math.floor(i / taps) % p.inChannels;
    const k = Math.floor(i / taps / p.inChannels);
    const at = [
      Math.floor(tap / (p.kernel[1] * p.kernel[2])),
      Math.floor(tap / p.kernel[2]) % p.kernel[1],
      tap % p.kernel[2],
    ];
    for (let n = 0; n < p.batch; n++)
      for (let o = 0; o < results; o++) {
        const of = [
          Math.floor(o / (p.output[1] * p.output[2])),
          Math.floor(o / p.output[2]) % p.output[1],
          o % p.output[2],
        ];
        let pixel = 0;
        let there = true;
        for (let a = 0; a < 3; a++) {
          const place = of[a]! * p.stride[a as 0]! + at[a]! - p.padBegin[a as 0]!;
          there &&= place >= 0 && place < p.input[a as 0]!;
          pixel = pixel * p.input[a as 0]! + place;
        }
        if (there)
          sums[i]! +=
            x.data[(n * p.inChannels + c) * pixels + pixel]! *
            dy.data[(n * p.outChannels + k) * results + o]!;
      }
  }
  return sums;
}
