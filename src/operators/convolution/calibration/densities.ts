import { candidatesOf } from '../../../catalogue/candidates.js';
import type { Machine } from '../../../machine/machine.js';
import { choose } from '../../../planner/planner.js';
import { type Problem, validateInput, validateLayer, weightShape } from '../../../problem/problem.js';
import { elementCount } from '../../../tensor/shape.js';
import { convolutionAlgorithms } from '../algorithms.js';

/** Layers of which it is said when sparse weights are chosen: channels in and out, input, taps along each axis. */
const layers: Readonly<Record<string, readonly [number, number, readonly number[], number]>> = {
  '1x1 256→64 @56²': [256, 64, [56, 56], 1],
  '3x3 128→128 @28²': [128, 128, [28, 28], 3],
  '3x3 256→256 @56²': [256, 256, [56, 56], 3],
  '5x5 64→64 @56²': [64, 64, [56, 56], 5],
  '3x3x3 128→128 @8×28²': [128, 128, [8, 28, 28], 3],
};

const ERROR_LIMIT = 2.5;
/** Halvings of the range of densities. */
const STEPS = 10;

/**
 * The largest share of non-zeros, by layer, with which the planner takes sparse weights on one thread, planar to planar; 0 if
 * it never does.
 */
export function sparsePlans(machine: Machine): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(layers).map(([name, [inChannels, outChannels, input, kernelSize]]) => {
      const padding = Math.floor(kernelSize / 2);
      const layer = validateLayer(
        { inChannels, outChannels, kernelSize, padding, threads: 1 },
        input.length === 3 ? 3 : 2,
      );
      return [name, switchDensity(validateInput(layer, [1, inChannels, ...input]), machine)];
    }),
  );
}

function switchDensity(problem: Problem, machine: Machine): number {
  const weights = elementCount(weightShape(problem));
  const candidates = candidatesOf(problem, {});
  const takesSparse = (density: number) => {
    const { choice } = choose(problem, {
      ...{ algorithms: convolutionAlgorithms, algorithm: 'auto', errorLimit: ERROR_LIMIT, machine },
      ...{ planar: true, nonZeros: Math.round(density * weights), candidates },
    });
    return choice.algorithm === 'sparse';
  };
  let [least, most] = [0, 1];
  for (let step = 0; step < STEPS; step++) {
    const middle = (least + most) / 2;
    if (takesSparse(middle)) least = middle;
    else most = middle;
  }
  return least;
}
