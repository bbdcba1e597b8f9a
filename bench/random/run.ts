import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { InputError } from '../../synth/errors.js';
import { Progress } from '../progress.js';
import { type Comparison, compare } from './compare.js';
import { randomLayers } from './layers.js';
import { summaryOf } from './summary.js';

/** What `--random` runs. */
export interface RandomOptions {
  readonly count: number;
  readonly seed: number;
  readonly isa: readonly string[];
  readonly threads: readonly number[];
  /** Begins no layer after so many. */
  readonly minutes: number;
  /** Lines of JSON are appended to this file, and layers that it has are not run again. */
  readonly out?: string | undefined;
  /** Lines of JSON on standard output instead of the summary. */
  readonly json: boolean;
}

/** Compares random layers' default plans with direct convolution and with what measuring finds. */
export function runRandom({ count, seed, isa, threads, minutes, out, json }: RandomOptions): void {
  const end = performance.now() + 60_000 * minutes;
  const done = out === undefined ? [] : comparisonsOf(out);
  const keys = new Set(done.map(keyOf));
  const all = done.filter((each) => each.seed === seed);
  const progress = new Progress(count);
  process.stderr.write(`Seed ${seed}\n`);
  let index = 0;
  for (const random of randomLayers(seed)) {
    if (index === count || performance.now() > end) break;
    progress.on(random.layer.name);
    for (const name of isa)
      for (const number of threads) {
        const at = { seed, index, isa: name, threads: number };
        if (keys.has(keyOf(at))) continue;
        const found = compare(random, at);
        all.push(found);
        const line = `${JSON.stringify(found)}\n`;
        if (out !== undefined) appendFileSync(out, line);
        if (json) process.stdout.write(line);
      }
    index++;
  }
  progress.end();
  if (!json) process.stdout.write(`${summaryOf(all)}\n`);
}

function keyOf({
  seed,
  index,
  isa,
  threads,
}: Pick<Comparison, 'seed' | 'index' | 'isa' | 'threads'>): string {
  return [seed, index, isa, threads].join();
}

/** @throws InputError when the file holds anything else */
function comparisonsOf(path: string): Comparison[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.map((line, i) => {
    try {
      return JSON.parse(line) as Comparison;
    } catch {
      throw new InputError(
        `Expected line ${i + 1} of ${path} to be JSON of an earlier run but received ${line.slice(0, 40)}`,
      );
    }
  });
}
