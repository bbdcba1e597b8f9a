import { expected, InputError } from '../../synth/index.js';
import type { Problem } from '../problem/problem.js';
import { atOnce, type Steps } from '../support/unhurried.js';
import type { Algorithm, AlgorithmRow, Candidate, PlannerOptions } from './algorithm.js';
import { type Choice, handicap, type Settled } from './choices.js';

export type { Algorithm, PlannerOptions } from './algorithm.js';

/** The planner's answer, with what it was chosen from. */
export interface Decision {
  readonly choice: Choice;
  /** The row of the choice's algorithm. */
  readonly row: AlgorithmRow;
  /** In a few words, for `describe()`. */
  readonly reason: string;
}

/**
 * Chooses algorithm and tiles: the least estimated cost among all candidates whose expected error stays within the
 * limit.
 *
 * @throws InputError when Winograd is asked for where it does not apply, or no candidate keeps the limit
 */
export function choose(problem: Problem, options: PlannerOptions): Decision {
  return atOnce(choosing(problem, options));
}

/** The same in steps of well below a millisecond. */
export function* choosing(problem: Problem, options: PlannerOptions): Steps<Decision> {
  const plain = plainDecision(problem, options);
  if (isPlain(options.algorithm)) return { ...plain, reason: 'as asked' };
  const { rows, unmet } = fastRows(problem, options);
  const compare = ({ cost }: Choice) =>
    `${plain.row.kind} is estimated to take ${(plain.choice.cost.total / cost.total).toFixed(1)}× the time`;

  if (options.algorithm === 'winograd') {
    if (unmet !== undefined)
      throw new InputError(`Expected algorithm 'winograd' to have ${unmet}; 'direct' and 'auto' run any`);
    const choice = yield* cheapest(problem, options, rows, Infinity);
    if (choice === undefined) {
      const least = leastError(problem, options, rows).toPrecision(3);
      throw expected('errorLimit', `at least ${least}, what the best tile keeps`, options.errorLimit);
    }
    return decisionOf(choice, options, `as asked; ${compare(choice)}`);
  }

  if (unmet !== undefined) return { ...plain, reason: `Winograd needs ${unmet}` };
  if (hasOneTap(problem)) return { ...plain, reason: 'a kernel of one tap leaves nothing to save' };
  const keeps = plain.choice.error <= limitOf(options, plain.choice.weightFormat);
  const choice = yield* cheapest(problem, options, rows, keeps ? plain.choice.cost.total : Infinity);
  if (choice !== undefined && !keeps)
    return decisionOf(choice, options, `keeps the error limit, which ${plain.row.kind} does not`);
  if (choice !== undefined) return decisionOf(choice, options, `estimated fastest; ${compare(choice)}`);
  return { ...plain, reason: 'estimated faster than any tile that keeps the error limit' };
}

/** What is slower than direct convolution by the estimate may be faster in truth, but hardly by more than this. */
const DOUBT = 1.5;

/**
 * The likeliest choices by estimate, for measurement: first what {@link choose} takes.
 *
 * @param count most of them
 * @throws InputError as {@link choose} does
 */
export function contenders(problem: Problem, options: PlannerOptions, count: number): readonly Choice[] {
  return atOnce(contending(problem, options, count));
}

/** The same in steps, as {@link choosing} takes them. */
export function* contending(
  problem: Problem,
  options: PlannerOptions,
  count: number,
): Steps<readonly Choice[]> {
  const { choice } = yield* choosing(problem, options);
  const { rows } = fastRows(problem, options);
  if (isPlain(options.algorithm)) return [choice];
  if (options.algorithm === 'winograd')
    return (yield* ranked(problem, options, rows, Infinity)).slice(0, count);
  const plain = plainChoices(problem, options);
  const ceiling = DOUBT * plain[0]!.cost.total;
  const fast = hasOneTap(problem) ? [] : yield* ranked(problem, options, rows, ceiling);
  const likely = plain.filter(({ cost }) => cost.total <= ceiling);
  return [...likely, ...fast.slice(0, count - likely.length)].sort((a, b) => a.cost.total - b.cost.total);
}

/** What tells a choice from all others for its problem. */
interface Known extends Pick<Choice, 'sumBlock'>, Partial<Pick<Choice, 'weightFormat'>> {
  readonly algorithm: string;
  /** Names of the algorithms along depth, height and width; none for algorithms without tiles. */
  readonly tiles: readonly string[];
}

/** The choice that goes by these names; undefined if it is no longer among the candidates, or beyond the limits. */
export function recalled(problem: Problem, options: PlannerOptions, known: Known): Choice | undefined {
  const row = options.algorithms.find(({ name }) => name === known.algorithm);
  if (row === undefined || !suits(row, options) || row.applies(problem, options) !== undefined) return;
  const { weightFormat = 'float32', sumBlock } = known;
  for (const candidate of row.candidates(problem, options)) {
    if (candidate.weightFormat !== weightFormat || tileNames(candidate).join() !== known.tiles.join())
      continue;
    if (candidate.error(sumBlock) > limitOf(options, candidate.weightFormat)) return;
    return choiceOf(problem, options, row, candidate, sumBlock);
  }
  return;
}

/** Names of the algorithms along depth, height and width. */
export function tileNames({ covers }: Pick<Settled, 'covers'>): readonly string[] {
  return covers?.map(({ algorithm }) => algorithm.name) ?? [];
}

/** A choice with the row of its algorithm. */
export function decisionOf(
  choice: Choice,
  { algorithms }: Pick<PlannerOptions, 'algorithms'>,
  reason: string,
): Decision {
  return { choice, row: algorithms.find(({ name }) => name === choice.algorithm)!, reason };
}

/** Kinds of algorithms without tiles; planar ones are for those who ask for them, or whose activations are so. */
const plainKinds = { direct: 'any layout', gemm: 'planar', sparse: 'planar' } as const;
type PlainKind = keyof typeof plainKinds;

function isPlain(algorithm: Algorithm): algorithm is PlainKind {
  return Object.hasOwn(plainKinds, algorithm);
}

/**
 * What problems have without tiles, the cheapest that suits.
 *
 * @throws InputError when an algorithm is asked for that does not apply
 */
function plainDecision(problem: Problem, options: PlannerOptions): Decision {
  const [choice] = plainChoices(problem, options);
  if (choice !== undefined) return decisionOf(choice, options, '');
  const row = options.algorithms.find(({ kind }) => kind === options.algorithm);
  const unmet = row?.applies(problem, options) ?? 'a row of its own here';
  throw new InputError(
    `Expected algorithm '${options.algorithm}' to have ${unmet}; 'direct' and 'auto' run any`,
  );
}

/** Of each kind that suits the first that applies; the cheapest first. */
function plainChoices(problem: Problem, options: PlannerOptions): readonly Choice[] {
  const { algorithm, planar = false } = options;
  const suiting = (Object.keys(plainKinds) as PlainKind[]).filter((kind) =>
    isPlain(algorithm) ? kind === algorithm : planar || plainKinds[kind] === 'any layout',
  );
  return suiting
    .flatMap((kind) => {
      const applies = (row: AlgorithmRow) => row.kind === kind && row.applies(problem, options) === undefined;
      return options.algorithms.find(applies) ?? [];
    })
    .map((row) => {
      const [candidate] = row.candidates(problem, options);
      return choiceOf(problem, options, row, candidate!, 0);
    })
    .sort((a, b) => a.cost.total - b.cost.total);
}

/** Algorithms other than direct ones that are asked for and apply, or else what the last of them would need. */
function fastRows(problem: Problem, options: PlannerOptions) {
  const rows = asked(options);
  const needs = rows.map((row) => row.applies(problem, options));
  const applicable = rows.filter((_, i) => needs[i] === undefined);
  const unmet = applicable.length === 0 ? needs.at(-1) : undefined;
  return { unmet, rows: applicable.filter((row) => options.lanes !== undefined || row.likely(problem)) };
}

function hasOneTap({ kernel }: Problem): boolean {
  return kernel.every((taps) => taps === 1);
}

function asked(options: PlannerOptions): readonly AlgorithmRow[] {
  return options.algorithms.filter((row) => row.kind === 'winograd' && suits(row, options));
}

/** Whether a caller's words admit an algorithm. */
function suits({ kind, lanes }: AlgorithmRow, options: { algorithm: Algorithm; lanes?: unknown }): boolean {
  if (options.algorithm !== 'auto' && options.algorithm !== kind) return false;
  return kind !== 'winograd' || options.lanes === undefined || options.lanes === lanes;
}

/** The cheapest choice that keeps the error limits, if it is estimated to cost less than the ceiling. */
function* cheapest(
  problem: Problem,
  options: PlannerOptions,
  rows: readonly AlgorithmRow[],
  ceiling: number,
): Steps<Choice | undefined> {
  let best: Choice | undefined;
  for (const choice of affordable(problem, options, rows, () => (best ? ranking(best) : ceiling))) {
    best = choice ?? best;
    yield;
  }
  return best;
}

/** All of them, the cheapest first. */
function* ranked(
  problem: Problem,
  options: PlannerOptions,
  rows: readonly AlgorithmRow[],
  ceiling: number,
): Steps<Choice[]> {
  const choices: Choice[] = [];
  for (const choice of affordable(problem, options, rows, () => ceiling)) {
    if (choice !== undefined) choices.push(choice);
    yield;
  }
  return choices.sort((a, b) => ranking(a) - ranking(b));
}

/**
 * For each candidate its choice, if it keeps the error limits and is estimated to cost less than a ceiling, which may sink
 * meanwhile.
 */
function* affordable(
  problem: Problem,
  options: PlannerOptions,
  rows: readonly AlgorithmRow[],
  ceiling: () => number,
): Generator<Choice | undefined> {
  for (const row of rows)
    for (const candidate of row.candidates(problem, options)) {
      if (candidate.flops / problem.threads >= ceiling()) break;
      yield affordableChoice(problem, options, row, candidate, ceiling());
    }
}

/** The choice of a candidate, if it keeps the error limit and is estimated to cost less than a ceiling. */
function affordableChoice(
  problem: Problem,
  options: PlannerOptions,
  row: AlgorithmRow,
  candidate: Candidate,
  ceiling: number,
): Choice | undefined {
  // The more channels are summed at a time, the faster: who is too slow with all of them needs no other estimate.
  const [fastest] = candidate.sumBlocks;
  const cost = row.cost(problem, settle(candidate, fastest!), options.machine);
  if (ranking({ ...candidate, cost }) >= ceiling) return undefined;
  const limit = limitOf(options, candidate.weightFormat);
  const sumBlock = candidate.sumBlocks.find((block) => candidate.error(block) <= limit);
  if (sumBlock === undefined) return undefined;
  const choice = choiceOf(problem, options, row, candidate, sumBlock);
  return ranking(choice) < ceiling ? choice : undefined;
}

/** The least error that any candidate keeps. */
function leastError(problem: Problem, options: PlannerOptions, rows: readonly AlgorithmRow[]): number {
  let least = Infinity;
  for (const row of rows)
    for (const candidate of row.candidates(problem, options))
      least = Math.min(least, candidate.error(candidate.sumBlocks.at(-1)!));
  return least;
}

function choiceOf(
  problem: Problem,
  { machine }: PlannerOptions,
  row: AlgorithmRow,
  candidate: Candidate,
  sumBlock: number,
): Choice {
  const settled = settle(candidate, sumBlock);
  const cost = row.cost(problem, settled, machine);
  return { algorithm: row.name, ...settled, error: candidate.error(sumBlock), cost };
}

function settle({ covers, weightFormat, nonZeros }: Candidate, sumBlock: number): Settled {
  return {
    ...(covers !== undefined && { covers }),
    ...(nonZeros !== undefined && { nonZeros }),
    ...{ weightFormat, sumBlock },
  };
}

/** The largest error that options admit with weights in a format; 0 for none. */
export function limitOf(
  { errorLimit, roundedErrorLimit = 0 }: PlannerOptions,
  format: Settled['weightFormat'],
): number {
  return format === 'float32' ? errorLimit : roundedErrorLimit;
}

function ranking(choice: Pick<Choice, 'weightFormat' | 'cost'>): number {
  return handicap(choice, 'estimated') * choice.cost.total;
}
