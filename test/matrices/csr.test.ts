import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsrMatrix, Tensor } from '../../src/index.js';

describe('sparse matrices', () => {
  const dense = fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
    .chain(([rows, columns]) =>
      fc
        .array(fc.constantFrom(0, 0, 0, 1, -2, 3), { minLength: rows * columns, maxLength: rows * columns })
        .map((values) => new Tensor(Float32Array.from(values), [rows, columns])),
    );

  it('are dense ones, there and back, and transposed', () => {
    fc.assert(
      fc.property(dense, (matrix) => {
        const sparse = CsrMatrix.fromDense(matrix);
        expect(sparse.toDense().toArray()).toEqual(matrix.toArray());
        expect(sparse.nonZeros).toBe(matrix.data.filter((value) => value !== 0).length);
        const [rows, columns] = matrix.shape as [number, number];
        const turned = sparse.transposed();
        expect([turned.rows, turned.columns]).toEqual([columns, rows]);
        expect(turned.transposed()).toEqual(sparse);
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < columns; j++)
            expect(turned.toDense().data[j * rows + i]).toBe(matrix.data[i * columns + j]);
      }),
    );
  });

  it('are refused where they contradict themselves', () => {
    const make = (indices: readonly number[], pointers: readonly number[]) =>
      new CsrMatrix(2, 3, new Float32Array(2), Int32Array.from(indices), Int32Array.from(pointers));
    expect(make([0, 2], [0, 1, 2]).toString()).toBe('CsrMatrix(2 × 3, 2 entries)');
    expect(make([0, 2], [0, 1, 2]).density).toBeCloseTo(1 / 3);
    for (const [indices, pointers, message] of [
      [[0], [0, 1, 2], 'Expected indices to be an Int32Array of 2, as there are values'],
      [[0, 2], [0, 2], 'Expected pointers to be an Int32Array of 3, one more than rows'],
      [[0, 2], [0, 1, 1], 'Expected pointers to be from 0 to 2'],
      [[0, 2], [0, 3, 2], 'Expected pointers[2] to be at least 3'],
      [[0, 3], [0, 1, 2], 'Expected indices[1] to be from 0 to 2'],
      [[2, 1], [0, 2, 2], 'Expected indices[1] to be from 3 to 2, as columns of a row ascend'],
      [[1, 1], [0, 2, 2], 'Expected indices[1] to be from 2 to 2'],
    ] as const)
      expect(() => make(indices, pointers)).toThrow(message);
    expect(() => CsrMatrix.fromDense(Tensor.zeros([2]))).toThrow(
      'Expected the matrix to be a Tensor of rank 2',
    );
    expect(() => new CsrMatrix(0, 1, new Float32Array(0), new Int32Array(0), new Int32Array(1))).toThrow(
      'Expected rows to be an integer from 1',
    );
  });
});
