import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Convolution, Tensor } from '../../../src/index.js';
import { phasedOf } from '../../../src/operators/convolution/dilating.js';
import { type Rank, validateInput, validateLayer } from '../../../src/problem/problem.js';
import { isas } from '../../layers/cases.js';
import { referenceConvolution } from '../../reference.js';

const cases = fc.integer({ min: 1, max: 3 }).chain((rank) => {
  const axis = fc.record({
    size: fc.integer({ min: 1, max: [0, 60, 22, 12][rank]! }),
    dilation: fc.integer({ min: 1, max: 4 }),
    padding: fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })),
  });
  return fc.record({
    batch: fc.integer({ min: 1, max: 2 }),
    inChannels: fc.integer({ min: 1, max: 35 }),
    outChannels: fc.integer({ min: 1, max: 35 }),
    axes: fc.array(axis, { minLength: rank, maxLength: rank }),
    bias: fc.boolean(),
    residual: fc.boolean(),
    threads: fc.integer({ min: 1, max: 2 }),
    seed: fc.nat(),
  });
});

describe('dilated layers by Winograd', () => {
  it.each(isas())('are exact on integers, whatever their phases, on %s', async (isa) => {
    await fc.assert(
      fc.asyncProperty(
        cases,
        async ({ batch, inChannels, outChannels, axes, bias, residual, threads, seed }) => {
          fc.pre(axes.every(({ size, dilation, padding: [a, b] }) => size + a + b >= 2 * dilation + 1));
          fc.pre(axes.some(({ dilation }) => dilation > 1));
          const [dilation, padding] = [axes.map((each) => each.dilation), axes.map((each) => each.padding)];
          const integers = (shape: readonly number[], start: number) => {
            const { data } = Tensor.random(shape, { seed: seed + start });
            return new Tensor(
              data.map((value) => Math.round(4 * value)),
              shape,
            );
          };
          const input = integers([batch, inChannels, ...axes.map(({ size }) => size)], 0);
          const weight = integers([outChannels, inChannels, ...axes.map(() => 3)], 1);
          const added = bias ? integers([outChannels], 2) : undefined;
          const layer = new Convolution(
            axes.length as Rank,
            // F(2, 3) at points whose matrices are dyadic: integers pass through it exactly.
            {
              inChannels,
              outChannels,
              kernelSize: 3,
              dilation,
              padding,
              threads,
              isa,
              transforms: '0, ±1, inf',
            },
            { weight, ...(added && { bias: added }) },
          );
          expect(layer.plan(input.shape).algorithm).toBe('winograd');
          const problem = { inputShape: input.shape, weightShape: weight.shape, dilation, padding };
          const expected = referenceConvolution(problem, input.data, weight.data, added?.data);
          const addend = residual ? integers(expected.shape, 3) : undefined;
          const result = await layer.forward(input, undefined, addend);
          const wanted = expected.data.map((value, i) => value + (addend?.data[i] ?? 0));
          expect([...result.data]).toEqual([...wanted]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are chosen where they are faster, and described as they were posed', () => {
    const weight = Tensor.random([128, 128, 3, 3], { seed: 1 });
    const options = { inChannels: 128, outChannels: 128, kernelSize: 3, dilation: 2, padding: 2, threads: 1 };
    const plan = new Convolution(2, options, { weight }).plan([1, 128, 56, 56]);
    expect(plan).toMatchObject({
      algorithm: 'winograd',
      inputShape: [1, 128, 56, 56],
      outputShape: [1, 128, 56, 56],
    });
    expect(plan.reason).toContain('2 × 2 phases');
  });

  it.each([
    [
      { dilation: 2, padding: 2 },
      [16, 16],
      { batch: 4, input: [1, 8, 8], padBegin: [0, 1, 1], padEnd: [0, 1, 1] },
    ],
    [
      { dilation: 2, padding: 1 },
      [16, 16],
      { batch: 4, input: [1, 9, 9], padBegin: [0, 0, 0], padEnd: [0, 0, 0] },
    ],
    [{ dilation: [1, 3], padding: [1, 3] }, [5, 9], { batch: 3, input: [1, 5, 3], padBegin: [0, 1, 1] }],
  ])('have phases: %j of %j', (change, size, expected) => {
    const layer = validateLayer({ inChannels: 1, outChannels: 1, kernelSize: 3, ...change }, 2);
    expect(phasedOf(validateInput(layer, [1, 1, ...size]))!.phases).toMatchObject(expected);
  });

  it('have none without dilation, or with a stride', () => {
    for (const change of [{}, { dilation: 2, stride: 2 }]) {
      const layer = validateLayer({ inChannels: 1, outChannels: 1, kernelSize: 3, ...change }, 2);
      expect(phasedOf(validateInput(layer, [1, 1, 9, 9]))).toBeUndefined();
    }
  });
});
