import { totalNoise } from '../../synth/noise/axis.js';
import { directError, type LayerAxis, layerError } from '../../synth/noise/layer.js';
import type { AxisForm } from '../catalogue/axis-algorithm.js';
import type { Cover } from '../catalogue/cover.js';
import type { Axes, WeightFormat } from '../native/addon.js';
import { axes, type Problem } from '../problem/problem.js';

/** What an axis adds to the expected error of a problem, whatever the other axes do. */
export function layerAxis(problem: Problem, axis: 0 | 1 | 2, cover: Cover): LayerAxis {
  const taps = tapsOf(problem, axis);
  if (cover.algorithm.folded > 1) return { taps };
  const [extent, inputs, begin] = [problem.output[axis], problem.input[axis], problem.padBegin[axis]];
  const total = { signal: 0, gain: 0, gainSquares: 0, exactKernelGain: 0, input: 0, kernel: 0, output: 0 };
  let start = 0;
  for (const { form, tiles } of cover.runs)
    for (let tile = 0; tile < tiles; tile++) {
      const { native } = form;
      const from = start + native.offset - begin;
      const noise = partNoise(
        form,
        clamp(-from, native.inputs),
        clamp(inputs - from, native.inputs),
        Math.min(native.outputs, extent - start),
      );
      for (const key of keys) total[key] += noise[key] / extent;
      start += native.outputs;
    }
  return { noise: total, taps };
}

const keys = ['signal', 'gain', 'gainSquares', 'exactKernelGain', 'input', 'kernel', 'output'] as const;

/**
 * The expected root mean square error over that of direct convolution in single precision.
 *
 * @returns the error when so many input channels are summed at a time; 0 for all
 */
export function expectedError(
  { inChannels, groups }: Problem,
  along: Axes<LayerAxis>,
  weightFormat: WeightFormat,
): (sumBlock: number) => number {
  return layerError(along, { channels: inChannels / groups, weightFormat });
}

/**
 * The root mean square error of direct convolution in single precision over the root mean square of its results, for
 * data and kernels uniform in [−1, 1]; 0 where all taps meet padding, which leaves exact zeros.
 */
export function relativeDirectError(problem: Problem): number {
  const taps = axes((axis) => ({ taps: tapsOf(problem, axis) }));
  if (taps.some((along) => along.taps.mean === 0)) return 0;
  return directError(taps, problem.inChannels / problem.groups);
}

const parts = new WeakMap<AxisForm, Map<string, ReturnType<typeof totalNoise>>>();

/** Remembered, for nearly all tiles lie within the layer whole. */
function partNoise(form: AxisForm, first: number, last: number, outputs: number) {
  const known = parts.get(form) ?? new Map();
  parts.set(form, known);
  const key = `${first} ${last} ${outputs}`;
  if (!known.has(key))
    known.set(key, totalNoise({ transform: form.transform }, { inputs: [first, last], outputs }));
  return known.get(key)!;
}

/** How many taps of an output along an axis meet the input and not its padding. */
function tapsOf(problem: Problem, axis: 0 | 1 | 2): LayerAxis['taps'] {
  const [extent, inputs, begin] = [problem.output[axis], problem.input[axis], problem.padBegin[axis]];
  const [taps, stride, dilation] = [problem.kernel[axis], problem.stride[axis], problem.dilation[axis]];
  let [sum, squares] = [0, 0];
  for (let output = 0; output < extent; output++) {
    let met = 0;
    for (let tap = 0; tap < taps; tap++) {
      const at = output * stride + tap * dilation - begin;
      met += Number(at >= 0 && at < inputs);
    }
    sum += met;
    squares += met * met;
  }
  return { mean: sum / extent, meanSquare: squares / extent };
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
