import { type AxisNoise, type TilePart, totalNoise } from '../../../synth/noise/axis.js';
import { directError, type LayerAxis, layerError } from '../../../synth/noise/layer.js';
import type { AxisForm } from '../../catalogue/axis-algorithm.js';
import { type Cover, stepOf } from '../../catalogue/cover.js';
import type { Axes, WeightFormat } from '../../native/addon.js';
import { axes, type Problem } from '../../problem/problem.js';
import { tapsMet } from './taps.js';

/** What an axis adds to the expected error of a problem, whatever the other axes do. */
export function layerAxis(problem: Problem, axis: 0 | 1 | 2, cover: Cover): LayerAxis {
  const taps = meanTaps(problem, axis);
  if (cover.algorithm.folded > 1) return { taps };
  const parts = Array.from(partsOf(problem, axis, cover), ({ form, part, tiles }) => ({
    noise: partNoise(form, part),
    tiles,
  }));
  return { noise: meanNoise(parts, cover.extent), taps };
}

/** The noise of some tiles, each as often as there are such, added up and divided. */
export function meanNoise(
  parts: readonly { readonly noise: AxisNoise; readonly tiles: number }[],
  divisor: number,
): AxisNoise {
  const total = { signal: 0, gain: 0, gainSquares: 0, exactKernelGain: 0, input: 0, kernel: 0, output: 0 };
  for (const { noise, tiles } of parts) for (const key of keys) total[key] += (tiles * noise[key]) / divisor;
  return total;
}

/** Tiles in a row of which the same lies within the layer. */
interface Alike {
  readonly form: AxisForm;
  readonly part: TilePart;
  readonly tiles: number;
}

/** The tiles of an axis in order. Nearly all lie within the layer whole, or in its padding: however many, they are one step. */
function* partsOf(problem: Problem, axis: 0 | 1 | 2, cover: Cover): Generator<Alike> {
  const [inputs, begin] = [problem.input[axis], problem.padBegin[axis]];
  let start = 0;
  for (const { form, tiles } of cover.runs) {
    const { native } = form;
    /** The last tile of the run whose first input lies at a place or before it. */
    const lastBefore = (place: number) =>
      Math.floor((place - (start * cover.stride + native.offset - begin)) / stepOf(cover, form));
    for (let tile = 0; tile < tiles; ) {
      const at = start + tile * native.outputs;
      const from = at * cover.stride + native.offset - begin;
      const part: TilePart = {
        inputs: [clamp(-from, native.inputs), clamp(inputs - from, native.inputs)],
        outputs: Math.min(native.outputs, cover.extent - at),
      };
      let last = tile;
      if (from + native.inputs <= 0) last = lastBefore(-native.inputs);
      else if (from >= inputs) last = tiles - 1;
      else if (from >= 0 && from + native.inputs <= inputs) last = lastBefore(inputs - native.inputs);
      // Only outputs of the very last tile may be more than are wanted.
      const whole = Math.ceil((cover.extent - start - native.outputs + 1) / native.outputs) - 1;
      const end = Math.max(tile, Math.min(last, whole, tiles - 1)) + 1;
      yield { form, part, tiles: end - tile };
      tile = end;
    }
    start += tiles * native.outputs;
  }
}

const keys = ['signal', 'gain', 'gainSquares', 'exactKernelGain', 'input', 'kernel', 'output'] as const;

/**
 * The expected root mean square error over that of direct convolution in single precision; 0 where padding is all that any
 * output sees.
 *
 * @returns the error when so many input channels are summed at a time; 0 for all
 */
export function expectedError(
  { inChannels, groups }: Problem,
  along: Axes<LayerAxis>,
  weightFormat: WeightFormat,
): (sumBlock: number) => number {
  if (along.some(({ taps }) => taps.mean === 0)) return () => 0;
  return layerError(along, { channels: inChannels / groups, weightFormat });
}

/**
 * The root mean square error of direct convolution in single precision over the root mean square of its results, for
 * data and kernels uniform in [−1, 1]; 0 where padding is all that any output sees.
 */
export function relativeDirectError(problem: Problem): number {
  const taps = axes((axis) => ({ taps: meanTaps(problem, axis) }));
  const nothing = taps.some((axis) => axis.taps.mean === 0);
  return nothing ? 0 : directError(taps, problem.inChannels / problem.groups);
}

const parts = new WeakMap<AxisForm, Map<string, ReturnType<typeof totalNoise>>>();

/** Computed once: the same parts occur in layers of any size. */
function partNoise(form: AxisForm, part: TilePart) {
  const known = parts.get(form) ?? new Map();
  parts.set(form, known);
  const key = `${part.inputs} ${part.outputs}`;
  if (!known.has(key)) known.set(key, totalNoise({ transform: form.transform }, part));
  return known.get(key)!;
}

function meanTaps(problem: Problem, axis: 0 | 1 | 2): LayerAxis['taps'] {
  const { sum, squares } = tapsMet(problem, axis);
  return { mean: sum / problem.output[axis], meanSquare: squares / problem.output[axis] };
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
