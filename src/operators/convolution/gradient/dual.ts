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
import { meanNoise } from '../expected-error.js';

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
  const turned = {
    ...form.transform,
    ...{ outputs: taps, taps: outputs, products, A: transpose(C), B, C: transpose(A) },
  };
  const noises = axisNoise({ transform: turned }).map((noise) => ({ noise, tiles: 1 }));
  const made: DualForm = {
    gradient: nativeTransform('input', turned.C),
    back: nativeTransform('output', turned.A),
    noise: meanNoise(noises, noises.length),
    compiled: form.compiled && hasCompiledDual(form.transform),
    amplification: forwardErrorBound([turned], { channels: 1 }).amplification,
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
  const parts = runs.map(({ form, tiles }) => ({ noise: dualOf(form).noise, tiles }));
  const terms = extent / totals.tiles;
  return { noise: meanNoise(parts, totals.tiles), taps: { mean: terms, meanSquare: terms ** 2 } };
}
