/**
 * `npm run fronts` searches the Pareto fronts that transforms/fronts/ keeps: one file for each S, G ≤ 8, and F(S, 3) up
 * to S = 12. Fronts that are there already stay, since a search takes a minute: remove a file to search it again.
 * With `--check` nothing is searched: every algorithm is synthesized and proved, and its figures are compared.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { printJson } from '../../synth/index.js';
import { search } from '../../synth/search/search.js';
import {
  FRONTS_FOLDER,
  type Front,
  frontIndex,
  frontName,
  frontOf,
  proveFront,
} from '../catalogue/fronts.js';
import { writeWholeSync } from '../support/files.js';
import { packageRoot } from '../support/package.js';

const INDEX = 'README.md';
const SEED = 1;
const STARTS = 8;
/** Larger algorithms take too long to compare with all bilinear ones. */
const MAX_UNRESTRICTED_INPUTS = 10;
const UNRESTRICTED_STARTS = 3;
/** After this the random starts of a front end. */
const SECONDS = 60;

function sizes(): [number, number][] {
  const upTo = (last: number) => Array.from({ length: last - 1 }, (_, index) => index + 2);
  const square = upTo(8).flatMap((outputs) => upTo(8).map((taps): [number, number] => [outputs, taps]));
  return [...square, ...[9, 10, 11, 12].map((outputs): [number, number] => [outputs, 3])];
}

const folder = join(packageRoot(), FRONTS_FOLDER);
const path = (outputs: number, taps: number) => join(folder, `${frontName(outputs, taps)}.json`);

function searched(outputs: number, taps: number): Front {
  const begun = performance.now();
  const keepGoing = () => performance.now() - begun < SECONDS * 1000;
  const unrestrictedStarts = outputs + taps - 1 <= MAX_UNRESTRICTED_INPUTS ? UNRESTRICTED_STARTS : 0;
  return frontOf(search({ outputs, taps, seed: SEED, starts: STARTS, unrestrictedStarts, keepGoing }));
}

function read(outputs: number, taps: number): Front {
  return JSON.parse(readFileSync(path(outputs, taps), 'utf8'));
}

const checking = process.argv.includes('--check');
mkdirSync(folder, { recursive: true });
for (const [outputs, taps] of sizes()) {
  if (checking) proveFront(read(outputs, taps));
  else if (!existsSync(path(outputs, taps))) {
    writeWholeSync(path(outputs, taps), printJson(searched(outputs, taps)));
    console.log(`F(${outputs}, ${taps}) written`);
  }
}
const index = frontIndex(sizes().map(([outputs, taps]) => read(outputs, taps)));
if (!checking) writeWholeSync(join(folder, INDEX), index);
else if (readFileSync(join(folder, INDEX), 'utf8') !== index) {
  console.error(`${FRONTS_FOLDER}/${INDEX} is out of date\nRun \`npm run fronts\` and commit the result.`);
  process.exitCode = 1;
}
