import type { LayerAxis } from '../../../../synth/noise/layer.js';
import type { AxisAlgorithm } from '../../../catalogue/axis-algorithm.js';
import { type Cover, cover } from '../../../catalogue/cover.js';
import type { Axes, WeightFormat } from '../../../native/addon.js';
import type { AlgorithmRow, Candidate } from '../../../planner/algorithm.js';
import { limitOf } from '../../../planner/planner.js';
import { axes, type Problem } from '../../../problem/problem.js';
import { elementCount } from '../../../tensor/shape.js';
import { expectedError, layerAxis } from '../expected-error.js';

/** Tiles whose weights grow beyond this many times the kernel's are left to those who ask for them. */
const MAX_GROWTH = 24;

/** What a kind of vectors can be made of. */
interface Ways {
  readonly takes: (algorithm: AxisAlgorithm) => boolean;
  /** What to sum at a time of what the products sum over, from all (0) to the fewest. */
  readonly sumBlocks: readonly number[];
  /** How much that is. */
  readonly summed: (problem: Problem) => number;
  readonly weightFormats: readonly WeightFormat[];
  /** What an axis adds to the expected error, and what all of them make of it, by what is summed at a time. */
  readonly axisError: (problem: Problem, axis: 0 | 1 | 2, cover: Cover) => LayerAxis;
  readonly error: (
    problem: Problem,
    covers: Axes<Cover>,
    along: Axes<LayerAxis>,
    weightFormat: WeightFormat,
  ) => Candidate['error'];
}

/** Of products that sum over input channels. */
export const forwardWays: Pick<Ways, 'summed' | 'axisError' | 'error'> = {
  summed: ({ inChannels, groups }) => inChannels / groups,
  axisError: layerAxis,
  error: (problem, _, along, weightFormat) => expectedError(problem, along, weightFormat),
};

/** Every combination of the axes' algorithms but for those that grow too far, in every format. */
export function nestedCandidates({ takes, ...ways }: Ways): AlgorithmRow['candidates'] {
  return function* (problem, options): Generator<Candidate> {
    const formats = ways.weightFormats.filter((format) => limitOf(options, format) > 0);
    const summed = ways.summed(problem);
    const sumBlocks = ways.sumBlocks.filter((block, i) => block < summed || i === 0);
    const along = axes((a) =>
      undominated(
        options.candidates[a].filter(takes).map((algorithm) => sideOf(problem, a, algorithm, ways)),
      ),
    );
    const combined = combinations(along).map((sides) => ({ sides, flops: flopsOf(problem, sides) }));
    for (const { sides, flops } of combined.sort((a, b) => a.flops - b.flops))
      for (const weightFormat of formats)
        yield { ...candidateOf(problem, sides, weightFormat, ways), sumBlocks, flops };
  };
}

/** An algorithm along an axis of the problem. */
interface Side {
  readonly cover: Cover;
  readonly error: LayerAxis;
}

function sideOf(
  problem: Problem,
  axis: 0 | 1 | 2,
  algorithm: AxisAlgorithm,
  { axisError }: Pick<Ways, 'axisError'>,
): Side {
  const covering = cover(algorithm, problem.output[axis], problem.stride[axis]);
  return { cover: covering, error: axisError(problem, axis, covering) };
}

/** Its error is estimated when somebody asks. */
function candidateOf(
  problem: Problem,
  sides: Axes<Side>,
  weightFormat: WeightFormat,
  ways: Pick<Ways, 'error'>,
) {
  let error: Candidate['error'] | undefined;
  const covers = axes((a) => sides[a].cover);
  return {
    covers,
    weightFormat,
    error: (sumBlock: number) => {
      error ??= ways.error(
        problem,
        covers,
        axes((a) => sides[a].error),
        weightFormat,
      );
      return error(sumBlock);
    },
  };
}

function combinations(along: Axes<readonly Side[]>): Axes<Side>[] {
  const combined = along[0].flatMap((depth) =>
    along[1].flatMap((height) => along[2].map((breadth) => [depth, height, breadth] as const)),
  );
  const lean = combined.filter((sides) => growth(sides) <= MAX_GROWTH);
  return lean.length > 0 ? lean : combined;
}

/** Without covers that another one beats, or equals before them, in everything that matters: keeps 3-D plans quick. */
function undominated(sides: readonly Side[]): Side[] {
  const measures = sides.map(({ cover: { algorithm, totals }, error: { noise } }) => [
    totals.products * algorithm.folded,
    totals.inputs,
    totals.outputs,
    algorithm.kernel.products,
    algorithm.folded,
    noise?.gain ?? 0,
  ]);
  return sides.filter((_, i) =>
    measures.every((other, j) => {
      const differences = other.map((value, k) => value - measures[i]![k]!);
      return i === j || differences.some((by) => by > 0) || (j > i && differences.every((by) => by === 0));
    }),
  );
}

function flopsOf({ batch, inChannels, outChannels, groups }: Problem, sides: Axes<Side>): number {
  const products = sides.map(({ cover: { algorithm, totals } }) => totals.products * algorithm.folded);
  return 2 * batch * (inChannels / groups) * outChannels * elementCount(products);
}

function growth(sides: Axes<Side>): number {
  return elementCount(
    sides.map(
      ({
        cover: {
          algorithm: { kernel },
        },
      }) => kernel.products / kernel.taps,
    ),
  );
}
