import { readFile } from 'node:fs/promises';
import { expected, InputError } from '../../synth/errors.js';
import { native } from '../native/addon.js';
import { writeWhole } from '../support/files.js';
import { packageVersion } from '../support/package.js';

/** Where and with what was measured. */
export interface Environment {
  readonly machine: string;
  readonly cores: number;
  /** The kernel table in use. */
  readonly isa: string;
  readonly version: string;
  readonly node: string;
  readonly quick: boolean;
}

/** Everything that was measured, by experiment and part; the file report.json. */
export interface ReportData {
  readonly format: typeof FORMAT;
  readonly environment: Environment;
  /** Of the first and the last measurement. */
  readonly begun: string;
  readonly ended: string;
  /** GFLOP/s of one core. */
  readonly peak: number;
  readonly results: Readonly<Record<string, unknown>>;
}

/** Of what was measured, in a report's folder. */
export const DATA_FILE = 'report.json';

const FORMAT = 'winograd-nd report 1';

/** Milliseconds in which a core's peak is measured. */
const PEAK_MILLISECONDS = 100;

/** Here and now, with nothing measured but the peak. */
export function newData(quick: boolean): ReportData {
  const { model, cores, isa } = native().cpuInfo();
  const now = new Date().toISOString();
  return {
    format: FORMAT,
    environment: {
      ...{ machine: model, cores, isa, version: packageVersion(), node: process.versions.node, quick },
    },
    ...{ begun: now, ended: now, peak: native().fmaPeak(isa, PEAK_MILLISECONDS), results: {} },
  };
}

/**
 * Reads what was measured.
 *
 * @throws InputError for a file that holds something else; the system's error when it cannot be read
 */
export async function readData(path: string): Promise<ReportData> {
  const text = await readFile(path, 'utf8');
  let data: Partial<ReportData>;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new InputError(`Expected ${path} to be the data of a report but ${(error as Error).message}`);
  }
  const valid =
    data?.format === FORMAT && isObject(data.results) && isObject(data.environment) && data.peak! > 0;
  if (!valid) throw expected(path, 'the data of a report', 'something else');
  return data as ReportData;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Writes it whole: whoever is killed meanwhile leaves what was there before. */
export async function writeData(path: string, data: ReportData): Promise<void> {
  await writeWhole(path, [Buffer.from(`${JSON.stringify(data, undefined, 1)}\n`)]);
}

/** Whether measurements of both may stand side by side. */
export function sameEnvironment(a: Environment, b: Environment): boolean {
  return (Object.keys(b) as (keyof Environment)[]).every((key) => a[key] === b[key]);
}

/** A sentence about machine, versions and dates. */
export function environmentText({ environment, begun, ended, peak }: ReportData): string {
  const { machine, cores, isa, version, node, quick } = environment;
  const day = (date: string) => date.slice(0, 16).replace('T', ' ');
  return (
    `${machine}, ${cores} threads, ${isa}, FMA peak of one core ${peak.toFixed(1)} GFLOP/s; winograd-nd ${version}, ` +
    `Node ${node}; measured ${day(begun)} to ${day(ended)} UTC${quick ? ', quickly: with fewer sizes and runs' : ''}.`
  );
}
