import { candidatesOf, type TileOptions } from '../../catalogue/candidates.js';
import type { Machine } from '../../machine/machine.js';
import { undominated } from '../../planner/alternatives.js';
import { type Choice, handicap, type Lanes } from '../../planner/choices.js';
import { lower } from '../../planner/lower.js';
import { PackedWeights, packedBytes, packingKey } from '../../planner/packed-weights.js';
import {
  type Algorithm,
  choosing,
  contending,
  type Decision,
  decisionOf,
  type PlannerOptions,
} from '../../planner/planner.js';
import type { Problem } from '../../problem/problem.js';
import type { Steps } from '../../support/unhurried.js';
import { measuredDecision } from '../../wisdom/decision.js';
import type { LoweringSettings } from '../operator.js';
import { type Accuracy, checkAccuracy, errorLimitOf } from './accuracy.js';
import { convolutionAlgorithms } from './algorithms.js';
import { movedNumbers, type Phased, phasedOf } from './dilating.js';
import { relativeDirectError } from './expected-error.js';

/** Accepted by default: what F(4, 3) on three axes costs, about twice the error of direct convolution. */
export const DEFAULT_ERROR_LIMIT = 2.5;

const NO_ADDENDS = { bias: false, residual: false };

/** What whoever poses a convolution may want of its plan; see `LayerOptions`. */
export interface Wishes {
  readonly tiles?: TileOptions | undefined;
  readonly algorithm?: Algorithm | undefined;
  readonly errorLimit?: number | undefined;
  readonly accuracy?: Accuracy | undefined;
  readonly lanes?: Lanes | undefined;
  /** Whether input and output will be planar; by default that is not known. */
  readonly planar?: boolean | undefined;
  /** How many of the weights are not zero, if that is known. */
  readonly nonZeros?: number | undefined;
  /** In place of those that its graph is lowered by. */
  readonly settings?: Partial<LoweringSettings> | undefined;
}

/**
 * Decides, in steps, how a convolution runs: by the cost model, or by measurement where its weights are given.
 *
 * @throws InputError when no algorithm that is asked for applies, or none keeps the accuracy
 */
export function* deciding(
  problem: Problem,
  wishes: Wishes,
  machine: Machine,
  weight?: Float32Array,
): Steps<Decision> {
  const options = optionsOf(problem, wishes, machine);
  yield;
  const decision = yield* weight === undefined
    ? choosing(problem, options)
    : measuredDecision(problem, options, packing(problem, machine, weight));
  if (wishes.accuracy !== undefined) checkAccuracy(wishes.accuracy, problem, decision);
  return decision;
}

/** Flops at one core's peak in the time that a number takes to be read or written: 4 bytes at 8 GB/s, beside 118 GFLOP/s. */
export const PER_MOVED_NUMBER = 60;

/**
 * The phases of a dilated problem, where they are estimated to be faster, what is moved before and after included.
 *
 * @throws InputError as {@link deciding} does
 */
export function* phasing(problem: Problem, wishes: Wishes, machine: Machine): Steps<Phased | undefined> {
  const phased = phasedOf(problem);
  if (phased === undefined || !['auto', 'winograd', undefined].includes(wishes.algorithm)) return undefined;
  if (wishes.algorithm === 'winograd') return phased;
  const whole = yield* choosing(problem, optionsOf(problem, wishes, machine));
  const phases = yield* choosing(phased.phases, optionsOf(phased.phases, wishes, machine));
  const moving = (PER_MOVED_NUMBER * movedNumbers(phased)) / problem.threads;
  return phases.choice.cost.total + moving < whole.choice.cost.total ? phased : undefined;
}

/** A choice with what it takes. */
export interface Weighed {
  readonly choice: Choice;
  readonly cost: number;
  /** Bytes of its weights made ready, or the variance of its rounding errors relative to its results. */
  readonly amount: number;
}

/**
 * The choices of which none is both slower by estimate and larger than another, the fastest first.
 *
 * @throws InputError as {@link deciding} does
 */
export function* weighing(problem: Problem, wishes: Wishes, machine: Machine): Steps<readonly Weighed[]> {
  const choices = yield* contending(problem, optionsOf(problem, wishes, machine), Number.POSITIVE_INFINITY);
  const sizes = new Map<string, number>();
  const weighed: Weighed[] = [];
  for (const choice of choices) {
    const key = packingKey(choice);
    const amount = sizes.get(key) ?? packedBytes(lower(problem, choice, machine, NO_ADDENDS));
    sizes.set(key, amount);
    weighed.push({ choice, cost: estimatedCost(choice), amount });
    yield;
  }
  return undominated(weighed);
}

/**
 * The choices of which none is both slower by estimate and less accurate than another, the fastest first.
 *
 * @param wishes whose accuracy none may miss
 * @throws InputError as {@link deciding} does
 */
export function* weighingErrors(
  problem: Problem,
  wishes: Wishes,
  machine: Machine,
): Steps<readonly Weighed[]> {
  const choices = yield* contending(problem, optionsOf(problem, wishes, machine), Number.POSITIVE_INFINITY);
  const direct = relativeDirectError(problem);
  return undominated(
    choices.map((choice) => ({
      ...{ choice, cost: estimatedCost(choice), amount: (choice.error * direct) ** 2 },
    })),
  );
}

function estimatedCost(choice: Choice): number {
  return handicap(choice, 'estimated') * choice.cost.total;
}

/** What {@link weighing} found best where memory has a price. @throws InputError as {@link deciding} does */
export function exchanged({ choice }: Weighed, problem: Problem, { accuracy }: Wishes): Decision {
  const known = { algorithms: convolutionAlgorithms };
  const decision = decisionOf(choice, known, 'estimated fastest in so little memory');
  if (accuracy !== undefined) checkAccuracy(accuracy, problem, decision);
  return decision;
}

/** Packs weights for measurements, once for all choices that read the same. */
function packing(problem: Problem, machine: Machine, weight: Float32Array) {
  const packed = new Map<string, PackedWeights>();
  return (choice: Choice): PackedWeights => {
    const key = packingKey(choice);
    const known = packed.get(key) ?? new PackedWeights(lower(problem, choice, machine, NO_ADDENDS), weight);
    packed.set(key, known);
    return known;
  };
}

function optionsOf(
  problem: Problem,
  {
    tiles = {},
    algorithm = 'auto',
    errorLimit = DEFAULT_ERROR_LIMIT,
    accuracy,
    lanes,
    planar = false,
    nonZeros,
  }: Wishes,
  machine: Machine,
): PlannerOptions {
  const limit = accuracy === undefined ? undefined : errorLimitOf(accuracy, problem);
  return {
    ...{ algorithms: convolutionAlgorithms, algorithm, lanes, planar, nonZeros, machine },
    candidates: candidatesOf(problem, tiles),
    // Given tiles are checked once they are chosen, where the error says what they keep.
    errorLimit: limit === undefined || errorLimit === Infinity ? errorLimit : limit,
    roundedErrorLimit: limit ?? 0,
  };
}
