import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Builder, Network, Tensor } from '../../src/index.js';
import { native } from '../../src/native/addon.js';

const RUNS = Number(process.env.WINOGRAD_TEST_RUNS ?? 25);
const tables = native()
  .cpuInfo()
  .kernels.map(({ name }) => name);

interface Case {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly sizes: readonly number[];
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: number;
  readonly biased: boolean;
}

const cases: fc.Arbitrary<Case> = fc
  .record({
    ...{ batch: fc.integer({ min: 1, max: 3 }), inputs: fc.integer({ min: 1, max: 20 }) },
    ...{ outputs: fc.integer({ min: 1, max: 40 }), kernel: fc.integer({ min: 1, max: 3 }) },
    ...{ stride: fc.integer({ min: 1, max: 2 }), dilation: fc.integer({ min: 1, max: 2 }) },
    ...{ padding: fc.integer({ min: 0, max: 2 }), biased: fc.boolean() },
    sizes: fc.array(fc.integer({ min: 6, max: 11 }), { minLength: 1, maxLength: 3 }),
  })
  .map((c) => ({ ...c, padding: Math.min(c.padding, c.dilation * (c.kernel - 1)) }));

const integers = (shape: readonly number[], seed: number) => {
  const tensor = Tensor.random(shape, { seed, low: -4, high: 4 });
  return new Tensor(tensor.data.map(Math.round), shape);
};

function attributesOf({ sizes, kernel, stride, dilation, padding }: Case) {
  const all = (value: number) => sizes.map(() => value);
  return {
    ...{ kernel_shape: all(kernel), strides: all(stride), dilations: all(dilation) },
    pads: [...all(padding), ...all(padding)],
  };
}

/** A network of one node; the weights are an input, or known. */
async function run(
  operator: string,
  attributes: object,
  operands: readonly (Tensor | undefined)[],
  { isa, known = false }: { isa: string; known?: boolean },
): Promise<Tensor> {
  const b = new Builder();
  const names = operands.flatMap((operand, i) => (operand === undefined ? [] : [`x${i}`]));
  const given = operands.flatMap((operand) => operand ?? []);
  const values = given.map((operand, i) =>
    known && i > 0
      ? b.constant({ type: 'float32', shape: operand.shape, data: operand.data })
      : b.input(names[i]!, operand.shape),
  );
  const network = new Network(b.build({ y: b.node(operator, values, { ...attributes }) }), {
    threads: 2,
    isa,
  });
  const inputs = Object.fromEntries(given.map((operand, i) => [names[i]!, operand] as const));
  return (await network.run(known ? { x0: given[0]! } : inputs)).y!;
}

/** Zeros of either sign are the same. */
const numbersOf = ({ data }: Tensor) => Array.from(data, (value) => value + 0);

const outputsOf = (c: Case) =>
  c.sizes.map((size) => Math.floor((size + 2 * c.padding - c.dilation * (c.kernel - 1) - 1) / c.stride) + 1);

describe('convolutions as products of matrices', () => {
  const check = (
    operator: string,
    ways: readonly string[],
    operands: (c: Case) => readonly (Tensor | undefined)[],
    more: (c: Case) => object = () => ({}),
  ) =>
    fc.assert(
      fc.asyncProperty(cases, fc.constantFrom(...tables), fc.boolean(), async (c, isa, known) => {
        const attributes = { ...attributesOf(c), ...more(c) };
        const given = operands(c);
        // Exact on integers, unlike the planner's choice, which is right up to rounding.
        const [first, ...others] = await Promise.all(
          ways.map((by) => run(operator, { ...attributes, by }, given, { isa, known })),
        );
        const chosen = await run(operator, attributes, given, { isa });
        expect(first!.shape).toEqual(chosen.shape);
        for (const other of others) expect(numbersOf(other)).toEqual(numbersOf(first!));
        const largest = first!.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        for (const [i, value] of chosen.data.entries())
          expect(Math.abs(value - first!.data[i]!)).toBeLessThan(1e-4 * largest);
      }),
      { numRuns: RUNS },
    );

  it('give the same result forward', async () => {
    await check('Conv', ['columns', 'gemm'], (c) => [
      integers([c.batch, c.inputs, ...c.sizes], 1),
      integers([c.outputs, c.inputs, ...c.sizes.map(() => c.kernel)], 2),
      c.biased ? integers([c.outputs], 3) : undefined,
    ]);
  });

  it('give the same gradient of the input', async () => {
    await check(
      'ConvTranspose',
      ['columns', 'gemm'],
      (c) => [
        integers([c.batch, c.outputs, ...outputsOf(c)], 1),
        integers([c.outputs, c.inputs, ...c.sizes.map(() => c.kernel)], 2),
        c.biased ? integers([c.inputs], 3) : undefined,
      ],
      (c) => ({
        output_padding: c.sizes.map(
          (size, a) =>
            size + 2 * c.padding - ((outputsOf(c)[a]! - 1) * c.stride + c.dilation * (c.kernel - 1) + 1),
        ),
      }),
    );
  });

  it('give the same gradient of the weights', async () => {
    await check('ConvWeightsGradient', ['columns', 'gemm', 'reindexing'], (c) => [
      integers([c.batch, c.inputs, ...c.sizes], 1),
      integers([c.batch, c.outputs, ...outputsOf(c)], 2),
    ]);
  });
});
