import type { TileOptions } from '../src/catalogue/candidates.js';
import type { NativeLayer, NativeProblem } from '../src/native/addon.js';
import type { Lanes } from '../src/planner/choices.js';
import type { Algorithm } from '../src/planner/planner.js';
import { axes } from '../src/problem/problem.js';
import { InputError } from '../synth/errors.js';

/** A planner's choice as the engine takes it. */
export interface Posed {
  readonly layer: NativeLayer;
  readonly problem: NativeProblem;
}

/** What the name of an algorithm asks for. */
export interface Wish extends TileOptions {
  readonly algorithm: Algorithm;
  /** By default whichever suits. */
  readonly lanes?: Lanes;
  /** Largest expected error with weights in bfloat16; by default none is accepted. */
  readonly roundedErrorLimit?: number;
  /** Changes the planner's choice before it runs. */
  readonly mode: (posed: Posed) => Posed;
}

/** What follows a colon: what vectors shall hold, or a way to run a choice that the planner would not, or not there. */
const modes: Readonly<Record<string, Partial<Wish>>> = {
  channels: { lanes: 'channels' },
  positions: { lanes: 'positions' },
  bfloat16: { roundedErrorLimit: Infinity },
  generic: { mode: withoutCodelets },
  fold1: { mode: (posed) => folded(posed, 1) },
  fold2: { mode: (posed) => folded(posed, 2) },
};

/** In a few words, for help and errors. */
export const GRAMMAR =
  'auto, winograd, direct, tiles such as 4 or 2x4x4, and with a mode auto:generic (without codelets), ' +
  'winograd:channels and 4:positions (what vectors hold), 4:fold1 or 4:fold2 (taps of the first axes summed like channels), ' +
  'auto:bfloat16 (weights in bfloat16 where that is faster)';

/**
 * `auto`, `winograd`, `direct`, tiles such as `4` or `2x4x4`, or moduli such as `0, ±1, ±2, inf`; any but moduli
 * followed by a colon and a mode.
 *
 * @throws InputError for any other name
 */
export function parseAlgorithm(name: string): Wish {
  const [base = '', modeName] = name.split(':');
  const mode = modeName === undefined ? {} : modes[modeName];
  const wish = mode && baseWish(base);
  if (wish === undefined)
    throw new InputError(`Expected an algorithm to be among ${GRAMMAR} but received ${JSON.stringify(name)}`);
  return { mode: (posed) => posed, ...wish, ...mode };
}

function baseWish(base: string): Omit<Wish, 'mode'> | undefined {
  if (base === 'auto' || base === 'winograd' || base === 'direct') return { algorithm: base };
  if (/^[1-9]\d*(x[1-9]\d*)*$/.test(base)) {
    const tile = base.split('x').map(Number);
    return { algorithm: 'winograd', tile: tile.length === 1 ? tile[0]! : tile };
  }
  return base.includes(',') ? { algorithm: 'winograd', transforms: base } : undefined;
}

/**
 * The same algorithm with A and B doubled and C quartered, which rounds nothing, but no matrix is any longer one that
 * was compiled.
 */
function withoutCodelets({ layer, problem }: Posed): Posed {
  const { transforms } = layer;
  const { tiling } = problem;
  if (transforms === undefined || tiling === undefined) return { layer, problem };
  const scaled = (matrix: Float64Array, factor: number, axis: 0 | 1 | 2) =>
    transforms[axis].products === 1 ? matrix : matrix.map((entry) => entry * factor);
  return {
    layer: {
      ...layer,
      transforms: axes((a) => ({ ...transforms[a], C: scaled(transforms[a].C, 1 / 4, a) })),
    },
    problem: {
      ...problem,
      tiling: axes((a) => ({
        ...tiling[a],
        forms: tiling[a].forms.map((form) => ({ ...form, A: scaled(form.A, 2, a), B: scaled(form.B, 2, a) })),
      })),
    },
  };
}

/** Sums the taps of the first `count` convolved axes like channels; such axes have F(1, 1). */
function folded({ layer, problem }: Posed, count: number): Posed {
  const { transforms } = layer;
  const { tiling } = problem;
  if (transforms === undefined || tiling === undefined) return { layer, problem };
  const convolved = [0, 1, 2].filter((a) => layer.kernel[a] !== 1);
  if (convolved.length <= count)
    throw new InputError(`Expected a kernel to have more than ${count} axes to fold ${count}`);
  const fold = axes((a) => convolved.slice(0, count).includes(a));
  const one = Float64Array.of(1);
  const form = { outputs: 1, inputs: 1, offset: 0, products: 1, A: one, B: one };
  const outputs = (a: 0 | 1 | 2) =>
    problem.input[a] + problem.padBegin[a] + problem.padEnd[a] - layer.kernel[a] + 1;
  return {
    layer: {
      ...layer,
      fold,
      transforms: axes((a) => (fold[a] ? { taps: 1, products: 1, C: one } : transforms[a])),
    },
    problem: {
      ...problem,
      tiling: axes((a) => (fold[a] ? { forms: [form], sequence: new Int32Array(outputs(a)) } : tiling[a])),
    },
  };
}

/** Scalar products over those of direct convolution, overhanging tiles included. */
export function productShare({ layer, problem }: Posed, output: readonly number[]): number {
  const { tiling } = problem;
  if (tiling === undefined) return 1;
  return [0, 1, 2].reduce((share, a) => {
    const axis = a as 0 | 1 | 2;
    const { forms, sequence } = tiling[axis];
    const products = sequence.reduce((sum, form) => sum + forms[form]!.products, 0);
    const taps = layer.kernel[axis];
    return (share * products * (layer.fold?.[axis] ? taps : 1)) / (output[a]! * taps);
  }, 1);
}
