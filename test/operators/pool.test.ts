import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operatorOf } from '../../src/operators/index.js';
import { pool } from './reference.js';
import { numbers, places, runOperator, tensor } from './run.js';

const RUNS = Number(process.env.WINOGRAD_TEST_RUNS ?? 40);

/** Attributes of windows over one to three axes, and what they come to. */
const cases = fc.integer({ min: 1, max: 3 }).chain((rank) => {
  const perAxis = (min: number, max: number) =>
    fc.array(fc.integer({ min, max }), { minLength: rank, maxLength: rank });
  return fc
    .record({
      input: perAxis(1, rank === 3 ? 9 : 24),
      kernel: perAxis(1, 4),
      strides: perAxis(1, 3),
      dilations: perAxis(1, 2),
      before: perAxis(0, 3),
      after: perAxis(0, 3),
      ceil: fc.boolean(),
      includes: fc.boolean(),
      batch: fc.integer({ min: 1, max: 2 }),
      channels: fc.integer({ min: 1, max: 19 }),
    })
    .map((c) => {
      const padBegin = c.before.map((pad, a) => Math.min(pad, c.kernel[a]! - 1));
      const padEnd = c.after.map((pad, a) => Math.min(pad, c.kernel[a]! - 1));
      const output = c.input.map((size, a) => {
        const span = size + padBegin[a]! + padEnd[a]! - (c.kernel[a]! - 1) * c.dilations[a]! - 1;
        let count = (c.ceil ? Math.ceil : Math.floor)(span / c.strides[a]!) + 1;
        if (c.ceil && (count - 1) * c.strides[a]! >= size + padBegin[a]!) count--;
        return span < 0 ? 0 : count;
      });
      return { ...c, padBegin, padEnd, output };
    })
    .filter(
      ({ output, input, kernel, strides, dilations, padBegin }) =>
        output.every((count, a) =>
          Array.from({ length: count }, (_, x) =>
            Array.from({ length: kernel[a]! }, (_, k) => x * strides[a]! + k * dilations[a]! - padBegin[a]!),
          ).every((taps) => count > 0 && taps.some((tap) => tap >= 0 && tap < input[a]!)),
        ) && output.every((count) => count > 0),
    );
});

describe('pooling', () => {
  it.each(['MaxPool', 'AveragePool'])('%s is its definition', (name) => {
    fc.assert(
      fc.property(cases, places(), fc.integer({ min: 1, max: 1000 }), (c, where, seed) => {
        const x = numbers([c.batch, c.channels, ...c.input], seed);
        const attributes = {
          kernel_shape: c.kernel,
          strides: c.strides,
          dilations: c.dilations,
          pads: [...c.padBegin, ...c.padEnd],
          ceil_mode: Number(c.ceil),
          ...(name === 'AveragePool' && { count_include_pad: Number(c.includes) }),
        };
        const wanted = pool(x, c, (values, { padded }) => {
          if (name === 'MaxPool') return Math.max(...values);
          const sum = values.reduce((total, value) => total + value, 0);
          return Math.fround(sum / (c.includes ? padded : values.length));
        });
        const [y] = runOperator(name, attributes, [x], where);
        expect(y!.shape).toEqual(wanted.shape);
        expect(Array.from(y!.data, (value) => value + 0)).toEqual(
          Array.from(wanted.data, (value) => value + 0),
        );
      }),
      { numRuns: RUNS },
    );
  });

  it('pads so that strides cover the input, before or behind', () => {
    const x = tensor([1, 1, 4], [4, 1, 2, 3]);
    const where = { isa: 'portable', width: 4, threads: 1, layout: 'planar' as const };
    const run = (auto_pad: string) =>
      Array.from(runOperator('MaxPool', { kernel_shape: [2], auto_pad }, [x], where)[0]!.data);
    expect(run('SAME_UPPER')).toEqual([4, 2, 3, 3]);
    expect(run('SAME_LOWER')).toEqual([4, 4, 2, 3]);
    expect(run('VALID')).toEqual([4, 2, 3]);
  });

  it('gives NaN for every window that sees one, and −∞ for one of nothing else', () => {
    fc.assert(
      fc.property(places(), (where) => {
        const x = tensor([1, 1, 6], [Number.NaN, 1, 2, -Infinity, -Infinity, -Infinity]);
        const [y] = runOperator('MaxPool', { kernel_shape: [3] }, [x], where);
        expect(Array.from(y!.data)).toEqual([Number.NaN, 2, 2, -Infinity]);
      }),
    );
  });

  it.each([
    [{}, 'kernel_shape'],
    [{ kernel_shape: [2, 2], pads: [2, 0, 0, 0] }, 'pads'],
    [{ kernel_shape: [2, 2], strides: [0, 1] }, 'strides'],
    [{ kernel_shape: [9, 9] }, "the input's axis 2"],
    [{ kernel_shape: [2, 2], auto_pad: 'SAME' }, 'auto_pad'],
    [{ kernel_shape: [2] }, 'kernel_shape'],
  ])('refuses %o by the name of %s', (attributes, name) => {
    const x = { type: 'float32' as const, shape: [1, 1, 8, 8] };
    expect(() => operatorOf('MaxPool').infer(attributes, [x], [])).toThrow(name);
  });
});
