import { ONE } from '../../synth/algebra/rational.js';
import type { Matrix, Transform } from '../../synth/index.js';
import { type Operation, operation, type Program } from '../../synth/program/program.js';
import type { Sample } from './sample.js';

/** The programs of plain arithmetic; see {@link plainRows}. */
export function plainPrograms({ A, B, C }: Transform): { input: Program; output: Program; kernel: Program } {
  return { input: plainRows(B), output: plainRows(A), kernel: plainRows(C) };
}

/**
 * A matrix as the literature applies it: each row a sum in the order of its entries, products and additions rounded
 * apart, nothing shared.
 */
function plainRows(matrix: Matrix): Program {
  const inputs = matrix[0]!.length;
  const operations: Operation[] = [];
  const emit = (made: Operation) => inputs + operations.push(made) - 1;
  const outputs = matrix.map((row) => {
    let sum: number | undefined;
    row.forEach((entry, column) => {
      if (entry.n === 0n) return;
      if (sum === undefined) {
        sum = entry.equals(ONE) ? column : emit(operation(entry, column));
        return;
      }
      const size = entry.abs();
      const term = size.equals(ONE) ? column : emit(operation(size, column));
      sum = emit(operation(ONE, sum, entry.s < 0n ? -1 : 1, term));
    });
    return sum;
  });
  return { inputs, operations, outputs };
}

interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A sample in plain single precision, the kernel transform included: tiles × kernels × Sᴺ outputs. */
export function runPlain(sample: Sample): Float32Array {
  const { transforms, channels, tiles, kernels } = sample;
  const programs = transforms.map(plainPrograms);
  const inputShape = transforms.map(({ outputs, taps }) => outputs + taps - 1);
  const kernelShape = transforms.map(({ taps }) => taps);
  const U = applyAll(
    { shape: [tiles * channels, ...inputShape], data: sample.data },
    programs.map(({ input }) => input),
  );
  const W = applyAll(
    { shape: [kernels * channels, ...kernelShape], data: sample.weights },
    programs.map(({ kernel }) => kernel),
  );
  const plane = U.shape.slice(1).reduce((size, each) => size * each, 1);
  const M = new Float32Array(tiles * kernels * plane);
  for (let tile = 0; tile < tiles; tile++)
    for (let kernel = 0; kernel < kernels; kernel++)
      for (let channel = 0; channel < channels; channel++) {
        const [u, w] = [(tile * channels + channel) * plane, (kernel * channels + channel) * plane];
        const m = (tile * kernels + kernel) * plane;
        for (let t = 0; t < plane; t++) M[m + t] = M[m + t]! + Math.fround(U.data[u + t]! * W.data[w + t]!);
      }
  const products = { shape: [tiles * kernels, ...U.shape.slice(1)], data: M };
  return applyAll(
    products,
    programs.map(({ output }) => output),
  ).data;
}

/** The programs along axes 1, 2, … of a tensor, in this order. */
function applyAll(tensor: Tensor, programs: readonly Program[]): Tensor {
  return programs.reduce((result, program, index) => applyAlong(result, index + 1, program), tensor);
}

/** The n-mode product by a program. */
function applyAlong({ shape, data }: Tensor, axis: number, program: Program): Tensor {
  const length = shape[axis]!;
  const rows = program.outputs.length;
  const inner = shape.slice(axis + 1).reduce((size, each) => size * each, 1);
  const outer = shape.slice(0, axis).reduce((size, each) => size * each, 1);
  const result = new Float32Array(outer * rows * inner);
  const factors = Float32Array.from(program.operations, ({ factor }) => factor.valueOf());
  const values = new Float32Array(length + program.operations.length);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      for (let k = 0; k < length; k++) values[k] = data[(o * length + k) * inner + i]!;
      program.operations.forEach(({ left, sign, right }, index) => {
        const term = Math.fround(factors[index]! * values[left]!);
        values[length + index] = right === undefined ? term : term + sign * values[right]!;
      });
      program.outputs.forEach((value, row) => {
        result[(o * rows + row) * inner + i] = value === undefined ? 0 : values[value]!;
      });
    }
  return { shape: shape.map((each, k) => (k === axis ? rows : each)), data: result };
}
