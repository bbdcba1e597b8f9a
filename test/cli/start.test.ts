import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../src/support/package.js';

const STATIC_IMPORT = /^(?:import|export)\s(?:[\w\s{},*]+\sfrom\s)?'([^']+)';/gm;

/** Packages that are loaded with a compiled file: those that it and what it imports import statically. */
function packagesOf(file: string, seen = new Set<string>(), found = new Set<string>()): Set<string> {
  if (seen.has(file)) return found;
  seen.add(file);
  for (const [, name] of readFileSync(file, 'utf8').matchAll(STATIC_IMPORT)) {
    if (name!.startsWith('.')) packagesOf(resolve(dirname(file), name!), seen, found);
    else if (!name!.startsWith('node:')) found.add(name!);
  }
  return found;
}

it.each([
  ['the library', 'src/index.js', ['fraction.js', 'leven', 'signal-exit']],
  [
    'the command line',
    'src/cli/main.js',
    ['cli-progress', 'cli-table3', 'commander', 'fraction.js', 'leven', 'signal-exit'],
  ],
  ['the demo’s command', 'examples/motion/command.js', ['cli-progress', 'commander', 'fraction.js', 'leven']],
])('%s loads few packages at its start: none that parses, plots or draws', (_, file, packages) => {
  expect([...packagesOf(join(packageRoot(), 'dist', file))].sort()).toEqual(packages);
});
