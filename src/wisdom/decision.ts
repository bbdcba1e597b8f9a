import { createHash } from 'node:crypto';
import { native } from '../native/addon.js';
import type { Choice } from '../planner/choices.js';
import type { PackedWeights } from '../planner/packed-weights.js';
import {
  contending,
  type Decision,
  decisionOf,
  type PlannerOptions,
  recalled,
  tileNames,
} from '../planner/planner.js';
import { inputShape, type Problem, weightShape } from '../problem/problem.js';
import type { Steps } from '../support/unhurried.js';
import { formatShape } from '../tensor/shape.js';
import { readAttachedWisdom, saveAttachedWisdom } from './file.js';
import { type Measured, measure } from './measure.js';
import { type Remembered, recall, remember } from './wisdom.js';

/** Candidates that are timed. */
const CONTENDERS = 8;

/**
 * Decides by measurement, in steps of a pass: as wisdom says, or else by timing the likeliest candidates and remembering the winner.
 *
 * @param weightsOf prepares the weights of a choice, or finds them
 * @throws InputError as the planner does, and when the attached file of wisdom is none
 */
export function* measuredDecision(
  problem: Problem,
  options: PlannerOptions,
  weightsOf: (choice: Choice) => PackedWeights,
): Steps<Decision> {
  readAttachedWisdom();
  const [machine, posed] = [machineName(problem, options), problemName(problem, options)];
  const known = recall(machine, posed);
  const decision = known && decisionFrom(known, problem, options);
  if (decision !== undefined) return decision;
  const likely = yield* contending(problem, options, CONTENDERS);
  const measured = yield* measure(problem, likely, options.machine, weightsOf);
  remember(machine, posed, rememberedOf(measured));
  saveAttachedWisdom();
  return decisionOf(measured.choice, options, reasonOf(measured.milliseconds));
}

function reasonOf(milliseconds: number): string {
  return `measured fastest, at ${milliseconds.toPrecision(3)} ms`;
}

/** `AMD EPYC 7B13, avx2, 2 threads`. */
function machineName({ threads }: Problem, { machine }: PlannerOptions): string {
  return `${native().cpuInfo().model}, ${machine.table.name}, ${threads} thread${threads === 1 ? '' : 's'}`;
}

/**
 * `1 × 64 × 56 × 56 by 64 × 64 × 3 × 3, padding 1 1 | 1 1, auto, errors up to 2.5, among 3f0c21aa`: all that the choice
 * depends on. The digest is of the candidates, so that new ones are measured.
 */
function problemName(problem: Problem, options: PlannerOptions): string {
  const { algorithm, errorLimit, roundedErrorLimit = 0, lanes, planar = false, candidates } = options;
  const { rank, groups, padBegin, padEnd, stride, dilation } = problem;
  const spatial = (values: readonly number[]) => values.slice(3 - rank).join(' ');
  const unlessOnes = (name: string, values: readonly number[]) =>
    values.some((value) => value !== 1) ? [`${name} ${spatial(values)}`] : [];
  const names = candidates.map((axis) => axis.map(({ name }) => name).join(', ')).join(' | ');
  return [
    `${formatShape(inputShape(problem))} by ${formatShape(weightShape(problem))}`,
    `padding ${spatial(padBegin)} | ${spatial(padEnd)}`,
    ...unlessOnes('stride', stride),
    ...unlessOnes('dilation', dilation),
    ...(groups === 1 ? [] : [`groups ${groups}`]),
    lanes === undefined ? algorithm : `${algorithm} in ${lanes}`,
    ...(planar ? ['planar'] : []),
    ...(errorLimit === Infinity ? [] : [`errors up to ${errorLimit}`]),
    ...(roundedErrorLimit === 0 ? [] : [`with weights in bfloat16 up to ${roundedErrorLimit}`]),
    `among ${createHash('sha256').update(names).digest('hex').slice(0, 8)}`,
  ].join(', ');
}

function rememberedOf({ choice, milliseconds }: Measured): Remembered {
  const { algorithm, weightFormat, sumBlock, tuning = {} } = choice;
  return { algorithm, tiles: tileNames(choice), weightFormat, sumBlock, tuning, milliseconds };
}

/** Undefined for what cannot be made any longer, or not within the limits that are asked for. */
function decisionFrom(known: Remembered, problem: Problem, options: PlannerOptions): Decision | undefined {
  const { threads } = known.tuning;
  if (threads !== undefined && threads > problem.threads) return undefined;
  const choice = recalled(problem, options, known);
  return choice && decisionOf({ ...choice, tuning: known.tuning }, options, reasonOf(known.milliseconds));
}
