import type { Transform } from '../../synth/index.js';
import { randomNumbers } from '../../synth/random.js';

/** How the simulated layer sums; see `LayerArithmetic`. */
export interface SimulatedLayer {
  readonly transforms: readonly Transform[];
  readonly channels: number;
  readonly sumBlock: number;
  readonly tiles: number;
  readonly seed: number;
}

type Rows = readonly (readonly number[])[];
type Tensor = { readonly shape: readonly number[]; readonly data: Float64Array };

/**
 * A layer of one output channel in simulated single precision (each result passes Math.fround), row by row and fused,
 * beside the same in doubles and direct convolution in single precision. Written without the code under test.
 *
 * @returns mean |error| of both
 */
export function simulate({ transforms, channels, sumBlock, tiles, seed }: SimulatedLayer): {
  winograd: number;
  direct: number;
} {
  const random = randomNumbers(seed);
  const uniform = (shape: readonly number[]): Tensor => ({
    shape,
    data: Float64Array.from({ length: size(shape) }, () => Math.fround(2 * random() - 1)),
  });
  const numbers = transforms.map(({ A, B, C }) => ({ A: rowsOf(A), B: rowsOf(B), C: rowsOf(C) }));
  const inputs = transforms.map(({ outputs, taps }) => outputs + taps - 1);
  const taps = transforms.map((transform) => transform.taps);
  const outputs = transforms.map((transform) => transform.outputs);
  let winograd = 0;
  let directError = 0;
  for (let tile = 0; tile < tiles; tile++) {
    const data = Array.from({ length: channels }, () => uniform(inputs));
    const kernels = Array.from({ length: channels }, () => uniform(taps));
    let total = new Float64Array(0);
    let block = new Float64Array(0);
    let shape: readonly number[] = [];
    data.forEach((each, channel) => {
      const u = alongAll(
        each,
        numbers.map(({ B }) => B),
        Math.fround,
      );
      const w = alongAll(
        kernels[channel]!,
        numbers.map(({ C }) => C),
        (value) => value,
      );
      shape = u.shape;
      if (block.length === 0) block = new Float64Array(u.data.length);
      u.data.forEach((value, k) => {
        block[k] = Math.fround(block[k]! + value * Math.fround(w.data[k]!));
      });
      if (channel === channels - 1 || (sumBlock > 0 && (channel + 1) % sumBlock === 0)) {
        total = total.length === 0 ? block : block.map((value, k) => Math.fround(total[k]! + value));
        block = new Float64Array(0);
      }
    });
    const reversed = [...numbers.keys()].reverse();
    let y: Tensor = { shape, data: total };
    for (const axis of reversed) y = along(y, axis, numbers[axis]!.A, Math.fround);
    forEachIndex(outputs, (position, index) => {
      let exact = 0;
      let single = 0;
      for (let channel = 0; channel < channels; channel++) {
        forEachIndex(taps, (tap, g) => {
          const d = inputs.reduce((at, length, axis) => at * length + position[axis]! + tap[axis]!, 0);
          const product = data[channel]!.data[d]! * kernels[channel]!.data[g]!;
          exact += product;
          single = Math.fround(single + Math.fround(product));
        });
      }
      winograd += Math.abs(y.data[index]! - exact);
      directError += Math.abs(single - exact);
    });
  }
  const count = tiles * size(outputs);
  return { winograd: winograd / count, direct: directError / count };
}

function rowsOf(matrix: Transform['A']): number[][] {
  return matrix.map((row) => row.map((entry) => entry.valueOf()));
}

function alongAll(tensor: Tensor, matrices: readonly Rows[], round: (value: number) => number): Tensor {
  return matrices.reduce((result, matrix, axis) => along(result, axis, matrix, round), tensor);
}

/** The n-mode product; every addition is fused with its product, constants are rounded too. */
function along(tensor: Tensor, axis: number, matrix: Rows, round: (value: number) => number): Tensor {
  const { shape, data } = tensor;
  const inner = size(shape.slice(axis + 1));
  const outer = size(shape.slice(0, axis));
  const length = shape[axis]!;
  const result = new Float64Array(outer * matrix.length * inner);
  for (let o = 0; o < outer; o++)
    matrix.forEach((row, r) => {
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        row.forEach((entry, k) => {
          if (entry !== 0) sum = round(sum + round(entry) * data[(o * length + k) * inner + i]!);
        });
        result[(o * matrix.length + r) * inner + i] = sum;
      }
    });
  return { shape: shape.map((each, k) => (k === axis ? matrix.length : each)), data: result };
}

function forEachIndex(shape: readonly number[], visit: (position: number[], index: number) => void): void {
  const position = shape.map(() => 0);
  for (let index = 0; index < size(shape); index++) {
    visit(position, index);
    for (let axis = shape.length - 1; axis >= 0 && ++position[axis]! === shape[axis]; axis--)
      position[axis] = 0;
  }
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, each) => product * each, 1);
}
