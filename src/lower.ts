import type { Choice } from './choices.js';
import { tilingOf } from './cover.js';
import type { NativeLayer, NativeProblem } from './native.js';
import { axes, type Layer, type Problem } from './problem.js';

/** What the engine prepares weights for, once an algorithm is chosen. */
export function nativeLayer(layer: Layer, { algorithm, covers }: Choice, isa: string): NativeLayer {
  return {
    ...layer,
    algorithm,
    isa,
    ...(covers && { transforms: axes((a) => covers[a].algorithm.kernel) }),
  };
}

/** What the engine runs, once an algorithm is chosen. */
export function nativeProblem(problem: Problem, { sumBlock, covers }: Choice): NativeProblem {
  return { ...problem, sumBlock, ...(covers && { tiling: axes((a) => tilingOf(covers[a])) }) };
}
