import { kernelTable } from '../../machine/machine.js';
import { allocate } from '../../tensor/tensor.js';
import { type CsrMatrix, collected } from '../csr.js';
import { prepared } from '../prepared.js';
import type { Parameters } from './parameters.js';

/** C = S B, or C + S B, off the main thread. @param to m × n, in the engine's memory */
export async function multiplySparse(
  s: CsrMatrix,
  b: Float32Array,
  n: number,
  to: Float32Array,
  { threads }: Parameters,
  accumulates = false,
): Promise<void> {
  const isa = kernelTable().name;
  const [m, k, nonZeros] = [s.rows, s.columns, s.nonZeros];
  if (nonZeros === 0) {
    if (!accumulates) to.fill(0);
    return;
  }
  const description = { isa, threads, m, n, k, nonZeros, accumulates };
  const key = [isa, threads, m, n, k, nonZeros, accumulates].join();
  const asFloats = (integers: Int32Array) =>
    new Float32Array(integers.buffer, integers.byteOffset, integers.length);
  await prepared('sparse product', key, () => description).soon(
    [s.values, asFloats(s.indices), asFloats(s.pointers), b],
    to,
  );
}

/** A row of a matrix as a matrix of its own: columns that follow each other are its rows. */
export function rowAsMatrix(
  { columns, values, indices, pointers }: CsrMatrix,
  row: number,
  rows: number,
): CsrMatrix {
  const width = columns / rows;
  const [begin, end] = [pointers[row]!, pointers[row + 1]!];
  return collected(rows, width, end - begin, (take) => {
    for (let i = begin; i < end; i++) take(Math.floor(indices[i]! / width), indices[i]! % width, values[i]!);
  });
}

/** The unfolded image of a sparse row, CRS × PQ, as sparse as the row is. */
export function unfoldedRow(x: CsrMatrix, n: number, parameters: Parameters): CsrMatrix {
  const { C, H, W, R, S, P, Q, stride, padding } = parameters;
  const meet = (visit: (row: number, column: number, value: number) => void) => {
    for (let i = x.pointers[n]!; i < x.pointers[n + 1]!; i++) {
      const [place, value] = [x.indices[i]!, x.values[i]!];
      const c = Math.floor(place / (H * W));
      const [h, w] = [Math.floor(place / W) % H, place % W];
      for (let r = 0; r < R; r++) {
        const p = (h + padding[0] - r) / stride[0];
        if (!Number.isInteger(p) || p < 0 || p >= P) continue;
        for (let s = 0; s < S; s++) {
          const q = (w + padding[1] - s) / stride[1];
          if (Number.isInteger(q) && q >= 0 && q < Q) visit((c * R + r) * S + s, p * Q + q, value);
        }
      }
    }
  };
  let entries = 0;
  meet(() => entries++);
  return collected(C * R * S, P * Q, entries, meet);
}

/** rows × columns to columns × rows. */
export function turned(from: Float32Array, rows: number, columns: number, to: Float32Array): void {
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) to[column * rows + row] = from[row * columns + column]!;
}

/** Memory of the engine's, rows × columns, with any contents. */
export function scratch(rows: number, columns: number): Float32Array {
  return allocate(rows * columns, false);
}

/** The unfolded image of a dense row, or what columns add up to. */
export async function unfold(
  operator: 'im2col' | 'col2im',
  from: Float32Array,
  to: Float32Array,
  { C, H, W, R, S, stride, padding, threads }: Parameters,
): Promise<void> {
  const isa = kernelTable().name;
  const axes = (a: number, b: number) => [1, a, b];
  const nothing = { slope: 1, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const problem = {
    ...{ direction: 'forward', batch: 1, inChannels: C, outChannels: 1, groups: 1 },
    ...{ input: axes(H, W), kernel: axes(R, S), stride: axes(...stride), dilation: axes(1, 1) },
    ...{
      padBegin: [0, ...padding],
      padEnd: [0, ...padding],
      bias: false,
      residual: false,
      activation: nothing,
    },
  };
  const key = [isa, threads, C, H, W, R, S, ...stride, ...padding].join();
  await prepared(operator, key, () => ({ isa, threads, problem })).soon([from], to);
}
