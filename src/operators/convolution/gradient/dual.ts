/**
 * The algorithm that the gradient of the weights has where F(S, G) is that of the forward pass: F(G, S), whose A, B and C are
 * its transposed C, its B and its transposed A. The trilinear form Σ y[s] A[s] · (C g)(B d) is the same, read for g instead
 * of y, so that what is proved for one holds for the other (`backwardWeights` in synth/forms proves it anew).
 */
import { transpose } from '../../../../synth/algebra/matrix.js';
import { type AxisNoise, axisNoise } from '../../../../synth/noise/axis.js';
import { forwardErrorBound } from '../../../../synth/noise/bound.js';
import type { LayerAxis } from '../../../../synth/noise/layer.js';
import type { AxisAlgorithm, AxisForm } from '../../../catalogue/axis-algorithm.js';
import { hasCompiledDual } from '../../../catalogue/codelets.js';
import type { Cover } from '../../../catalogue/cover.js';
import { nativeTransform } from '../../../catalogue/native-transform.js';
import type { NativeTransform } from '../../../native/addon.js';

/** What a form's dual adds to it. */
interface DualForm {
  /** Outputs × products transposed: tiles of the gradient of y are transformed by it. */
  readonly gradient: () => NativeTransform;
  /** Of the gradient of a tap, on average. */
  readonly noise: AxisNoise;
  /** The largest Σ |A| (|B| 1)(|C| 1) of a tap. */
  readonly amplification: number;
  /** Products × taps transposed, of those products that the form has. */
  readonly back: () => NativeTransform;
  /** Whether the engine has straight-line code for both. */
  readonly compiled: boolean;
}

const known = new WeakMap<AxisForm, DualForm>();

/** The dual of a form, made once. */
export function dualOf(form: AxisForm): DualForm {
  const found = known.get(form);
  if (found !== undefined) return found;
  const { outputs, taps, products, A, B, C } = form.transform;
  const turned = { outputs: taps, taps: outputs, products, A: transpose(C), B, C: transpose(A) };
  const noises = axisNoise({ transform: { ...form.transform, ...turned } });
  const mean = (key: keyof AxisNoise) => noises.reduce((sum, each) => sum + each[key], 0) / noises.length;
  const made: DualForm = {
    gradient: nativeTransform('input', turned.C),
    back: nativeTransform('output', turned.A),
    noise: {
      ...{ signal: mean('signal'), gain: mean('gain'), gainSquares: mean('gainSquares') },
      ...{ exactKernelGain: mean('exactKernelGain'), input: mean('input') },
      ...{ kernel: mean('kernel'), output: mean('output') },
    },
    compiled: form.compiled && hasCompiledDual(form.transform),
    amplification: forwardErrorBound([{ ...form.transform, ...turned }], { channels: 1 }).amplification,
  };
  known.set(form, made);
  return made;
}

/** The transform back of an algorithm: that of its biggest form, which has all products. */
export function backOf({ forms }: AxisAlgorithm): NativeTransform {
  return dualOf(forms[0]!).back();
}

/** What an axis adds to the expected error of the gradient: its tiles are summed over, each of as many terms as outputs. */
export function dualAxis({ runs, totals, extent }: Cover): LayerAxis {
  const noise = { signal: 0, gain: 0, gainSquares: 0, exactKernelGain: 0, input: 0, kernel: 0, output: 0 };
  for (const { form, tiles } of runs) {
    const own = dualOf(form).noise;
    for (const key of Object.keys(noise) as (keyof AxisNoise)[])
      noise[key] += (own[key] * tiles) / totals.tiles;
  }
  const terms = extent / totals.tiles;
  return { noise, taps: { mean: terms, meanSquare: terms ** 2 } };
}
