import type { Machine } from '../../../machine/machine.js';
import type { Rates } from '../../../machine/rates.js';
import type { AlgorithmRow } from '../../../planner/algorithm.js';
import type { Settled, Stages } from '../../../planner/choices.js';
import type { Problem } from '../../../problem/problem.js';

/** A plan that was timed on one thread. */
export interface Sample {
  readonly problem: Problem;
  readonly row: AlgorithmRow;
  readonly settled: Settled;
  /** Flops, at the peak that was measured beside it. */
  readonly measured: Stages & { readonly total: number };
}

/** How well estimates explain what is measured. */
export interface Fit {
  /** Of |log(estimate / measured)| over samples, a problem's common factor left out. */
  readonly median: number;
  readonly percentile95: number;
  /** Share of problems whose choice among the samples takes no more than a tenth longer than the fastest. */
  readonly wellChosen: number;
}

/** What counts as well chosen. */
const WELL_CHOSEN = 0.1;

/** Logarithms beyond this count in proportion instead of squared: a disturbed measurement must not bend the fit. */
const HUBER = 0.25;
/**
 * Plans of one problem run in turns, so that what slows the machine slows all of them: their common factor, squared, counts
 * as little as this, beside what is left of each one's error without it.
 */
const COMMON = 0.1;
/** The time that the choice costs, as a share of the fastest plan's, counts as so many squared logarithms of each plan. */
const REGRET = 2;
/** Plans whose estimates differ by less than this share are as good as equal to the choice, so that losses are smooth. */
const CLOSE = 0.03;
/** What a rate's logarithm may leave of the one it started from, squared, weighs as much as this share of a sample. */
const INERTIA = 0.02;
/** Steps of the search, as factors. */
const FIRST_STEP = 1.4;
const LAST_STEP = 1.03;
/** Sweeps over all rates with one factor, as long as each brings it so much closer. */
const MOST_SWEEPS = 4;
const WORTH = 0.995;
/** A stage that takes less than this share of a pass says nothing that its clock could be trusted with. */
const LEAST_SHARE = 0.03;

/** Rates that one thread's passes cannot tell. */
const unseen = [
  'threads',
  'memory.perSharedByte',
  'products.wideningRate',
  'grouped',
  'sparseBelow',
  'registerTile.rowRate',
] as const;
/** Rates that are shares. */
const isShare = (path: string) => /rate$|Rate|unhidden/.test(path);

/**
 * Fits rates to timed plans, those of each problem together: from those given, one rate after the other goes up or down by a factor for as long as that
 * brings estimates of stages and passes closer to their measurements, by logarithms; then by a smaller factor.
 */
export function fitRates(problems: readonly (readonly Sample[])[], machine: Machine): Rates {
  const start = leavesOf(machine.rates);
  const free = [...start.keys()].filter((path) => !unseen.some((each) => path.startsWith(each)));
  let values = new Map(start);
  let least = loss(problems, values, start, machine);
  for (let step = FIRST_STEP; step > LAST_STEP; step = Math.sqrt(step)) {
    for (let sweep = 0, before = Infinity; sweep < MOST_SWEEPS && least < WORTH * before; sweep++) {
      before = least;
      for (const path of free)
        for (const factor of [step, 1 / step]) {
          const value = values.get(path)! * factor;
          if (isShare(path) && value > 1) continue;
          const changed = new Map(values).set(path, value);
          const found = loss(problems, changed, start, machine);
          if (found >= least) continue;
          [least, values] = [found, changed];
          break;
        }
    }
  }
  return ratesOf(values, machine.rates) as Rates;
}

/** How well rates explain problems that they were not fitted to. */
export function fitOf(problems: readonly (readonly Sample[])[], machine: Machine): Fit {
  const errors = problems
    .flatMap((samples) => {
      const each = samples.map((sample) => errorOf(sample, machine).total);
      const common = mean(each);
      return each.map((error) => Math.abs(error - common));
    })
    .sort((a, b) => a - b);
  const at = (share: number) => errors[Math.min(errors.length - 1, Math.floor(share * errors.length))] ?? 0;
  const well = problems.filter((samples) => lossOf(samples, machine) <= WELL_CHOSEN);
  return { median: at(0.5), percentile95: at(0.95), wellChosen: well.length / Math.max(1, problems.length) };
}

/** How much longer than the fastest the sample takes that has the least estimate, as a share. */
function lossOf(samples: readonly Sample[], machine: Machine): number {
  const estimate = ({ problem, row, settled }: Sample) => row.cost(problem, settled, machine).total;
  const chosen = samples.reduce((best, each) => (estimate(each) < estimate(best) ? each : best));
  return chosen.measured.total / Math.min(...samples.map(({ measured }) => measured.total)) - 1;
}

type Leaves = ReadonlyMap<string, number>;

function loss(
  problems: readonly (readonly Sample[])[],
  values: Leaves,
  start: Leaves,
  machine: Machine,
): number {
  const changed: Machine = { ...machine, rates: ratesOf(values, machine.rates) as Rates };
  let sum = 0;
  for (const samples of problems) {
    const errors = samples.map((sample) => errorOf(sample, changed));
    const totals = errors.map(({ total }) => total);
    const common = mean(totals);
    sum += COMMON * samples.length * common ** 2;
    sum += REGRET * samples.length * regretOf(samples, totals);
    for (const { total, stages } of errors) {
      sum += huber(total - common);
      for (const { share, error } of stages) sum += share * huber(error - common);
    }
  }
  for (const [path, value] of values) sum += INERTIA * Math.log(value / start.get(path)!) ** 2;
  return sum;
}

/** How much longer than the fastest plan of a problem the one takes that estimates choose, as a share. */
function regretOf(samples: readonly Sample[], errors: readonly number[]): number {
  const times = samples.map(({ measured }) => measured.total);
  const fastest = Math.min(...times);
  const estimates = errors.map((error, i) => error + Math.log(times[i]! / fastest));
  const least = Math.min(...estimates);
  const weights = estimates.map((estimate) => Math.exp((least - estimate) / CLOSE));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.reduce((sum, weight, i) => sum + (weight / all) * (times[i]! / fastest - 1), 0);
}

/** Logarithms of estimates over measurements, of the pass and of the stages that can be told apart. */
function errorOf({ problem, row, settled, measured }: Sample, machine: Machine) {
  const { stages, total } = row.cost(problem, settled, machine);
  // Estimates of products leave out what waits for weights, and direct convolution stores results as it goes.
  const rest = total - stages.input - machine.rates.perPass;
  const parts: readonly (readonly [estimate: number, time: number])[] =
    row.kind === 'direct'
      ? [[stages.input, measured.input]]
      : [
          [stages.input, measured.input],
          [rest - stages.output, measured.product],
          [stages.output, measured.output],
        ];
  const all = measured.input + measured.product + measured.output;
  return {
    total: Math.log(total / measured.total),
    stages: parts
      .filter(([estimate, time]) => estimate > 0 && time > LEAST_SHARE * all)
      .map(([estimate, time]) => ({ share: time / all, error: Math.log(estimate / time) })),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function huber(error: number): number {
  const size = Math.abs(error);
  return size <= HUBER ? size * size : HUBER * (2 * size - HUBER);
}

/** Every number of nested objects and arrays, by its path. */
function leavesOf(value: unknown, path = ''): Map<string, number> {
  if (typeof value === 'number') return new Map([[path, value]]);
  return new Map(
    Object.entries(value as object).flatMap(([key, each]) => [
      ...leavesOf(each, path === '' ? key : `${path}.${key}`),
    ]),
  );
}

/** The same the other way: values in the form of a model. */
function ratesOf(values: Leaves, model: unknown, path = ''): unknown {
  if (typeof model === 'number') return values.get(path);
  const entries = Object.entries(model as object).map(
    ([key, each]) => [key, ratesOf(values, each, path === '' ? key : `${path}.${key}`)] as const,
  );
  return Array.isArray(model) ? entries.map(([, each]) => each) : Object.fromEntries(entries);
}
