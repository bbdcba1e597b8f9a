import { expected } from '../../synth/errors.js';
import { MAX_ELEMENTS } from '../tensor/shape.js';
import { checkData, Tensor } from '../tensor/tensor.js';

/**
 * A sparse matrix in compressed rows: of row r the entries from `pointers[r]` to `pointers[r + 1]`, each with its column in
 * `indices` and its value in `values`. Columns of a row ascend, none is there twice. Not to be changed.
 */
export class CsrMatrix {
  /**
   * @param rows,columns sizes, from 1
   * @param pointers rows + 1 of them
   * @throws InputError naming what is not that of such a matrix
   */
  constructor(
    readonly rows: number,
    readonly columns: number,
    readonly values: Float32Array,
    readonly indices: Int32Array,
    readonly pointers: Int32Array,
  ) {
    for (const [name, size] of Object.entries({ rows, columns }))
      if (!Number.isInteger(size) || size < 1 || size > MAX_ELEMENTS)
        throw expected(name, `an integer from 1 to ${MAX_ELEMENTS}`, size);
    checkData(values, [values?.length ?? 0], 'values');
    if (!(indices instanceof Int32Array) || indices.length !== values.length)
      throw expected('indices', `an Int32Array of ${values.length}, as there are values`, indices);
    if (!(pointers instanceof Int32Array) || pointers.length !== rows + 1)
      throw expected('pointers', `an Int32Array of ${rows + 1}, one more than rows`, pointers);
    if (pointers[0] !== 0 || pointers[rows] !== values.length)
      throw expected('pointers', `from 0 to ${values.length}`, [pointers[0], pointers[rows]]);
    for (let row = 0; row < rows; row++) {
      if (pointers[row + 1]! < pointers[row]!)
        throw expected(`pointers[${row + 1}]`, `at least ${pointers[row]}`, pointers[row + 1]);
      for (let i = pointers[row]!, least = 0; i < pointers[row + 1]!; i++) {
        const column = indices[i]!;
        if (column < least || column >= columns)
          throw expected(
            `indices[${i}]`,
            `from ${least} to ${columns - 1}, as columns of a row ascend`,
            column,
          );
        least = column + 1;
      }
    }
  }

  /** Of what is not zero in a tensor of rank 2. @throws InputError for anything else */
  static fromDense(dense: Tensor): CsrMatrix {
    if (!(dense instanceof Tensor) || dense.rank !== 2 || dense.size === 0)
      throw expected('the matrix', 'a Tensor of rank 2 that is not empty', dense);
    const [rows, columns] = dense.shape as [number, number];
    const { data } = dense;
    let count = 0;
    for (const value of data) if (value !== 0) count++;
    const values = new Float32Array(count);
    const indices = new Int32Array(count);
    const pointers = new Int32Array(rows + 1);
    let at = 0;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const value = data[row * columns + column]!;
        if (value === 0) continue;
        values[at] = value;
        indices[at++] = column;
      }
      pointers[row + 1] = at;
    }
    return new CsrMatrix(rows, columns, values, indices, pointers);
  }

  /** Entries, those that are zero after all included. */
  get nonZeros(): number {
    return this.values.length;
  }

  /** Share of all elements that are entries. */
  get density(): number {
    return this.nonZeros / (this.rows * this.columns);
  }

  /** The same as a tensor, rows × columns. @throws InputError where memory does not suffice */
  toDense(): Tensor {
    const dense = Tensor.zeros([this.rows, this.columns]);
    for (let row = 0; row < this.rows; row++)
      for (let i = this.pointers[row]!; i < this.pointers[row + 1]!; i++)
        dense.data[row * this.columns + this.indices[i]!] = this.values[i]!;
    return dense;
  }

  /** Columns as rows. */
  transposed(): CsrMatrix {
    return collected(this.columns, this.rows, this.nonZeros, (take) => {
      for (let row = 0; row < this.rows; row++)
        for (let i = this.pointers[row]!; i < this.pointers[row + 1]!; i++)
          take(this.indices[i]!, row, this.values[i]!);
    });
  }

  /** `CsrMatrix(3 × 4, 2 entries)`. */
  toString(): string {
    return `CsrMatrix(${this.rows} × ${this.columns}, ${this.nonZeros} entries)`;
  }
}

/**
 * A matrix of entries that come in any order of rows, but in each row by ascending columns.
 *
 * @param visit gives all of them, and is asked twice
 */
export function collected(
  rows: number,
  columns: number,
  entries: number,
  visit: (take: (row: number, column: number, value: number) => void) => void,
): CsrMatrix {
  const pointers = new Int32Array(rows + 1);
  visit((row) => {
    pointers[row + 1] = pointers[row + 1]! + 1;
  });
  for (let row = 0; row < rows; row++) pointers[row + 1] = pointers[row + 1]! + pointers[row]!;
  const next = pointers.slice(0, rows);
  const values = new Float32Array(entries);
  const indices = new Int32Array(entries);
  visit((row, column, value) => {
    const at = next[row]!;
    next[row] = at + 1;
    values[at] = value;
    indices[at] = column;
  });
  return new CsrMatrix(rows, columns, values, indices, pointers);
}
