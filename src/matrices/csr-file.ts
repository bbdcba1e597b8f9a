import { expected, InputError } from '../../synth/errors.js';
import { npyArray, parseNpyList, parseNpyText } from '../tensor/npy.js';
import { readEntries, writeEntries } from '../tensor/npz.js';
import { littleEndianBytes } from '../tensor/number-formats.js';
import { CsrMatrix } from './csr.js';

/** Most bytes of a matrix, unpacked. */
const MAX_BYTES = 2 ** 34;

/**
 * Reads a sparse matrix as `scipy.sparse.save_npz` writes one in compressed rows; numbers are rounded to float32.
 *
 * @throws InputError naming the path for another format, for what is no such archive, and for a matrix that contradicts itself;
 *   the system's error when it cannot be read
 */
export async function readCsr(path: string): Promise<CsrMatrix> {
  const wanted = ['format', 'shape', 'data', 'indices', 'indptr'];
  const arrays = await readEntries<string | Float64Array>(path, wanted, MAX_BYTES, (next, size, name, key) =>
    key === 'format' ? parseNpyText(next, name) : parseNpyList(next, size, name),
  );
  const format = arrays.get('format');
  if (format !== 'csr') throw expected(`the format of ${path}`, '"csr", which tocsr() gives', format);
  const list = (name: string) => arrays.get(name) as Float64Array;
  const [rows, columns] = list('shape');
  try {
    return new CsrMatrix(
      rows!,
      columns!,
      Float32Array.from(list('data')),
      Int32Array.from(list('indices')),
      Int32Array.from(list('indptr')),
    );
  } catch (cause) {
    const message = `Expected ${path} to hold a sparse matrix in compressed rows but: ${(cause as Error).message}`;
    throw new InputError(message, { cause });
  }
}

/** Writes one that `scipy.sparse.load_npz` reads; whole or not at all. @throws the system's error when it cannot be written */
export async function writeCsr(path: string, matrix: CsrMatrix): Promise<void> {
  const { rows, columns, values, indices, pointers } = matrix;
  const list = (numbers: Int32Array) =>
    npyArray([numbers.length], '<i4', littleEndianBytes(Float64Array.from(numbers), 'int32'));
  const shape = littleEndianBytes(Float64Array.of(rows, columns), 'int64');
  await writeEntries(
    path,
    new Map([
      ['indices', list(indices)],
      ['indptr', list(pointers)],
      ['format', npyArray([], '|S3', Buffer.from('csr'))],
      ['shape', npyArray([2], '<i8', shape)],
      ['data', npyArray([values.length], '<f4', littleEndianBytes(values, 'float32'))],
    ]),
  );
}
