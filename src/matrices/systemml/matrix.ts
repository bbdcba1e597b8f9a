import { expected } from '../../../synth/errors.js';
import { kernelTable, machineOf } from '../../machine/machine.js';
import type { Rates } from '../../machine/rates.js';
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

/** A matrix in the form that is faster for its density on this machine. */
export function inBestForm(
  matrix: SystemMatrix,
  role: keyof Rates['sparseBelow'],
  { sparse }: Parameters,
): SystemMatrix {
  if (sparse === 'always' || !(matrix instanceof CsrMatrix)) return matrix;
  const { sparseBelow } = machineOf(kernelTable().name).rates;
  return matrix.density < sparseBelow[role] ? matrix : matrix.toDense();
}

/** Rows and columns. */
export function sizesOf(matrix: SystemMatrix): readonly [number, number] {
  return matrix instanceof CsrMatrix
    ? [matrix.rows, matrix.columns]
    : [matrix.shape[0]!, matrix.shape[1] ?? 1];
}
