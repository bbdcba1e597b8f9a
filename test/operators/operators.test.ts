import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attributes, Layout } from '../../src/operators/operator.js';
import { elementwise, normalized, reduced, softmax } from './elementwise-reference.js';
import { type Given, runOperator, settingsFor, tables } from './lowered.js';

const product = (sizes: readonly number[]) => sizes.reduce((count, size) => count * size, 1);

/** Numbers of a tensor by a small generator, so that a failure's seed is all that it takes to repeat it. */
function numbers(shape: readonly number[], seed: number, least = -4, most = 4): Float32Array {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return Float32Array.from({ length: product(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return least + ((most - least) * state) / 2 ** 32;
  });
}

function expectNear(got: Float32Array, wanted: readonly number[], tolerance: number): void {
  expect(got.length).toBe(wanted.length);
  const bad = wanted.findIndex(
    (value, i) => !(Math.abs(got[i]! - value) <= tolerance * Math.max(1, Math.abs(value))),
  );
  if (bad >= 0) expect.fail(`element ${bad} is ${got[bad]} instead of ${wanted[bad]}`);
}

const erf = (x: number) => {
  // Abramowitz and Stegun 7.1.5, in enough terms for |x| < 5.
  let [sum, term] = [x, x];
  for (let n = 1; n < 200; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return Math.abs(x) > 5 ? Math.sign(x) : (2 / Math.sqrt(Math.PI)) * sum;
};
const logistic = (x: number) => 1 / (1 + Math.exp(-x));

interface Row {
  readonly f: (...values: number[]) => number;
  readonly attributes?: Attributes;
  /** Only for numbers above zero. */
  readonly positive?: true;
}

/** ONNX's definitions. */
const operators: Readonly<Record<string, Row>> = {
  Add: { f: (a, b) => a! + b! },
  Sub: { f: (a, b) => a! - b! },
  Mul: { f: (a, b) => a! * b! },
  Div: { f: (a, b) => a! / b!, positive: true },
  Pow: { f: (a, b) => a! ** b!, positive: true },
  Min: { f: (...all) => Math.min(...all) },
  Max: { f: (...all) => Math.max(...all) },
  Sum: { f: (...all) => all.reduce((sum, x) => sum + x, 0) },
  Mean: { f: (...all) => all.reduce((sum, x) => sum + x, 0) / all.length },
  PRelu: { f: (x, slope) => (x! < 0 ? x! * slope! : x!) },
  Abs: { f: (x) => Math.abs(x!) },
  Neg: { f: (x) => -x! },
  Reciprocal: { f: (x) => 1 / x!, positive: true },
  Sign: { f: (x) => Math.sign(x!) },
  Floor: { f: (x) => Math.floor(x!) },
  Ceil: { f: (x) => Math.ceil(x!) },
  Sqrt: { f: (x) => Math.sqrt(x!), positive: true },
  Exp: { f: (x) => Math.exp(x!) },
  Log: { f: (x) => Math.log(x!), positive: true },
  Erf: { f: (x) => erf(x!) },
  Tanh: { f: (x) => Math.tanh(x!) },
  Sigmoid: { f: (x) => logistic(x!) },
  HardSigmoid: { f: (x) => Math.max(0, Math.min(1, 0.3 * x! + 0.4)), attributes: { alpha: 0.3, beta: 0.4 } },
  HardSwish: { f: (x) => x! * Math.max(0, Math.min(1, x! / 6 + 0.5)) },
  Silu: { f: (x) => x! * logistic(x!) },
  Swish: { f: (x) => x! * logistic(1.5 * x!), attributes: { alpha: 1.5 } },
  Mish: { f: (x) => x! * Math.tanh(Math.log1p(Math.exp(x!))) },
  Gelu: { f: (x) => (x! * (1 + erf(x! / Math.SQRT2))) / 2 },
  Softplus: { f: (x) => Math.log1p(Math.exp(x!)) },
  Softsign: { f: (x) => x! / (1 + Math.abs(x!)) },
  Relu: { f: (x) => Math.max(x!, 0) },
  LeakyRelu: { f: (x) => (x! < 0 ? 0.01 * x! : x!) },
  Elu: { f: (x) => (x! < 0 ? 2 * Math.expm1(x!) : x!), attributes: { alpha: 2 } },
  Celu: { f: (x) => Math.max(0, x!) + Math.min(0, 2 * Math.expm1(x! / 2)), attributes: { alpha: 2 } },
  Selu: { f: (x) => 1.0507009873554805 * (x! < 0 ? 1.6732632423543772 * Math.expm1(x!) : x!) },
  ThresholdedRelu: { f: (x) => (x! > 1 ? x! : 0) },
  Clip: { f: (x, low, high) => Math.min(Math.max(x!, low!), high!) },
};

const inputCounts: Readonly<Record<string, number>> = {
  ...{ Add: 2, Sub: 2, Mul: 2, Div: 2, Pow: 2, PRelu: 2, Min: 3, Max: 2, Sum: 3, Mean: 3, Clip: 3 },
};

const anyShape = fc.array(fc.integer({ min: 1, max: 11 }), { minLength: 0, maxLength: 5 });
const anyCase = fc.record({
  shape: anyShape,
  /** Per input and axis: one for all. */
  ones: fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 5, maxLength: 5 }), {
    minLength: 4,
    maxLength: 4,
  }),
  cut: fc.integer({ min: 0, max: 5 }),
  constant: fc.integer({ min: 0, max: 7 }),
  layout: fc.constantFrom<Layout>('planar', 'blocked'),
  threads: fc.integer({ min: 1, max: 3 }),
  seed: fc.integer({ min: 0, max: 1e6 }),
});

describe.each(tables)('on $name', (isa) => {
  it.each(Object.keys(operators))('%s follows its definition', (name) => {
    const { f, attributes = {}, positive } = operators[name]!;
    fc.assert(
      fc.property(anyCase, ({ shape, ones, cut, constant, layout, threads, seed }) => {
        const inputs = Array.from({ length: inputCounts[name] ?? 1 }, (_, i): Given => {
          const full = i === 0;
          const own =
            name === 'Clip' && i > 0
              ? []
              : shape.map((size, axis) => (full || ones[i]![axis]! > 0 ? size : 1));
          const given = full ? own : own.slice(Math.min(cut, own.length));
          const data = numbers(given, seed + i, positive ? 0.1 : -4);
          return { shape: given, data, constant: i > 0 && (constant >> i) % 2 === 1 };
        });
        const { data, shape: made } = runOperator(
          name,
          attributes,
          inputs,
          layout,
          settingsFor(isa, threads),
        );
        expect(made).toEqual(shape);
        expectNear(data, elementwise(shape, inputs, f), 1e-6);
      }),
      { numRuns: 25 },
    );
  });

  it('normalizes batches, instances, groups and layers', () => {
    const anyNormalization = fc.record({
      batch: fc.integer({ min: 1, max: 3 }),
      groups: fc.integer({ min: 1, max: 9 }),
      groupChannels: fc.integer({ min: 1, max: 9 }),
      spatial: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
      kind: fc.constantFrom(
        'BatchNormalization',
        'InstanceNormalization',
        'GroupNormalization',
        'LayerNormalization',
      ),
      constant: fc.boolean(),
      chain: fc.boolean(),
      layout: fc.constantFrom<Layout>('planar', 'blocked'),
      threads: fc.integer({ min: 1, max: 3 }),
      seed: fc.integer({ min: 0, max: 1e6 }),
    });
    fc.assert(
      fc.property(
        anyNormalization,
        ({ batch, groups, groupChannels, spatial, kind, constant, chain, layout, threads, seed }) => {
          const channels = groups * groupChannels;
          const shape = [batch, channels, ...spatial];
          const length = kind === 'LayerNormalization' ? spatial.at(-1)! : channels;
          const vector = (i: number, least = -2): Given => ({
            ...{ shape: [length], data: numbers([length], seed + i, least, 2), constant },
          });
          const x: Given = { shape, data: numbers(shape, seed) };
          const other: Given = { shape, data: numbers(shape, seed + 7) };
          const statistics = kind === 'BatchNormalization';
          const formula = {
            inputs: 2,
            steps: [
              { function: 'Add', operands: [{ input: 0 }, { input: 1 }] },
              { function: 'Relu', operands: [{ result: 0 }] },
            ],
          };
          const follows = chain && !statistics;
          const inputs = [
            x,
            vector(1),
            vector(2),
            ...(statistics ? [vector(3), vector(4, 0.1)] : follows ? [other] : []),
          ];
          const attributes = { epsilon: 1e-3, num_groups: groups, ...(follows && { formula }) };
          const { data } = runOperator(kind, attributes, inputs, layout, settingsFor(isa, threads));
          const [, scale, bias, mean, variance] = inputs;
          const after = (value: number, index: readonly number[]) => {
            const at = kind === 'LayerNormalization' ? index.at(-1)! : index[1]!;
            const y = value * scale!.data[at]! + bias!.data[at]!;
            return follows ? Math.max(0, y + other.data[flat(shape, index)]!) : y;
          };
          const keyOf = (index: readonly number[]) => {
            if (kind === 'LayerNormalization') return index.slice(0, -1).join();
            const group =
              kind === 'InstanceNormalization' ? index[1]! : Math.floor(index[1]! / groupChannels);
            return `${index[0]} ${group}`;
          };
          const wanted = statistics
            ? elementwise(
                shape,
                [
                  x,
                  ...[mean!, variance!, scale!, bias!].map((each) => ({
                    ...each,
                    shape: [channels, ...spatial.map(() => 1)],
                  })),
                ],
                (v, m, s, a, b) => ((v! - m!) / Math.sqrt(s! + 1e-3)) * a! + b!,
              )
            : normalized(x, 1e-3, keyOf, after);
          expectNear(data, wanted, 1e-5);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('reduces over axes', () => {
    const finish: Record<string, (all: readonly number[]) => number> = {
      ReduceSum: (all) => all.reduce((sum, x) => sum + x, 0),
      ReduceMean: (all) => all.reduce((sum, x) => sum + x, 0) / all.length,
      ReduceMax: (all) => Math.max(...all),
      ReduceMin: (all) => Math.min(...all),
      ReduceProd: (all) => all.reduce((total, x) => total * x, 1),
      ReduceL1: (all) => all.reduce((sum, x) => sum + Math.abs(x), 0),
      ReduceL2: (all) => Math.hypot(...all),
      ReduceSumSquare: (all) => all.reduce((sum, x) => sum + x * x, 0),
    };
    const anyReduction = fc.record({
      shape: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
      chosen: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
      keepdims: fc.integer({ min: 0, max: 1 }),
      kind: fc.constantFrom(...Object.keys(finish)),
      layout: fc.constantFrom<Layout>('planar', 'blocked'),
      threads: fc.integer({ min: 1, max: 3 }),
      seed: fc.integer({ min: 0, max: 1e6 }),
    });
    fc.assert(
      fc.property(anyReduction, ({ shape, chosen, keepdims, kind, layout, threads, seed }) => {
        const axes = shape.flatMap((_, axis) => (chosen[axis] ? [axis] : []));
        fc.pre(axes.length > 0);
        const x: Given = {
          shape,
          data: numbers(shape, seed, kind === 'ReduceProd' ? 0.9 : -4, kind === 'ReduceProd' ? 1.1 : 4),
        };
        const given: Given = {
          ...{ shape: [axes.length], data: Float32Array.from(axes, (axis) => axis - shape.length) },
          constant: true,
        };
        const { data, shape: made } = runOperator(
          kind,
          { keepdims },
          [x, given],
          layout,
          settingsFor(isa, threads),
        );
        expect(made).toEqual(
          shape.flatMap((size, axis) => (axes.includes(axis) ? (keepdims ? [1] : []) : [size])),
        );
        expectNear(data, reduced(x, axes, finish[kind]!), 1e-6);
      }),
      { numRuns: 200 },
    );
  });

  it('pools globally', () => {
    const x: Given = { shape: [2, 11, 3, 5], data: numbers([2, 11, 3, 5], 1) };
    for (const layout of ['planar', 'blocked'] as const) {
      const mean = runOperator('GlobalAveragePool', {}, [x], layout, settingsFor(isa, 2));
      expect(mean.shape).toEqual([2, 11, 1, 1]);
      expectNear(
        mean.data,
        reduced(x, [2, 3], (all) => all.reduce((sum, v) => sum + v, 0) / all.length),
        1e-6,
      );
      const most = runOperator('GlobalMaxPool', {}, [x], layout, settingsFor(isa, 2));
      expectNear(
        most.data,
        reduced(x, [2, 3], (all) => Math.max(...all)),
        0,
      );
    }
  });

  it('takes softmax along any axis', () => {
    const any = fc.record({
      shape: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 }),
      axis: fc.integer({ min: 0, max: 3 }),
      logarithm: fc.boolean(),
      seed: fc.integer({ min: 0, max: 1e6 }),
    });
    fc.assert(
      fc.property(any, ({ shape, axis, logarithm, seed }) => {
        fc.pre(axis < shape.length);
        const x: Given = { shape, data: numbers(shape, seed, -30, 30) };
        const name = logarithm ? 'LogSoftmax' : 'Softmax';
        const { data } = runOperator(name, { axis: axis - shape.length }, [x], 'planar', settingsFor(isa, 2));
        expectNear(data, softmax(x, axis, logarithm), 1e-6);
      }),
      { numRuns: 100 },
    );
  });

  it('normalizes by the channels around', () => {
    const shape = [2, 9, 7];
    const x: Given = { shape, data: numbers(shape, 5) };
    const { data } = runOperator(
      'LRN',
      { size: 4, alpha: 0.3, beta: 0.6, bias: 2 },
      [x],
      'planar',
      settingsFor(isa, 2),
    );
    const wanted = elementwise(shape, [x], (v) => v!).map((value, i) => {
      const channel = Math.floor(i / 7) % 9;
      let sum = 0;
      for (let c = channel - 1; c <= channel + 2; c++)
        if (c >= 0 && c < 9) sum += x.data[i + (c - channel) * 7]! ** 2;
      return value / (2 + (0.3 / 4) * sum) ** 0.6;
    });
    expectNear(data, wanted, 1e-6);
  });
});

function flat(shape: readonly number[], index: readonly number[]): number {
  return index.reduce((at, x, axis) => at * shape[axis]! + x, 0);
}
