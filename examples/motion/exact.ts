import type { Tensor } from '../../src/tensor/tensor.js';
import { randomNumbers } from '../../synth/random.js';
import type { GaborBank } from './gabor.js';

/** Some answers of the filters, computed by the definition in double precision. */
export interface ExactSample {
  /** Indices into the layer's output. */
  readonly at: Uint32Array;
  readonly values: Float64Array;
}

/** Error of a float32 result relative to the root mean square of the exact one. */
export interface RelativeError {
  readonly rms: number;
  readonly largest: number;
}

/**
 * Evaluates the layer in double precision at positions drawn at random: all filters at each of them. Sums the
 * definition term by term and shares no code with the engine.
 *
 * @param input 1 × 1 × frames × height × width
 * @param positions how many pixels to draw
 */
export function exactSample(input: Tensor, bank: GaborBank, positions: number): ExactSample {
  const [frames, height, width] = input.shape.slice(2) as [number, number, number];
  const channels = 2 * bank.pairs.length;
  const answers = (frames - bank.kernel[0] + 1) * height * width;
  const random = randomNumbers(1);
  const at = new Uint32Array(positions * channels);
  const values = new Float64Array(positions * channels);
  for (let position = 0; position < positions; position++) {
    const answer = Math.floor(random() * answers);
    const seen = window(input, bank, answer);
    for (let channel = 0; channel < channels; channel++) {
      const index = position * channels + channel;
      at[index] = channel * answers + answer;
      values[index] = dot(bank.weight, channel * seen.length, seen);
    }
  }
  return { at, values };
}

/** Compares a layer's output with the exact sample. */
export function relativeError(output: Float32Array, { at, values }: ExactSample): RelativeError {
  let [error, signal, largest] = [0, 0, 0];
  for (let i = 0; i < at.length; i++) {
    const difference = Math.abs(output[at[i]!]! - values[i]!);
    error += difference * difference;
    signal += values[i]! * values[i]!;
    largest = Math.max(largest, difference);
  }
  const scale = Math.sqrt(signal / at.length) || 1;
  return { rms: Math.sqrt(error / at.length) / scale, largest: largest / scale };
}

/** What the filters see from one place of the output: zeros beyond the sides, no padding in time. */
function window(input: Tensor, bank: GaborBank, answer: number): Float64Array {
  const [, height, width] = input.shape.slice(2) as [number, number, number];
  const [frames, rows, columns] = bank.kernel;
  const frame = Math.floor(answer / (height * width));
  const top = (Math.floor(answer / width) % height) - (rows - 1) / 2;
  const left = (answer % width) - (columns - 1) / 2;
  const seen = new Float64Array(frames * rows * columns);
  for (let tap = 0; tap < seen.length; tap++) {
    const [t, y, x] = [
      frame + Math.floor(tap / (rows * columns)),
      top + (Math.floor(tap / columns) % rows),
      left + (tap % columns),
    ];
    if (y >= 0 && y < height && x >= 0 && x < width) seen[tap] = input.data[(t * height + y) * width + x]!;
  }
  return seen;
}

function dot(weight: Float32Array, start: number, seen: Float64Array): number {
  let sum = 0;
  for (let tap = 0; tap < seen.length; tap++) sum += weight[start + tap]! * seen[tap]!;
  return sum;
}
