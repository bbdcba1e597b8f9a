import { createHash } from 'node:crypto';
import { nearestDouble } from '../../synth/algebra/nearest-double.js';
import { isZero } from '../../synth/algebra/rational.js';
import type { AxisFamily } from '../../synth/forms/family.js';
import type { PaddedTransform } from '../../synth/forms/padded.js';
import type { StridedFamily, StridedTransform } from '../../synth/forms/strided.js';
import { synthesize, type Transform } from '../../synth/index.js';
import { noiseGain } from '../../synth/noise/gain.js';
import type { NativeForm, NativeKernelTransform } from '../native/addon.js';
import { isCompiled } from './codelets.js';
import { nativeTransform } from './native-transform.js';

/** One kind of tile along an axis, ready for the engine and for the planner's estimates. */
export interface AxisForm {
  readonly transform: Transform | PaddedTransform | StridedTransform;
  readonly native: NativeForm;
  /** Noise gain Q over that of direct convolution, G: with many channels, the error it adds as a multiple of direct's. */
  readonly noise: number;
  /** Non-zero entries of B and A: what one application costs before rows are paired. */
  readonly entries: { readonly input: number; readonly output: number };
  /** Whether the engine has straight-line code for both transforms, else its generic kernel runs them. */
  readonly compiled: boolean;
}

/** An algorithm for one axis: tiles of one or more sizes on one kernel transform. */
export interface AxisAlgorithm {
  /** A short name that no other algorithm has, the same in every process. */
  readonly name: string;
  /** Identifies the prepared weights: equal keys have equal kernel transforms. */
  readonly key: string;
  readonly kernel: NativeKernelTransform;
  /** Biggest first. */
  readonly forms: readonly AxisForm[];
  /** Of the noisiest form. */
  readonly noise: number;
  /** The whole axis is one tile that knows its padding, so it fits no other input. */
  readonly wholeAxis: boolean;
  /** Taps that are summed like channels instead of being transformed; 1 for none. */
  readonly folded: number;
}

/** F(S, G) for every tile. */
export function plainAlgorithm(transform: Transform): AxisAlgorithm {
  return algorithmOf(transform, [formOf(transform, 0, false)], false);
}

/** Tiles of several sizes: 14 = 4 + 4 + 4 + 2. They may all have a stride. */
export function familyAlgorithm(
  family: Pick<AxisFamily, 'taps' | 'products' | 'C' | 'members'> | StridedFamily,
): AxisAlgorithm {
  const compiled = isCompiled(family.members[0]!);
  return algorithmOf(
    family,
    family.members.map((member) => formOf(member, 0, compiled)),
    false,
  );
}

/** One tile for a short axis and its padding. */
export function paddedAlgorithm(transform: PaddedTransform): AxisAlgorithm {
  const { taps, padding } = transform;
  const compiled = taps === 3 && padding[0] === 1 && padding[1] === 1;
  return algorithmOf(transform, [formOf(transform, padding[0], compiled)], true);
}

/**
 * Sums the taps of an axis like channels: where channels are few, the inner sums are too short to be worth a transform
 * along every axis. To the engine the axis is then not convolved. Not for the last axis.
 */
export function foldedAlgorithm(taps: number): AxisAlgorithm {
  const still = plainAlgorithm(synthesize({ outputs: 1, taps: 1 }));
  return { ...still, name: `${taps} as channels`, key: `folded ${taps}`, folded: taps };
}

function algorithmOf(
  { taps, products, C }: Pick<Transform, 'taps' | 'products' | 'C'>,
  forms: readonly AxisForm[],
  wholeAxis: boolean,
): AxisAlgorithm {
  const kernel = { taps, products, C: doubles(C) };
  const noise = forms.reduce((most, form) => Math.max(most, form.noise), 0);
  const key = `${products}×${taps}: ${kernel.C.join(' ')}`;
  return { name: nameOf(taps, key, forms), key, kernel, forms, noise, wholeAxis, folded: 1 };
}

/** `4+2x3 5d41402a`: outputs of the tiles, taps, and a digest of all matrices. */
function nameOf(taps: number, key: string, forms: readonly AxisForm[]): string {
  const matrices = forms.map(({ transform: { A, B }, native: { offset } }) =>
    [offset, doubles(A).join(' '), doubles(B).join(' ')].join(';'),
  );
  const digest = createHash('sha256')
    .update([key, ...matrices].join('|'))
    .digest('hex');
  return `${forms.map(({ native }) => native.outputs).join('+')}x${taps} ${digest.slice(0, 8)}`;
}

function formOf(transform: AxisForm['transform'], offset: number, compiled: boolean): AxisForm {
  const { outputs, products } = transform;
  const { A, B } = transform;
  const [outputTransform, inputTransform] = [nativeTransform('output', A), nativeTransform('input', B)];
  return {
    transform,
    native: {
      ...{ outputs, inputs: B[0]!.length, offset, products },
      get A() {
        return outputTransform();
      },
      get B() {
        return inputTransform();
      },
    },
    noise: noiseGain(transform) / transform.taps,
    entries: { input: nonZeros(B), output: nonZeros(A) },
    compiled,
  };
}

function doubles(matrix: Transform['A']): Float64Array {
  return Float64Array.from(matrix.flat(), nearestDouble);
}

function nonZeros(matrix: Transform['A']): number {
  return matrix.flat().filter((entry) => !isZero(entry)).length;
}
