import { foldedAlgorithm } from '../src/catalogue/axis-algorithm.js';
import type { TileOptions } from '../src/catalogue/candidates.js';
import { type Cover, cover } from '../src/catalogue/cover.js';
import { genericTransform } from '../src/catalogue/native-transform.js';
import type { Choice, Lanes } from '../src/planner/choices.js';
import type { Algorithm } from '../src/planner/planner.js';
import { axes, type Problem } from '../src/problem/problem.js';
import { InputError } from '../synth/errors.js';

/** What the name of an algorithm asks for. */
export interface Wish extends TileOptions {
  readonly algorithm: Algorithm;
  /** By default whichever suits. */
  readonly lanes?: Lanes;
  /** Largest expected error with weights in bfloat16; by default none is accepted. */
  readonly roundedErrorLimit?: number;
  /** Changes the planner's choice before it runs. */
  readonly mode: (choice: Choice, problem: Problem) => Choice;
}

/** What follows a colon: what vectors shall hold, or a way to run a choice that the planner would not, or not there. */
const modes: Readonly<Record<string, Partial<Wish>>> = {
  channels: { lanes: 'channels' },
  positions: { lanes: 'positions' },
  bfloat16: { roundedErrorLimit: Infinity },
  generic: { mode: withoutCodelets },
  fold1: { mode: (choice, problem) => folded(choice, problem, 1) },
  fold2: { mode: (choice, problem) => folded(choice, problem, 2) },
};

/** In a few words, for help and errors. */
export const GRAMMAR =
  'auto, winograd, direct, gemm (planar), tiles such as 4 or 2x4x4, and with a mode auto:generic (without codelets), ' +
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
  return { mode: (choice) => choice, ...wish, ...mode };
}

function baseWish(base: string): Omit<Wish, 'mode'> | undefined {
  if (base === 'auto' || base === 'winograd' || base === 'direct' || base === 'gemm')
    return { algorithm: base };
  if (/^[1-9]\d*(x[1-9]\d*)*$/.test(base)) {
    const tile = base.split('x').map(Number);
    return { algorithm: 'winograd', tile: tile.length === 1 ? tile[0]! : tile };
  }
  return base.includes(',') ? { algorithm: 'winograd', transforms: base } : undefined;
}

/** The same algorithm with all its transforms on the generic kernel. */
function withoutCodelets(choice: Choice): Choice {
  const { covers } = choice;
  return covers === undefined ? choice : { ...choice, covers: axes((a) => generic(covers[a])) };
}

function generic({ algorithm, extent }: Cover): Cover {
  const forms = algorithm.forms.map((form) => {
    const [A, B] = [genericTransform(form.transform.A), genericTransform(form.transform.B)];
    return { ...form, native: { ...form.native, A, B } };
  });
  return cover({ ...algorithm, forms }, extent);
}

/** Sums the taps of the first `count` convolved axes like channels; such axes have F(1, 1). */
function folded(choice: Choice, { kernel, output }: Problem, count: number): Choice {
  const { covers } = choice;
  if (covers === undefined) return choice;
  const convolved = [0, 1, 2].filter((a) => kernel[a] !== 1);
  if (convolved.length <= count)
    throw new InputError(`Expected a kernel to have more than ${count} axes to fold ${count}`);
  const fold = (a: number) => convolved.slice(0, count).includes(a);
  return {
    ...choice,
    covers: axes((a) => (fold(a) ? cover(foldedAlgorithm(kernel[a]), output[a]) : covers[a])),
  };
}
