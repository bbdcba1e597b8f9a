import { describe, expect, it } from 'vitest';
import { Builder, Network, Tensor } from '../../../src/index.js';
import { tables } from '../lowered.js';

/** A transposed convolution; sizes per axis, slowest first. */
interface Case {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups?: number;
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding?: readonly number[];
  readonly title: string;
}

/** The first three fill whole vectors of every kernel table, so that phases are put in order by the convolution. */
const cases: readonly Case[] = [
  {
    title: 'doubles a volume',
    inChannels: 24,
    outChannels: 32,
    input: [3, 5, 7],
    kernel: [2, 2, 2],
    stride: [2, 2, 2],
  },
  {
    title: 'has a stride along two axes',
    inChannels: 7,
    outChannels: 16,
    input: [3, 4, 31],
    kernel: [1, 3, 2],
    stride: [1, 3, 2],
  },
  {
    title: 'has fewer taps than phases',
    inChannels: 16,
    outChannels: 48,
    input: [17],
    kernel: [3],
    stride: [3],
  },
  {
    title: 'has channels that fill no vector',
    inChannels: 5,
    outChannels: 11,
    input: [6, 9],
    kernel: [2, 2],
    stride: [2, 2],
  },
  {
    title: 'has taps that overlap',
    inChannels: 16,
    outChannels: 32,
    input: [5, 6],
    kernel: [4, 4],
    stride: [2, 2],
    padding: [1, 1],
  },
  {
    title: 'crops its result',
    inChannels: 16,
    outChannels: 16,
    input: [9, 8],
    kernel: [3, 2],
    stride: [2, 2],
    padding: [1, 0],
  },
  {
    title: 'has groups',
    inChannels: 32,
    outChannels: 64,
    groups: 2,
    input: [4, 5],
    kernel: [2, 2],
    stride: [2, 2],
  },
];

const count = (sizes: readonly number[]) => sizes.reduce((product, size) => product * size, 1);
/** Where a flat index stands, by axis. */
const placeOf = (index: number, sizes: readonly number[]) =>
  sizes.map((size, axis) => Math.floor(index / count(sizes.slice(axis + 1))) % size);

/** By the definition: every input adds its multiple of the kernel to the result. Integers, so that sums are exact. */
function defined(
  { inChannels, outChannels, groups = 1, input, kernel, stride, padding }: Case,
  x: Float32Array,
  weight: Float32Array,
  bias: Float32Array,
): Float32Array {
  const sizes = input.map((size, a) => (size - 1) * stride[a]! + kernel[a]! - 2 * (padding?.[a] ?? 0));
  const [pixels, taps, outputs] = [count(input), count(kernel), count(sizes)];
  const [ins, outs] = [inChannels / groups, outChannels / groups];
  const y = Float32Array.from({ length: outChannels * outputs }, (_, i) => bias[Math.floor(i / outputs)]!);
  for (let pixel = 0; pixel < pixels; pixel++)
    for (let tap = 0; tap < taps; tap++) {
      const [from, at] = [placeOf(pixel, input), placeOf(tap, kernel)];
      const to = from.map((place, a) => place * stride[a]! + at[a]! - (padding?.[a] ?? 0));
      if (to.some((place, a) => place < 0 || place >= sizes[a]!)) continue;
      const target = to.reduce((sum, place, a) => sum * sizes[a]! + place, 0);
      for (let i = 0; i < inChannels; i++)
        for (let o = 0; o < outs; o++)
          y[(Math.floor(i / ins) * outs + o) * outputs + target]! +=
            x[i * pixels + pixel]! * weight[(i * outs + o) * taps + tap]!;
    }
  return y;
}

const integers = (length: number, seed: number) =>
  Float32Array.from({ length }, (_, i) => ((i * 7919 + seed * 104729) % 17) - 8);

describe.each(tables.map(({ name }) => name))('transposed convolution on %s', (isa) => {
  it.each(cases)('$title', async (each) => {
    const { inChannels, outChannels, groups = 1, input, kernel, stride, padding } = each;
    const x = integers(inChannels * count(input), 1);
    const weight = integers((inChannels * outChannels * count(kernel)) / groups, 2);
    const bias = integers(outChannels, 3);
    const builder = new Builder({
      weights: new Map([
        ['up.weight', new Tensor(weight, [inChannels, outChannels / groups, ...kernel])],
        ['up.bias', new Tensor(bias, [outChannels])],
      ]),
    });
    const made = builder.convTranspose(builder.input('x', [1, inChannels, ...input]), {
      ...{ name: 'up', outChannels, kernelSize: kernel, stride, groups },
      ...(padding && { padding }),
    });
    for (const threads of [1, 2]) {
      const network = new Network(builder.build({ y: builder.relu(made) }), { isa, threads });
      const { y } = await network.run({ x: new Tensor(x, [1, inChannels, ...input]) });
      expect(y!.data).toEqual(defined(each, x, weight, bias).map((value) => Math.max(value, 0)));
    }
  });
});
