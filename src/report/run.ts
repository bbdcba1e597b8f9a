import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { native } from '../native/addon.js';
import type { LongOptions } from '../support/long.js';
import { DATA_FILE, newData, type ReportData, readData, sameEnvironment, writeData } from './data.js';
import type { Circumstances, Experiment, Suite } from './experiment.js';
import { experiments } from './experiments/index.js';
import type { Networks } from './networks.js';

/** What to measure, and where to keep it. */
export interface ReportOptions extends LongOptions {
  /** Made where it is missing; its report.json is gone on with. */
  readonly folder: string;
  readonly suites: readonly Suite[];
  readonly quick: boolean;
  /** Whether rivals that are installed run beside; default false. */
  readonly peers?: boolean;
  /** Networks that it is about, by name; default none. */
  readonly networks?: Networks;
}

/**
 * Measures what the folder's data lack, part by part, and writes them after each: whoever stops it goes on there. Data of
 * another machine, version or length are put aside under their date, never overwritten.
 *
 * @throws InputError for a report.json that is none; the system's error for a folder that cannot be written; the
 *   signal's reason
 */
export async function runReport({
  folder,
  suites,
  quick,
  peers = false,
  networks = {},
  signal,
  onProgress,
}: ReportOptions): Promise<ReportData> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, DATA_FILE);
  let data = await begun(path, newData(quick));
  await writeData(path, data);
  const circumstances = { quick, peers, networks, threads: native().cpuInfo().cores };
  const missing = partsOf(suites, circumstances).filter(({ key }) => !(key in data.results));
  const total = missing.reduce((sum, { seconds }) => sum + seconds, 0);
  let done = 0;
  for (const { experiment, name, key, seconds } of missing) {
    onProgress?.({ what: `${key}, ${timeText(total - done)} left`, done, total });
    signal?.throwIfAborted();
    const result = await experiment.measure(name, circumstances);
    const results = { ...data.results, [key]: result };
    data = { ...data, results, ended: new Date().toISOString() };
    await writeData(path, data);
    done += seconds;
  }
  return data;
}

/** What there is already, if it belongs beside new measurements. */
async function begun(path: string, fresh: ReportData): Promise<ReportData> {
  let known: ReportData;
  try {
    known = await readData(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return fresh;
    throw error;
  }
  if (sameEnvironment(known.environment, fresh.environment)) return known;
  await rename(path, path.replace(/\.json$/, `-${known.ended.replaceAll(/[^0-9]/g, '').slice(0, 14)}.json`));
  return fresh;
}

/** A part of an experiment under its name in the data. */
interface Part {
  readonly experiment: Experiment;
  readonly name: string;
  readonly key: string;
  readonly seconds: number;
}

/** Every part of some suites, in order. */
export function partsOf(suites: readonly Suite[], circumstances: Circumstances): readonly Part[] {
  return experiments
    .filter(({ suite }) => suites.includes(suite))
    .flatMap((experiment) =>
      experiment
        .parts(circumstances)
        .map(({ name, seconds }) => ({ experiment, name, seconds, key: `${experiment.id}/${name}` })),
    );
}

function timeText(seconds: number): string {
  return seconds < 90 ? `about ${Math.ceil(seconds)} s` : `about ${Math.round(seconds / 60)} min`;
}
