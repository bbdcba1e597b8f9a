import { execFileSync } from 'node:child_process';

/** A Node to run programs with, and its version. */
export interface NodeBinary {
  readonly path: string;
  readonly version: string;
}

/** This Node, and those that WINOGRAD_NODES names (paths with colons between), which .ci/run fetches. */
export const nodes: readonly NodeBinary[] = [
  process.execPath,
  ...(process.env.WINOGRAD_NODES ?? '').split(':').filter((path) => path !== ''),
].map((path) => ({ path, version: execFileSync(path, ['--version'], { encoding: 'utf8' }).trim() }));

/** Major versions of Node that tests are run on where they are there. */
export const wantedMajors = [22, 24];

/** Of those, what is not there: to be skipped by name. */
export const missingMajors = wantedMajors.filter(
  (major) => !nodes.some(({ version }) => version.startsWith(`v${major}.`)),
);
