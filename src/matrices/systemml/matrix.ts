import { expected } from '../../../synth/errors.js';
import { checkData, Tensor } from '../../tensor/tensor.js';
import { CsrMatrix } from '../csr.js';
import type { Parameters } from './parameters.js';

/** A matrix, dense or sparse. */
export type SystemMatrix = Tensor | CsrMatrix;

/** @throws InputError unless it is a matrix of these sizes; it prints the parameters */
export function checkMatrix(
  name: string,
  matrix: unknown,
  [rows, columns]: readonly [number, number],
  parameters: Parameters,
): asserts matrix is SystemMatrix {
  const wanted = `a Tensor or CsrMatrix of ${rows} × ${columns} for ${parameters}`;
  if (matrix instanceof CsrMatrix) {
    if (matrix.rows !== rows || matrix.columns !== columns)
      throw expected(name, wanted, [matrix.rows, matrix.columns]);
    return;
  }
  if (!(matrix instanceof Tensor)) throw expected(name, wanted, matrix);
  if (matrix.rank !== 2 || matrix.shape[0] !== rows || matrix.shape[1] !== columns)
    throw expected(name, wanted, [...matrix.shape]);
  checkData(matrix.data, matrix.shape, name);
}

/** Whether all of it is zero, as of an empty block: looked for in dense ones until something is found. */
export function isEmpty(matrix: SystemMatrix): boolean {
  const values = matrix instanceof CsrMatrix ? matrix.values : matrix.data;
  return values.every((value) => value === 0);
}

export function denseOf(matrix: SystemMatrix): Tensor {
  return matrix instanceof CsrMatrix ? matrix.toDense() : matrix;
}

/**
 * Densities from which the dense way is faster, of filters and of images or gradients. Zen 4, 64 → 64 channels @ 56, 3 × 3, beside
 * Winograd: filters break even at 0.04, images at 0.003, since each of their non-zeros has to be put into nine columns.
 */
export const SPARSE_BELOW = { filter: 0.04, image: 0.003 } as const;

/** A matrix in the form that is faster for its density. */
export function inBestForm(
  matrix: SystemMatrix,
  role: keyof typeof SPARSE_BELOW,
  { sparse }: Parameters,
): SystemMatrix {
  const keeps = sparse === 'always' || !(matrix instanceof CsrMatrix) || matrix.density < SPARSE_BELOW[role];
  return keeps ? matrix : matrix.toDense();
}

/** Rows and columns. */
export function sizesOf(matrix: SystemMatrix): readonly [number, number] {
  return matrix instanceof CsrMatrix
    ? [matrix.rows, matrix.columns]
    : [matrix.shape[0]!, matrix.shape[1] ?? 1];
}
