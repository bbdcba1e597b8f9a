import { tilingOf } from '../catalogue/cover.js';
import type { NativeLayer, NativeLayout, NativeProblem } from '../native/addon.js';
import { axes, type Layer, type Problem } from '../problem/problem.js';
import type { Choice } from './choices.js';

/** What the engine prepares weights for, once an algorithm is chosen. */
export function nativeLayer(
  layer: Layer,
  { algorithm, covers, weightFormat }: Choice,
  isa: string,
): NativeLayer {
  return {
    ...layer,
    algorithm,
    weightFormat,
    isa,
    ...(covers && {
      transforms: axes((a) => covers[a].algorithm.kernel),
      fold: axes((a) => covers[a].algorithm.folded > 1),
    }),
  };
}

/** What the engine runs, once an algorithm is chosen. */
export function nativeProblem(problem: Problem, { sumBlock, covers, cost, tuning }: Choice): NativeProblem {
  return {
    ...problem,
    sumBlock,
    threads: cost.threads,
    work: cost.transforms + cost.products,
    ...(covers && { tiling: axes((a) => tilingOf(covers[a])) }),
    ...tuning,
  };
}

/** How a layer's input, its output and what is added to it lie in memory. */
export interface Layouts {
  readonly input: NativeLayout;
  readonly output: NativeLayout;
  readonly residual: NativeLayout;
}

/** As tensors are. */
export const planarLayouts: Layouts = { input: 'planar', output: 'planar', residual: 'planar' };
