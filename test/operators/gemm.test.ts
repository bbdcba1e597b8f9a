import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operatorOf } from '../../src/operators/index.js';
import { at, build, product } from './reference.js';
import { type Input, numbers, places, runOperator } from './run.js';

const RUNS = Number(process.env.WINOGRAD_TEST_RUNS ?? 40);
const sizes = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 9, max: 70 }));

describe('products of matrices', () => {
  it('Gemm is its definition', () => {
    const cases = fc.record({
      ...{ m: sizes, n: sizes, k: fc.oneof(sizes, fc.constant(600)) },
      ...{ transA: fc.boolean(), transB: fc.boolean(), known: fc.boolean() },
      ...{ alpha: fc.constantFrom(1, 2), beta: fc.constantFrom(1, -0.5) },
      bias: fc.constantFrom('none', 'scalar', 'row', 'one row', 'column', 'matrix'),
    });
    fc.assert(
      fc.property(cases, places(), (c, where) => {
        const a = numbers(c.transA ? [c.k, c.m] : [c.m, c.k], 1);
        const b: Input = { ...numbers(c.transB ? [c.n, c.k] : [c.k, c.n], 2), known: c.known };
        const biasShapes: Record<string, number[]> = {
          ...{ scalar: [], row: [c.n], 'one row': [1, c.n], column: [c.m, 1], matrix: [c.m, c.n] },
        };
        const bias = c.bias === 'none' ? undefined : numbers(biasShapes[c.bias]!, 3);
        const added = (row: number, column: number) => {
          if (bias === undefined) return 0;
          const index = [row, column].slice(2 - bias.shape.length);
          return (
            c.beta *
            at(
              bias,
              bias.shape.map((size, axis) => (size === 1 ? 0 : index[axis]!)),
            )
          );
        };
        const wanted = product(
          c.transA ? turned(a) : a,
          c.transB ? turned(b) : b,
          (sum, row, column) => c.alpha * sum + added(row, column),
        );
        const attributes = {
          ...{ transA: Number(c.transA), transB: Number(c.transB), alpha: c.alpha, beta: c.beta },
        };
        const [y] = runOperator('Gemm', attributes, [a, b, bias], where);
        expect(y!.shape).toEqual([c.m, c.n]);
        expect(Array.from(y!.data, (value) => value + 0)).toEqual(
          Array.from(wanted.data, (value) => value + 0),
        );
      }),
      { numRuns: RUNS },
    );
  });

  it('MatMul stretches the axes before the matrices', () => {
    const batches = fc.constantFrom<[number[], number[], number[]]>(
      [[], [], []],
      [[3], [3], [3]],
      [[2, 3], [], [2, 3]],
      [[], [2, 2], [2, 2]],
      [
        [2, 1],
        [1, 3],
        [2, 3],
      ],
      [
        [1, 3],
        [2, 1],
        [2, 3],
      ],
      [[3], [2, 3], [2, 3]],
    );
    fc.assert(
      fc.property(
        batches,
        sizes,
        sizes,
        sizes,
        places(),
        fc.boolean(),
        ([left, right, both], m, n, k, where, known) => {
          const a = numbers([...left, m, k], 1);
          const b: Input = { ...numbers([...right, k, n], 2), known };
          const own = (shape: readonly number[], index: readonly number[]) =>
            shape.map((size, axis) => (size === 1 ? 0 : index[axis - shape.length + index.length]!));
          const wanted = build([...both, m, n], (index) => {
            const batch = index.slice(0, -2);
            const [row, column] = index.slice(-2);
            let sum = 0;
            for (let i = 0; i < k; i++)
              sum += at(a, [...own(left, batch), row!, i]) * at(b, [...own(right, batch), i, column!]);
            return sum;
          });
          const [y] = runOperator('MatMul', {}, [a, b], where);
          expect(y!.shape).toEqual(wanted.shape);
          expect(Array.from(y!.data)).toEqual(Array.from(wanted.data));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('takes lists for rows and columns', () => {
    const type = (...shape: number[]) => ({ type: 'float32' as const, shape });
    const infer = (a: number[], b: number[]) =>
      operatorOf('MatMul').infer({}, [type(...a), type(...b)], [])[0]!.shape;
    expect(infer([5], [5])).toEqual([]);
    expect(infer([5], [2, 5, 3])).toEqual([2, 3]);
    expect(infer([2, 4, 5], [5])).toEqual([2, 4]);
    expect(() => infer([4, 5], [4, 5])).toThrow('input B');
  });
});

function turned(x: Input): Input {
  const [rows, columns] = x.shape as [number, number];
  const data = Float32Array.from({ length: rows * columns }, (_, i) =>
    at(x, [i % rows, Math.floor(i / rows)]),
  );
  return { ...x, shape: [columns, rows], data };
}
