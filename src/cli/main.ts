#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../support/package.js';
import * as accuracy from './commands/accuracy.js';
import * as cache from './commands/cache.js';
import * as calibrate from './commands/calibrate.js';
import * as compare from './commands/compare.js';
import * as conv from './commands/conv.js';
import * as emit from './commands/emit.js';
import * as gradients from './commands/gradients.js';
import * as info from './commands/info.js';
import * as plan from './commands/plan.js';
import * as reporting from './commands/report.js';
import * as runNetwork from './commands/run.js';
import * as search from './commands/search.js';
import * as synth from './commands/synth.js';
import * as table from './commands/table.js';
import * as train from './commands/train.js';
import * as verify from './commands/verify.js';
import * as wisdom from './commands/wisdom.js';
import { exitCodeOf, report } from './failure.js';

/** Every command in the order in which `--help` lists them; each file registers one and loads its work lazily. */
const commands: readonly { register(program: Command): void }[] = [
  synth,
  search,
  accuracy,
  gradients,
  verify,
  table,
  emit,
  conv,
  ...[runNetwork, plan, compare, train],
  ...[wisdom, cache],
  reporting,
  calibrate,
  info,
];

const program = new Command('winograd')
  .description('Exact fast convolution algorithms F(S, G), and the engine that runs them')
  .version(packageVersion())
  .showHelpAfterError('(add --help for usage and examples)')
  .exitOverride();
for (const { register } of commands) register(program);
// Nothing here imports the examples; these are commands, too, where they are there.
for (const path of ['motion', 'training', 'volume']) {
  const example = new URL(`../../examples/${path}/command.js`, import.meta.url);
  if (existsSync(example)) (await import(example.href)).register(program);
}

// Whoever reads our output may stop, as head does; that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) report(error);
  process.exitCode = error instanceof CommanderError ? (error.exitCode === 0 ? 0 : 2) : exitCodeOf(error);
}
