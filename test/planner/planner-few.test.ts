import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverName } from '../../src/catalogue/cover.js';
import { Convolution, InputError, type LayerOptions, type Plan, Tensor } from '../../src/index.js';
import { machineOf } from '../../src/machine/machine.js';
import * as zen4 from '../../src/machine/rates/zen4.js';
import { deciding } from '../../src/operators/convolution/decide.js';
import { type Rank, validateInput, validateLayer } from '../../src/problem/problem.js';
import { atOnce } from '../../src/support/unhurried.js';
import { randomNumbers } from '../../synth/random.js';
import { activations, isas } from '../layers/cases.js';
import { referenceConvolution } from '../reference.js';

/** A layer of few channels per group. */
interface FewCase {
  readonly batch: number;
  readonly groups: number;
  readonly groupInputs: number;
  readonly groupOutputs: number;
  readonly axes: readonly {
    readonly size: number;
    readonly taps: 1 | 2 | 3 | 5;
    readonly begin: number;
    readonly end: number;
    readonly pick: number;
  }[];
  readonly activation: keyof typeof activations;
  readonly bias: boolean;
  readonly residual: boolean;
  readonly threads: number;
  readonly seed: number;
}

const cases = fc.integer({ min: 1, max: 3 }).chain((rank) => {
  const axis = fc.record({
    size: fc.integer({ min: 5, max: [0, 70, 18, 9][rank]! }),
    taps: fc.constantFrom(1, 2, 3, 3, 3, 5),
    begin: fc.integer({ min: 0, max: 3 }),
    end: fc.integer({ min: 0, max: 3 }),
    pick: fc.nat(),
  });
  return fc.record({
    batch: fc.integer({ min: 1, max: 3 }),
    groups: fc.constantFrom(1, 1, 2, 5, 16),
    groupInputs: fc.integer({ min: 1, max: 5 }),
    groupOutputs: fc.integer({ min: 1, max: 5 }),
    axes: fc.array(axis, { minLength: rank, maxLength: rank }),
    activation: fc.constantFrom(...(Object.keys(activations) as (keyof typeof activations)[])),
    bias: fc.boolean(),
    residual: fc.boolean(),
    threads: fc.integer({ min: 1, max: 3 }),
    seed: fc.integer(),
  });
}) as fc.Arbitrary<FewCase>;

/** Moduli by taps whose matrices hold 0, ±1 and, in C, halves: with weights that are even, integers pass exactly. */
const exact: Readonly<Record<number, readonly string[]>> = {
  1: ['x'],
  2: ['0, ±1, inf', '0, 1, inf'],
  3: ['0, ±1, inf', 'x^3'],
  5: ['0, ±1, x^2+1, inf'],
};

/** Powers of two that make C of these moduli whole: of two along an axis of halves, four where x²+1 stands beside ±1. */
const scaleOf = (taps: number) => ({ 1: 1, 2: 2, 3: 2, 5: 4 })[taps]!;

function layerOf(c: FewCase, isa: string, change: (rank: number) => Partial<LayerOptions>) {
  const next = randomNumbers(c.seed);
  const kernel = c.axes.map(({ taps }) => taps);
  const scale = kernel.reduce<number>((product, taps) => product * scaleOf(taps), 1);
  const [inChannels, outChannels] = [c.groups * c.groupInputs, c.groups * c.groupOutputs];
  const integers = (shape: number[], size: number) => {
    const tensor = Tensor.zeros(shape);
    for (let i = 0; i < tensor.size; i++) tensor.data[i] = size * (Math.floor(3 * next()) - 1);
    return tensor;
  };
  const weight = integers([outChannels, c.groupInputs, ...kernel], scale);
  const bias = c.bias ? integers([outChannels], 1) : null;
  const padding = c.axes.map(({ begin, end }) => [begin, end] as const);
  const layer = new Convolution(
    kernel.length as Rank,
    {
      ...{ inChannels, outChannels, groups: c.groups, kernelSize: kernel, padding, isa },
      ...{ threads: c.threads, activation: activations[c.activation].option },
      ...change(kernel.length),
    },
    { weight, bias },
  );
  const x = integers([c.batch, inChannels, ...c.axes.map(({ size }) => size)], 1);
  const added = c.residual ? integers([...layer.plan(x.shape).outputShape], 1) : undefined;
  const { data } = referenceConvolution(
    { inputShape: x.shape, weightShape: weight.shape, padding, groups: c.groups },
    x.data,
    weight.data,
    bias?.data,
  );
  const { apply } = activations[c.activation];
  return { layer, x, added, wanted: data.map((value, i) => apply(value + (added?.data[i] ?? 0))) };
}

async function expectExact(
  c: FewCase,
  change: (rank: number) => Partial<LayerOptions>,
  check: (plan: Plan) => void,
): Promise<void> {
  for (const isa of isas()) {
    const { layer, x, added, wanted } = layerOf(c, isa, change);
    const plan = layer.plan(x.shape);
    expect(plan.isa).toBe(isa);
    check(plan);
    const y = await layer.forward(x, undefined, added);
    const different = wanted.findIndex((value, i) => y.data[i] !== value);
    expect(different, `${isa}: ${y.data[different]} instead of ${wanted[different]}`).toBe(-1);
  }
}

const RUNS = Number(process.env.WINOGRAD_TEST_RUNS ?? 40);

describe(`layers of few channels on ${isas().join(', ')}`, () => {
  it('are exact on integers with vectors of positions, groups or not', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (c) => {
        const moduli = c.axes.map(({ taps, pick }) => exact[taps]![pick % exact[taps]!.length]!);
        await expectExact(
          c,
          () => ({ lanes: 'positions', transforms: moduli }),
          (plan) => expect(plan).toMatchObject({ algorithm: 'winograd', lanes: 'positions' }),
        );
      }),
      { numRuns: RUNS },
    );
  });

  it('are exact on integers with folded axes', async () => {
    const folded = cases.map((c) => ({ ...c, groups: 1 }));
    await fc.assert(
      fc.asyncProperty(folded, async (c) => {
        await expectExact(
          c,
          (rank) => ({
            lanes: 'channels',
            tile: c.axes.map(({ pick, taps }, a) => (a < rank - 1 && pick % 2 ? 'fold' : taps === 5 ? 1 : 2)),
          }),
          (plan) => {
            expect(plan).toMatchObject({ algorithm: 'winograd', lanes: 'channels' });
            c.axes.slice(0, -1).forEach(({ pick, taps }, a) => {
              if (pick % 2 && taps > 1) expect(plan.transforms[a]).toBe(`${taps} taps as channels`);
            });
          },
        );
      }),
      { numRuns: RUNS },
    );
  });
});

function planOf(
  [inChannels, ...space]: readonly number[],
  outChannels: number,
  change: Partial<LayerOptions> = {},
): Plan {
  const shape = [outChannels, inChannels! / (change.groups ?? 1), ...space.map(() => 3)];
  const layer = new Convolution(
    space.length as Rank,
    { inChannels: inChannels!, outChannels, kernelSize: 3, padding: 1, threads: 1, isa: 'avx2', ...change },
    { weight: Tensor.zeros(shape) },
  );
  return layer.plan([1, inChannels!, ...space]);
}

describe.skipIf(!isas().includes('avx2'))('the planner', () => {
  it('takes direct convolution for depthwise layers, and vectors of positions for one channel', () => {
    expect(planOf([64, 16, 28, 28], 64, { groups: 64 }).algorithm).toBe('direct');
    expect(planOf([32, 112, 112], 32, { groups: 32 }).algorithm).toBe('direct');
    expect(planOf([1, 32, 32, 32], 1).lanes).toBe('positions');
    expect(planOf([1, 8, 64, 64], 1).lanes).toBe('positions');
  });

  it('folds the depth of the first layer of a video network', () => {
    // By one processor's rates, for on others more products cost less than the transforms they save.
    const machine = { ...machineOf('avx2'), rates: zen4.avx2 };
    const layer = validateLayer({ inChannels: 3, outChannels: 64, kernelSize: 3, padding: 1 }, 3);
    const problem = { ...validateInput(layer, [1, 3, 16, 112, 112]), threads: 1 };
    const { choice } = atOnce(deciding(problem, {}, machine));
    expect(choice.covers!.map(coverName)[0]).toBe('3 taps as channels');
  });

  it('takes vectors of channels where there are many', () => {
    const plan = planOf([64, 56, 56], 64);
    expect(plan).toMatchObject({ algorithm: 'winograd', lanes: 'channels' });
    expect(plan.transforms.join()).not.toContain('as channels');
  });

  it('does as it is told, and says so', () => {
    const plan = planOf([16, 20, 20], 16, { lanes: 'positions', tile: 4 });
    expect(plan.title).toBe('Winograd F(4, 3) × F(4, 3), vectors of positions');
    expect(plan.describe()).toContain(plan.title);
    expect(planOf([16, 20, 20], 16, { tile: ['fold', 4] }).title).toBe(
      'Winograd 3 taps as channels × F(4, 3)',
    );
    expect(planOf([64, 28, 28], 64, { groups: 64, algorithm: 'winograd' }).lanes).toBe('positions');
  });

  it.each([
    [{ lanes: 'tiles' }, "Expected lanes to be 'channels' or 'positions' but received \"tiles\""],
    [{ tile: 'fold' }, 'Expected the tile along width to be a number but received "fold"'],
    [{ tile: [4, 'fold'] }, 'Expected the tile along width to be a number but received "fold"'],
    [{ tile: ['fold', 0] }, 'Expected tile to be a positive integer or an array of 2 but received [1, 0]'],
    [
      { tile: ['fold', 4], groups: 4 },
      "Expected algorithm 'winograd' to have no folded axis with vectors of positions, which layers of several groups have",
    ],
    [
      { algorithm: 'winograd', lanes: 'channels', groups: 4 },
      "Expected algorithm 'winograd' to have groups 1 for vectors of channels (they are 4)",
    ],
  ] as unknown as [Partial<LayerOptions>, string][])('refuses %j', (change, message) => {
    expect(() => planOf([16, 20, 20], 16, change)).toThrow(InputError);
    expect(() => planOf([16, 20, 20], 16, change)).toThrow(message);
  });
});
