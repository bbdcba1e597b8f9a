import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attributes } from '../../src/operators/operator.js';
import { at } from './reference.js';
import { type Input, indices, numbers, places, runOperator, tensor } from './run.js';

const RUNS = Number(process.env.WINOGRAD_TEST_RUNS ?? 40);

interface Windows {
  readonly batch: number;
  readonly channels: number;
  readonly axes: readonly {
    readonly input: number;
    readonly kernel: number;
    readonly stride: number;
    readonly dilation: number;
    readonly pads: readonly [number, number];
  }[];
}

const axis = fc
  .record({
    ...{ kernel: fc.integer({ min: 1, max: 4 }), stride: fc.integer({ min: 1, max: 3 }) },
    ...{ dilation: fc.integer({ min: 1, max: 2 }), more: fc.integer({ min: 0, max: 20 }) },
    pads: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
  })
  .map(({ kernel, stride, dilation, more, pads }) => {
    const reach = dilation * (kernel - 1) + 1;
    return { kernel, stride, dilation, pads, input: Math.max(1, reach - pads[0] - pads[1]) + more };
  });
const windows: fc.Arbitrary<Windows> = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  channels: fc.integer({ min: 1, max: 5 }),
  axes: fc.array(axis, { minLength: 1, maxLength: 3 }),
});

function attributesOf({ axes }: Windows): Attributes {
  return {
    ...{ strides: axes.map(({ stride }) => stride), dilations: axes.map(({ dilation }) => dilation) },
    pads: [...axes.map(({ pads }) => pads[0]), ...axes.map(({ pads }) => pads[1])],
  };
}

const inputShape = ({ batch, channels, axes }: Windows) => [
  batch,
  channels,
  ...axes.map(({ input }) => input),
];
const kernelShape = ({ axes }: Windows) => axes.map(({ kernel }) => kernel);
const outputShape = ({ axes }: Windows) =>
  axes.map(
    ({ input, kernel, stride, dilation, pads: [before, behind] }) =>
      Math.floor((input + before + behind - dilation * (kernel - 1) - 1) / stride) + 1,
  );
const count = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** For each number of the columns, the place in the input that it is, or undefined in the padding. */
function* meetings(c: Windows): Generator<readonly number[] | undefined> {
  const [kernel, output] = [kernelShape(c), outputShape(c)];
  const digits = (index: number, sizes: readonly number[]) =>
    sizes.map((size, a) => Math.floor(index / count(sizes.slice(a + 1))) % size);
  for (let n = 0; n < c.batch; n++)
    for (let channel = 0; channel < c.channels; channel++)
      for (let tap = 0; tap < count(kernel); tap++)
        for (let o = 0; o < count(output); o++) {
          const [taps, places] = [digits(tap, kernel), digits(o, output)];
          const found = c.axes.map(
            ({ stride, dilation, pads }, a) => places[a]! * stride + taps[a]! * dilation - pads[0],
          );
          const there = found.every((x, a) => x >= 0 && x < c.axes[a]!.input);
          yield there ? [n, channel, ...found] : undefined;
        }
}

function columnsOf(c: Windows, x: Input): Input {
  const shape = [c.batch, c.channels * count(kernelShape(c)), count(outputShape(c))];
  return tensor(
    shape,
    [...meetings(c)].map((place) => (place === undefined ? 0 : at(x, place))),
  );
}

describe('unfolded inputs', () => {
  it('are columns of windows', () => {
    fc.assert(
      fc.property(windows, places(), (c, where) => {
        const x = numbers(inputShape(c));
        const attributes = { ...attributesOf(c), kernel_shape: kernelShape(c) };
        const [y] = runOperator('Im2Col', attributes, [x], where);
        const wanted = columnsOf(c, x);
        expect(y!.shape).toEqual(wanted.shape);
        expect(y!.data).toEqual(wanted.data);
      }),
      { numRuns: 2 * RUNS },
    );
  });

  it('add up where they come from', () => {
    fc.assert(
      fc.property(windows, places(), (c, where) => {
        const columns = numbers([c.batch, c.channels * count(kernelShape(c)), count(outputShape(c))]);
        const shape = inputShape(c);
        const sums = new Float32Array(count(shape));
        let i = 0;
        for (const place of meetings(c)) {
          const value = columns.data[i++]!;
          if (place === undefined) continue;
          const index = place.reduce((sum, x, a) => sum * shape[a]! + x, 0);
          sums[index] = sums[index]! + value;
        }
        const extents = [indices(...shape.slice(2)), indices(...kernelShape(c))];
        const [y] = runOperator('Col2Im', attributesOf(c), [columns, ...extents], where);
        expect(y!.shape).toEqual(shape);
        expect(Array.from(y!.data, (value) => value + 0)).toEqual(Array.from(sums, (value) => value + 0));
      }),
      { numRuns: 2 * RUNS },
    );
  });

  it('are refused where they do not fit', () => {
    const where = { isa: 'portable', width: 4, threads: 1, layout: 'planar' } as const;
    expect(() => runOperator('Im2Col', {}, [numbers([1, 2, 5])], where)).toThrow(
      'Expected attribute kernel_shape to be the extents of a window',
    );
    const col2im = (shape: readonly number[], block: readonly number[]) =>
      runOperator('Col2Im', {}, [numbers(shape), indices(5, 5), indices(...block)], where);
    expect(() => col2im([1, 7, 9], [2, 2])).toThrow('Expected the input to be N × (channels · 4) × windows');
    expect(() => col2im([1, 8, 9], [2, 2])).toThrow('Expected the input to be of 16 windows');
    expect(() => col2im([1, 8, 9], [2])).toThrow(
      'Expected input block_shape to be 2 integers, as image_shape',
    );
  });
});

describe('a reindexed input', () => {
  const where = { isa: 'portable', width: 4, threads: 1, layout: 'planar' } as const;

  it('is that of figure 9: 7 × 7, padding 1, stride 2, kernel 3 × 3', () => {
    const x = tensor(
      [1, 1, 7, 7],
      Array.from({ length: 49 }, (_, i) => 10 * Math.floor(i / 7) + (i % 7) + 1),
    );
    const attributes = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
    const [y] = runOperator('Reindex', attributes, [x], where);
    expect(y!.shape).toEqual([1, 1, 12, 12]);
    // Clusters of 4 × 4, one for each tap: the inputs that it meets, two apart.
    const along = [-1, 1, 3, 5, 0, 2, 4, 6, 1, 3, 5, -1];
    const wanted = along.flatMap((row) =>
      along.map((column) => (row < 0 || column < 0 ? 0 : 10 * row + column + 1)),
    );
    expect([...y!.data]).toEqual(wanted);
  });

  it('has as windows side by side what the columns have as rows (section 3.4.1)', () => {
    fc.assert(
      fc.property(windows, places(), (c, place) => {
        const x = numbers(inputShape(c));
        const attributes = { ...attributesOf(c), kernel_shape: kernelShape(c) };
        const [reindexed] = runOperator('Reindex', attributes, [x], place);
        const outputs = outputShape(c);
        const clusters = { kernel_shape: outputs, strides: outputs };
        const [turned] = runOperator('Im2Col', clusters, [{ ...reindexed! }], place);
        const columns = columnsOf(c, x);
        const [taps, places] = [count(kernelShape(c)), count(outputs)];
        const transposed = Float32Array.from(columns.data, (_, i) => {
          const [channel, within] = [Math.floor(i / taps / places), i % (taps * places)];
          const [output, tap] = [Math.floor(within / taps), within % taps];
          return columns.data[(channel * taps + tap) * places + output]!;
        });
        expect(turned!.data).toEqual(transposed);
      }),
      { numRuns: RUNS },
    );
  });
});
