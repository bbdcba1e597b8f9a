import { expected } from '../../synth/errors.js';
import type { WeightFormat, WinogradSchedule } from '../native/addon.js';

/** What a measurement may set beside the algorithm; what is left out, the planner chooses. */
export type Tuning = {
  readonly [K in 'tileBlock' | 'channelGroup' | 'split' | 'threads']?: WinogradSchedule[K];
};

/** The fastest of what was measured for one problem. */
export interface Remembered {
  /** Name of the algorithm's row. */
  readonly algorithm: string;
  /** Names of the algorithms along depth, height and width; empty for direct convolution. */
  readonly tiles: readonly string[];
  /** Of the prepared weights; float32 if left out. */
  readonly weightFormat?: WeightFormat;
  readonly sumBlock: number;
  readonly tuning: Tuning;
  /** What a pass took when it was measured. */
  readonly milliseconds: number;
}

/** All that was measured, by machine (processor, kernel table, threads) and by problem; a JSON value. */
export interface Wisdom {
  readonly format: 'winograd-nd wisdom';
  readonly version: 1;
  readonly machines: Readonly<Record<string, Readonly<Record<string, Remembered>>>>;
}

type Memory = Map<string, Map<string, Remembered>>;

const memory: Memory = new Map();

/** What was measured for a problem on a machine. */
export function recall(machine: string, problem: string): Remembered | undefined {
  return memory.get(machine)?.get(problem);
}

/** Remembers what was measured, in place of an earlier measurement. */
export function remember(machine: string, problem: string, choice: Remembered): void {
  if (!memory.has(machine)) memory.set(machine, new Map());
  memory.get(machine)!.set(problem, choice);
}

/** Everything measured or imported so far by this process, for {@link importWisdom} of another. */
export function exportWisdom(): Wisdom {
  const machines = [...memory].map(([machine, problems]) => [machine, Object.fromEntries(problems)]);
  return { format: 'winograd-nd wisdom', version: 1, machines: Object.fromEntries(machines) };
}

/**
 * Adds what was measured elsewhere; it takes the place of what is known for the same problems. Entries of other machines
 * do no harm, and algorithms that this version does not know are measured anew.
 *
 * @param wisdom a result of {@link exportWisdom}, such as a parsed file
 * @returns how many problems it is about
 * @throws InputError when it is anything else; then nothing is taken over
 */
export function importWisdom(wisdom: unknown): number {
  const { format, version, machines } = record('wisdom', wisdom);
  if (format !== 'winograd-nd wisdom') throw expected('wisdom.format', '"winograd-nd wisdom"', format);
  if (version !== 1) throw expected('wisdom.version', '1', version);
  const all = Object.entries(record('wisdom.machines', machines)).flatMap(([machine, problems]) =>
    Object.entries(record(`wisdom of ${machine}`, problems)).map(
      ([problem, choice]) => [machine, problem, validated(`wisdom of ${problem}`, choice)] as const,
    ),
  );
  for (const entry of all) remember(...entry);
  return all.length;
}

/** Forgets all measurements of this process; plans that are made already stay. */
export function forgetWisdom(): void {
  memory.clear();
}

/** What a field must be. */
interface Rule {
  readonly what: string;
  readonly holds: (value: unknown) => boolean;
  readonly optional?: true;
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isOneOf = (values: readonly unknown[]) => (value: unknown) => values.includes(value);
const size: Rule = {
  what: 'a positive integer',
  holds: (value) => isCount(value) && value !== 0,
  optional: true,
};

const rules: Readonly<Record<keyof Remembered, Rule>> = {
  algorithm: { what: 'a name', holds: (value) => typeof value === 'string' },
  tiles: {
    what: 'an array of names',
    holds: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
  },
  weightFormat: {
    what: "'float32' or 'bfloat16'",
    holds: isOneOf(['float32', 'bfloat16']),
    optional: true,
  },
  sumBlock: { what: 'a non-negative integer', holds: isCount },
  tuning: { what: 'an object', holds: (value) => typeof value === 'object' && value !== null },
  milliseconds: { what: 'a positive number', holds: (value) => typeof value === 'number' && value > 0 },
};

const tuningRules: Readonly<Record<keyof Tuning, Rule>> = {
  tileBlock: size,
  channelGroup: size,
  threads: size,
  split: { what: "'tiles' or 'channels'", holds: isOneOf(['tiles', 'channels']), optional: true },
};

function validated(name: string, value: unknown): Remembered {
  const entry = checked<Remembered>(name, value, rules);
  return { ...entry, tuning: checked<Tuning>(`${name}: tuning`, entry.tuning, tuningRules) };
}

/** The fields that the rules know. */
function checked<T>(name: string, value: unknown, table: Readonly<Record<keyof T, Rule>>): T {
  const given = record(name, value);
  const entries = Object.entries<Rule>(table)
    .filter(([key, { optional }]) => !(optional && given[key] === undefined))
    .map(([key, { what, holds }]) => {
      if (!holds(given[key])) throw expected(`${name}: ${key}`, what, given[key]);
      return [key, given[key]];
    });
  return Object.fromEntries(entries) as T;
}

function record(name: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw expected(name, 'an object', value);
  return value as Readonly<Record<string, unknown>>;
}
