import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConvolutionOptions, Rank } from '../../src/problem/problem.js';
import {
  directFlops,
  outputShape,
  validateInput,
  validateLayer,
  weightShape,
} from '../../src/problem/problem.js';
import { InputError } from '../../synth/errors.js';
import { referenceConvolution } from '../reference.js';

const base = { inChannels: 2, outChannels: 4, kernelSize: 3 };

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message;
  }
  throw new Error('expected a refusal');
}

/** `[, value]`. */
function holesBefore(value: number): number[] {
  const array: number[] = Array(2);
  array[1] = value;
  return array;
}

describe('validateLayer', () => {
  it('fills in defaults and lifts fewer axes to three', () => {
    const layer = validateLayer({ inChannels: 3, outChannels: 5, kernelSize: [3, 5] }, 2);
    expect(layer).toMatchObject({
      rank: 2,
      kernel: [1, 3, 5],
      stride: [1, 1, 1],
      dilation: [1, 1, 1],
      padBegin: [0, 0, 0],
      padEnd: [0, 0, 0],
      groups: 1,
      activation: { slope: 1, low: -Infinity, high: Infinity },
    });
    expect(layer.threads).toBeGreaterThanOrEqual(1);
  });

  it.each([
    [1, [0, 0, 1], [0, 0, 1]],
    [
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ],
    [
      [[0, 1], 2, [3, 4]],
      [0, 2, 3],
      [1, 2, 4],
    ],
    ['valid', [0, 0, 0], [0, 0, 0]],
  ] as const)('understands padding %j', (padding, begin, end) => {
    const rank = Array.isArray(padding) || padding === 'valid' ? 3 : 1;
    const layer = validateLayer({ ...base, padding } as ConvolutionOptions, rank);
    expect([layer.padBegin, layer.padEnd]).toEqual([begin, end]);
  });

  it("pads 'same' as PyTorch: an even kernel gets the extra zero at the end", () => {
    const layer = validateLayer({ ...base, kernelSize: [4, 3, 2], dilation: [1, 2, 3], padding: 'same' }, 3);
    expect([layer.padBegin, layer.padEnd]).toEqual([
      [1, 2, 1],
      [2, 2, 2],
    ]);
    const { input, output } = validateInput(layer, [1, 2, 7, 8, 9]);
    expect(output).toEqual(input);
  });

  const refused: [Record<string, unknown>, Rank, string][] = [
    [{ kernelSize: 0 }, 3, 'Expected kernelSize to be a positive integer or an array of 3 but received 0'],
    [
      { kernelSize: [3, 3] },
      3,
      'Expected kernelSize to be a positive integer or an array of 3 but received [3, 3]',
    ],
    [
      { kernelSize: undefined },
      1,
      'Expected kernelSize to be a positive integer or an array of 1 but received undefined',
    ],
    [
      { kernelSize: '3' },
      2,
      'Expected kernelSize to be a positive integer or an array of 2 but received "3"',
    ],
    [
      { kernelSize: [3, Number.NaN] },
      2,
      'Expected kernelSize to be a positive integer or an array of 2 but received [3, NaN]',
    ],
    [
      { kernelSize: 2.5 },
      2,
      'Expected kernelSize to be a positive integer or an array of 2 but received 2.5',
    ],
    [{ stride: -1 }, 2, 'Expected stride to be a positive integer or an array of 2 but received -1'],
    [
      { dilation: Infinity },
      1,
      'Expected dilation to be a positive integer or an array of 1 but received Infinity',
    ],
    [{ inChannels: Number.NaN }, 2, 'Expected inChannels to be a positive integer but received NaN'],
    [{ outChannels: 2 ** 31 }, 2, 'Expected outChannels to be a positive integer but received 2147483648'],
    [{ groups: 3 }, 2, 'Expected groups to be a divisor of inChannels (2) but received 3'],
    [{ inChannels: 6, groups: 3 }, 2, 'Expected groups to be a divisor of outChannels (4) but received 3'],
    [
      { activation: 'gelu' },
      2,
      "Expected activation to be 'none', 'relu', 'relu6', { leakyRelu: slope } or { clip: [low, high] } but received \"gelu\"",
    ],
    [{ threads: 0 }, 2, 'Expected threads to be an integer from 1 to 256 but received 0'],
    [
      { padding: 'full' },
      1,
      "Expected padding to be a non-negative integer, an array of 1 such or of 1 pairs, 'same' or 'valid' but received \"full\"",
    ],
    [
      { padding: [1, [1, 2, 3]] },
      2,
      "Expected padding to be a non-negative integer, an array of 2 such or of 2 pairs, 'same' or 'valid' but received [1, [1, 2, 3]]",
    ],
    [
      { padding: -1 },
      1,
      "Expected padding to be a non-negative integer, an array of 1 such or of 1 pairs, 'same' or 'valid' but received -1",
    ],
    [
      { kernelSize: holesBefore(3) },
      2,
      'Expected kernelSize to be a positive integer or an array of 2 but received [undefined, 3]',
    ],
    [
      { padding: Array(2) },
      2,
      "Expected padding to be a non-negative integer, an array of 2 such or of 2 pairs, 'same' or 'valid' but received [undefined, undefined]",
    ],
    [
      { padding: [holesBefore(1)] },
      1,
      "Expected padding to be a non-negative integer, an array of 1 such or of 1 pairs, 'same' or 'valid' but received [[undefined, 1]]",
    ],
    [
      { padding: 'same', stride: 2 },
      1,
      "Expected the stride with padding 'same' to be 1 but received [1, 1, 2]",
    ],
    [
      { outChannels: 65536, inChannels: 65536 },
      1,
      'Expected the weight to be at most 1073741824 elements (4 GiB) but received [65536, 65536, 1, 1, 3]',
    ],
  ];
  it.each(refused)('refuses %o', (change, rank, message) => {
    expect(refusal(() => validateLayer({ ...base, ...change } as unknown as ConvolutionOptions, rank))).toBe(
      message,
    );
  });

  it('refuses options that are none', () => {
    expect(refusal(() => validateLayer(null as never, 1))).toBe(
      'Expected options to be an object but received null',
    );
  });
});

describe('validateInput', () => {
  const layer = validateLayer({ ...base, padding: 1 }, 2);

  it('accepts batched and unbatched input', () => {
    expect(outputShape(validateInput(layer, [5, 2, 7, 8]))).toEqual([5, 4, 7, 8]);
    expect(outputShape(validateInput(layer, [2, 7, 8]))).toEqual([1, 4, 7, 8]);
  });

  it('counts the flops of the direct algorithm', () => {
    expect(weightShape(layer)).toEqual([4, 2, 3, 3]);
    expect(directFlops(validateInput(layer, [5, 2, 7, 8]))).toBe(2 * (5 * 4 * 7 * 8) * (2 * 3 * 3));
  });

  it.each([
    [[1, 2, 3], 'of 2 channels (axis 0) but received [1, 2, 3]'],
    [[1, 1, 2, 3, 4], 'of rank 4 (batched) or 3 (unbatched)'],
    [[1, 3, 7, 8], 'of 2 channels (axis 1)'],
    [[1, 2, 0, 8], 'without empty axes'],
    [[1, 2, Number.NaN, 8], 'an array of non-negative integers but received [1, 2, NaN, 8]'],
    [[1, 2, 65536, 65536], 'at most 1073741824 elements (4 GiB)'],
    [[2 ** 40, 2, 2 ** 40, 2 ** 40], 'at most 1073741824 elements (4 GiB)'],
  ])('refuses the shape %j', (shape, part) => {
    expect(refusal(() => validateInput(layer, shape))).toContain(part);
  });

  it('refuses a kernel that reaches beyond the padded input, and sizes that overflow with padding', () => {
    const wide = validateLayer({ ...base, kernelSize: [1, 3], dilation: [1, 4] }, 2);
    expect(refusal(() => validateInput(wide, [1, 2, 5, 8]))).toBe(
      "Expected the input's width with its padding to be at least 9 (the kernel's reach) but received 8",
    );
    const padded = validateLayer({ ...base, padding: 2 ** 30 }, 1);
    expect(refusal(() => validateInput(padded, [1, 2, 8]))).toContain('at most 1073741824');
    const large = validateLayer({ ...base, padding: 2 ** 20 }, 2);
    expect(refusal(() => validateInput(large, [1, 2, 8, 8]))).toContain('the output');
  });

  it('agrees with the oracle on the output shape', () => {
    const axis = fc.record({
      size: fc.integer({ min: 1, max: 12 }),
      kernel: fc.integer({ min: 1, max: 5 }),
      stride: fc.integer({ min: 1, max: 3 }),
      dilation: fc.integer({ min: 1, max: 3 }),
      padding: fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })),
    });
    fc.assert(
      fc.property(fc.array(axis, { minLength: 1, maxLength: 3 }), (all) => {
        fc.pre(all.every((a) => a.size + a.padding[0] + a.padding[1] > a.dilation * (a.kernel - 1)));
        const rank = all.length as Rank;
        const of = <K extends keyof (typeof all)[0]>(key: K) => all.map((a) => a[key]);
        const options = {
          ...{ inChannels: 1, outChannels: 1, kernelSize: of('kernel') },
          ...{ stride: of('stride'), dilation: of('dilation'), padding: of('padding') },
        };
        const inputShape = [1, 1, ...of('size')];
        const expectation = referenceConvolution(
          { ...options, inputShape, weightShape: [1, 1, ...of('kernel')] },
          new Float32Array(12 ** 3),
          new Float32Array(5 ** 3),
        );
        expect(outputShape(validateInput(validateLayer(options, rank), inputShape))).toEqual(
          expectation.shape,
        );
      }),
      { numRuns: 50 },
    );
  });
});
