import { randomNumbers } from '../../../../synth/random.js';
import { candidatesOf } from '../../../catalogue/candidates.js';
import { type Machine, machineOf } from '../../../machine/machine.js';
import type { Rates } from '../../../machine/rates.js';
import { type NativeTimes, native } from '../../../native/addon.js';
import type { Choice } from '../../../planner/choices.js';
import { lower } from '../../../planner/lower.js';
import { PackedWeights } from '../../../planner/packed-weights.js';
import { contenders, type PlannerOptions } from '../../../planner/planner.js';
import { inputShape, outputShape, type Problem, weightShape } from '../../../problem/problem.js';
import { elementCount } from '../../../tensor/shape.js';
import { allocate } from '../../../tensor/tensor.js';
import { convolutionAlgorithms } from '../algorithms.js';
import { type Fit, fitOf, fitRates, type Sample } from './fit.js';
import { calibrationProblems } from './layers.js';

/** What a calibration found out about one kernel table. */
export interface Calibrated {
  readonly table: string;
  readonly rates: Rates;
  /** Of one core, in GFLOP/s. */
  readonly peak: number;
  readonly problems: number;
  readonly plans: number;
  /** On the problems that rates were not fitted to: with the rates from before, and with those found. */
  readonly before: Fit;
  readonly after: Fit;
}

/** Plans of a problem: direct convolution, and those at these places of the ranking: what is chosen is among the first. */
const PLACES = [0, 1, 2, 3, 4, 8, 13, 20];
const RANKING = Math.max(...PLACES) + 1;
/** One problem in so many is held out of the fit, to see how well it does; so are those beyond what a fit takes in seconds. */
const HELD_OUT = 4;
const MOST_FITTED = 120;
/** Shares of the weights that are left for the plan by sparse ones, from one problem to the next. */
const DENSITIES = [0.02, 0.05, 0.1, 0.2, 0.4];
/** All plans of a problem run in turns for so long. */
const MILLISECONDS = 160;
const LEAST_ROUNDS = 3;
const PEAK_MS = 4;
/** What was timed beside a lower peak than this share of the best was disturbed. */
const DISTURBED = 0.93;

/**
 * Times plans of all kinds on one thread and fits the table's rates to them. Gives way to the event loop after each
 * problem.
 *
 * @param table a kernel table that `cpuInfo()` lists
 * @param seconds of timing; fitting takes a few more
 * @param progress told how much of the time is over, from 0 to 1
 */
export async function calibrate(
  table: string,
  seconds: number,
  progress: (share: number) => void = () => {},
): Promise<Calibrated> {
  const machine = machineOf(table);
  const start = performance.now();
  const timed: Timed[] = [];
  for (const problem of calibrationProblems()) {
    const share = (performance.now() - start) / (1000 * seconds);
    if (share >= 1) break;
    progress(share);
    timed.push(timeProblem(problem, machine, DENSITIES[timed.length % DENSITIES.length]!));
    await new Promise(setImmediate);
  }
  const peak = Math.max(...timed.map(({ peaks }) => Math.max(...peaks)));
  const quiet = timed.filter(({ peaks }) => Math.min(...peaks) >= DISTURBED * peak);
  const samples = (of: readonly Timed[]) => of.map(({ runs }) => runs.map((run) => sampleOf(run, peak)));
  const isFitted = (_: Timed, i: number) => i % HELD_OUT !== 0 && i < MOST_FITTED;
  const rates = fitRates(samples(quiet.filter(isFitted)), machine);
  const heldOut = samples(quiet.filter((each, i) => !isFitted(each, i)));
  progress(1);
  return {
    ...{ table, rates, peak },
    problems: quiet.length,
    plans: quiet.reduce((sum, { runs }) => sum + runs.length, 0),
    before: fitOf(heldOut, machine),
    after: fitOf(heldOut, { ...machine, rates }),
  };
}

/** A problem's plans, and the peak before and after they were timed. */
interface Timed {
  readonly runs: readonly Run[];
  readonly peaks: readonly number[];
}

/** A plan with the times of its fastest pass. */
interface Run {
  readonly problem: Problem;
  readonly choice: Choice;
  readonly best: NativeTimes;
}

function timeProblem(problem: Problem, machine: Machine, density: number): Timed {
  const peak = () => native().fmaPeak(machine.table.name, PEAK_MS);
  const passes = passesOf(problem, machine, density);
  const best = passes.map(({ run }) => run());
  const before = peak();
  const start = performance.now();
  for (let round = 0; round < LEAST_ROUNDS || performance.now() - start < MILLISECONDS; round++)
    for (const [i, { run }] of passes.entries()) {
      run(); // brings its weights and its workspace back into the caches, as in a network
      const times = run();
      if (round === 0 || times.total < best[i]!.total) best[i] = times;
    }
  return {
    runs: passes.map(({ choice }, i) => ({ problem, choice, best: best[i]! })),
    peaks: [before, peak()],
  };
}

/** A plan that can run. */
interface Pass {
  readonly choice: Choice;
  readonly run: () => NativeTimes;
}

/**
 * Direct convolution, products of matrices by dense weights and by sparse ones, and plans from the likeliest down, on the
 * same data.
 */
function passesOf(problem: Problem, machine: Machine, density: number): Pass[] {
  const pattern = (numbers: Float32Array) => numbers.map((_, i) => (i % 61) / 30 - 1);
  const weight = pattern(new Float32Array(elementCount(weightShape(problem)))).map((each) => each || 1);
  const random = randomNumbers(1);
  const pruned = weight.map((each) => (random() < density ? each : 0));
  const nonZeros = pruned.reduce((count, each) => count + Number(each !== 0), 0);
  const options: PlannerOptions = {
    ...{ algorithms: convolutionAlgorithms, algorithm: 'auto', errorLimit: 2.5, machine },
    ...{ planar: true, nonZeros },
    candidates: candidatesOf(problem, {}),
  };
  const ranked = contenders(problem, options, RANKING);
  const plain = ({ algorithm }: Choice) => ['direct', 'gemm', 'sparse'].includes(algorithm);
  const chosen = ranked.filter((choice, i) => PLACES.includes(i) || plain(choice));
  const input = allocate(elementCount(inputShape(problem)));
  input.set(pattern(input));
  const output = allocate(elementCount(outputShape(problem)));
  return chosen.map((choice) => {
    const description = lower(problem, choice, machine, { bias: false, residual: false });
    const kernel = new (native().Kernel)('convolution', description);
    const weights = choice.algorithm === 'sparse' ? pruned : weight;
    const packed = new PackedWeights(description, weights).packSync();
    return { choice, run: () => kernel.runSync([input, packed, null, null], [output]) };
  });
}

function sampleOf({ problem, choice, best }: Run, peak: number): Sample {
  const flops = (milliseconds: number) => 1e6 * peak * milliseconds;
  return {
    problem,
    row: convolutionAlgorithms.find(({ name }) => name === choice.algorithm)!,
    settled: choice,
    measured: {
      input: flops(best.input),
      product: flops(best.product),
      output: flops(best.output),
      total: flops(best.total),
    },
  };
}
