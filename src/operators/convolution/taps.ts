import type { Problem } from '../../problem/problem.js';

/** Taps of an axis' outputs that meet the input and not its padding. */
export interface TapsMet {
  /** Over all outputs. */
  readonly sum: number;
  /** Of their squares. */
  readonly squares: number;
}

/**
 * Taps met along an axis, in time that depends on the taps alone: their number changes from output to output only where
 * one of them enters the input or leaves it.
 */
export function tapsMet(problem: Problem, axis: 0 | 1 | 2): TapsMet {
  const [extent, inputs, begin] = [problem.output[axis], problem.input[axis], problem.padBegin[axis]];
  const [taps, stride, dilation] = [problem.kernel[axis], problem.stride[axis], problem.dilation[axis]];
  /** The first output whose tap reaches a place of the input. */
  const reaching = (tap: number, place: number) =>
    Math.min(Math.max(Math.ceil((place + begin - tap * dilation) / stride), 0), extent);
  const changes = Array.from({ length: taps }, (_, tap) => [
    { output: reaching(tap, 0), by: 1 },
    { output: reaching(tap, inputs), by: -1 },
  ]).flat();
  changes.sort((a, b) => a.output - b.output);
  let [sum, squares, met, from] = [0, 0, 0, 0];
  for (const { output, by } of changes) {
    sum += (output - from) * met;
    squares += (output - from) * met * met;
    met += by;
    from = output;
  }
  return { sum, squares };
}
