import { randomNumbers } from '../../synth/random.js';
import type { Machine } from '../machine/machine.js';
import { type NativeKernel, type NativeSchedule, native } from '../native/addon.js';
import { type Choice, handicap } from '../planner/choices.js';
import { lower } from '../planner/lower.js';
import type { PackedWeights } from '../planner/packed-weights.js';
import type { Problem } from '../problem/problem.js';
import type { Steps } from '../support/unhurried.js';
import { allocate } from '../tensor/tensor.js';
import type { Tuning } from './wisdom.js';

/** No pass is started after this long; the first of a candidate transforms its weights, too. */
const BUDGET_MS = 1500;
/** The part of it that is for finding the algorithm; the rest is for its blocks. */
const ALGORITHM_MS = 1000;
/** Candidates beyond this sum of weights are left out, since all are held side by side. */
const WEIGHT_BYTES = 2 ** 30;
/** What is not faster by this factor is noise: then the one that the model prefers stays. */
const NOISE = 1.03;
/** Candidates slower than the best by this factor are not timed again. */
const HOPELESS = 1.3;
/** Timed passes of each candidate: more hardly lower the minimum. */
const ROUNDS = 10;

/** The fastest of several choices, as it was measured. */
export interface Measured {
  readonly choice: Choice;
  readonly milliseconds: number;
  /** How many choices were timed. */
  readonly timed: number;
}

/**
 * Times choices for one problem in turns, so that what disturbs the machine disturbs all alike; then blocks, split and
 * number of threads of the fastest. Yields after every pass.
 *
 * @param choices the likeliest first; at least one
 * @param machine whose kernel table runs
 * @param weightsOf prepares the weights of a choice, or finds them
 */
export function* measure(
  problem: Problem,
  choices: readonly Choice[],
  machine: Machine,
  weightsOf: (choice: Choice) => PackedWeights,
): Steps<Measured> {
  const start = performance.now();
  const passes = new Passes(problem, machine, weightsOf);
  const field = passes.affordable(choices);
  let timed = field.length;
  let winner = yield* race(field, start + ALGORITHM_MS);
  for (const tuning of tunings) {
    if (performance.now() > start + BUDGET_MS) break;
    const { choice, schedule } = winner;
    const variants = tuning(schedule, problem.threads).map((change) =>
      passes.of({ ...choice, tuning: { ...choice.tuning, ...change } }),
    );
    timed += variants.length;
    winner = yield* race([winner, ...variants], start + BUDGET_MS);
  }
  return { choice: winner.choice, milliseconds: winner.best, timed };
}

/** What is tried on the winner, one after the other, from what it does now. Direct convolution has no blocks. */
const tunings: readonly ((schedule: NativeSchedule, most: number) => Tuning[])[] = [
  ({ threads }, most) => (threads === most ? [] : [{ threads: most }]),
  (schedule) => {
    if (schedule.threads === 1) return [];
    const one: Tuning = { threads: 1 };
    if (schedule.algorithm !== 'winograd') return [one];
    return [{ split: schedule.split === 'tiles' ? 'channels' : 'tiles' }, one];
  },
  (schedule) =>
    schedule.algorithm === 'winograd' ? sizes(schedule.tileBlock).map((tileBlock) => ({ tileBlock })) : [],
  (schedule) =>
    schedule.algorithm === 'winograd'
      ? sizes(schedule.channelGroup).map((channelGroup) => ({ channelGroup }))
      : [],
];

function sizes(size: number): number[] {
  return size < 2 ? [] : [Math.ceil(size / 2), 2 * size];
}

/** A choice that can be timed. */
class Contestant {
  /** Milliseconds of its fastest timed pass. */
  best = Number.POSITIVE_INFINITY;

  constructor(
    readonly choice: Choice,
    readonly schedule: NativeSchedule,
    private readonly kernel: NativeKernel,
    private readonly weights: PackedWeights,
    private readonly arrays: Arrays,
  ) {}

  /** What counts: the least score wins. */
  get score(): number {
    return handicap(this.choice, 'measured') * this.best;
  }

  run(timed: boolean): void {
    const { input, output } = this.arrays;
    const { total } = this.kernel.runSync([input, this.weights.packSync(), null, null], [output]);
    if (timed) this.best = Math.min(this.best, total);
  }
}

/**
 * Times all in turns until a point in time, the first at least once. A pass that is not timed goes before: it transforms
 * weights and touches memory that the system has yet to find.
 */
function* race(contestants: readonly Contestant[], end: number): Steps<Contestant> {
  const fastest = () => contestants.reduce((a, b) => (a.score <= NOISE * b.score ? a : b));
  const first = contestants[0]!;
  for (let round = 0; round <= ROUNDS; round++) {
    const limit = HOPELESS * fastest().best;
    for (const contestant of contestants) {
      if (performance.now() > end && first.best < Number.POSITIVE_INFINITY) return fastest();
      if (round >= 2 && contestant.best > limit) continue;
      contestant.run(round > 0);
      yield;
    }
    if (round === 0 && first.best === Number.POSITIVE_INFINITY) first.run(true);
  }
  return fastest();
}

/** Makes contestants that share their input and their result. */
class Passes {
  #arrays: Arrays | undefined;
  /** Held, for the layer itself only remembers them while somebody does. */
  readonly #weights = new Set<PackedWeights>();

  constructor(
    private readonly problem: Problem,
    private readonly machine: Machine,
    private readonly weightsOf: (choice: Choice) => PackedWeights,
  ) {}

  of(choice: Choice): Contestant {
    const weights = this.weightsOf(choice);
    this.#weights.add(weights);
    const addends = { bias: false, residual: false };
    const description = lower(this.problem, choice, this.machine, addends);
    const kernel = new (native().Kernel)('convolution', description);
    this.#arrays ??= arraysFor(kernel);
    return new Contestant(choice, description.schedule, kernel, weights, this.#arrays);
  }

  /** As many as there is memory for; always the first. */
  affordable(choices: readonly Choice[]): Contestant[] {
    const affordable: Contestant[] = [];
    for (const choice of choices) {
      affordable.push(this.of(choice));
      const bytes = [...this.#weights].reduce((sum, each) => sum + each.bytes, 0);
      if (bytes > WEIGHT_BYTES && affordable.length > 1) return affordable.slice(0, -1);
    }
    return affordable;
  }
}

interface Arrays {
  readonly input: Float32Array;
  readonly output: Float32Array;
}

function arraysFor({ inputBytes, outputBytes }: NativeKernel): Arrays {
  const input = allocate(inputBytes[0]! / 4, false);
  const next = randomNumbers(1);
  const pattern = Float32Array.from({ length: 4093 }, () => 2 * next() - 1);
  for (let at = 0; at < input.length; at += pattern.length)
    input.set(pattern.subarray(0, input.length - at), at);
  return { input, output: allocate(outputBytes[0]! / 4, false) };
}
