import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CsrMatrix, readCsr, readNpz, Tensor, writeCsr, writeNpz } from '../../src/index.js';
import { npyArray } from '../../src/tensor/npy.js';
import { writeEntries } from '../../src/tensor/npz.js';

const folder = mkdtempSync(join(tmpdir(), 'winograd-csr-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string) => join(folder, name);
const sparse = CsrMatrix.fromDense(
  Tensor.from([
    [0, 1.5, 0],
    [0, 0, 0],
    [-2, 0, 3],
  ]),
);

describe('files of sparse matrices', () => {
  it('come back as they went, and are arrays like others', async () => {
    await writeCsr(file('a.npz'), sparse);
    expect(await readCsr(file('a.npz'))).toEqual(sparse);
    const arrays = await readNpz(file('a.npz'), ['indices', 'indptr', 'shape', 'data']);
    expect(arrays.get('indptr')!.toArray()).toEqual([0, 1, 1, 3]);
    expect(arrays.get('shape')!.toArray()).toEqual([3, 3]);
  });

  it('are read as SciPy writes them: int64 indices, doubles, keys in its order', async () => {
    const int64 = (...values: readonly number[]) =>
      new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer);
    await writeEntries(
      file('scipy.npz'),
      new Map([
        ['indices', npyArray([3], '<i8', int64(1, 0, 2))],
        ['indptr', npyArray([4], '<i8', int64(0, 1, 1, 3))],
        ['format', npyArray([], '|S3', Buffer.from('csr'))],
        ['shape', npyArray([2], '<i8', int64(3, 3))],
        ['data', npyArray([3], '<f8', new Uint8Array(Float64Array.of(1.5, -2, 3).buffer))],
      ]),
    );
    expect(await readCsr(file('scipy.npz'))).toEqual(sparse);
  });

  it('are refused by name where they are something else', async () => {
    const csc = new Map([
      ['indices', npyArray([0], '<i4', Buffer.alloc(0))],
      ['indptr', npyArray([2], '<i4', Buffer.alloc(8))],
      ['format', npyArray([], '|S3', Buffer.from('csc'))],
      ['shape', npyArray([2], '<i8', Buffer.alloc(16))],
      ['data', npyArray([0], '<f4', Buffer.alloc(0))],
    ]);
    await writeEntries(file('csc.npz'), csc);
    await expect(readCsr(file('csc.npz'))).rejects.toThrow(
      `Expected the format of ${file('csc.npz')} to be "csr", which tocsr() gives but received "csc"`,
    );
    await writeEntries(
      file('wrong.npz'),
      new Map([...csc, ['format', npyArray([], '|S3', Buffer.from('csr'))]]),
    );
    await expect(readCsr(file('wrong.npz'))).rejects.toThrow(
      'to hold a sparse matrix in compressed rows but: Expected rows',
    );
    await writeNpz(file('dense.npz'), { x: Tensor.zeros([2]) });
    await expect(readCsr(file('dense.npz'))).rejects.toThrow('one of the name format');
    writeFileSync(file('text.npz'), 'nothing');
    await expect(readCsr(file('text.npz'))).rejects.toThrow('to be a .npz archive');
  });
});
