import type { Command } from 'commander';
import { lines, plainTable, right } from '../columns.js';

const examples = `
Examples:
  $ winograd run r3d18.onnx --input clip=clip.npy --out answers --cache
  $ winograd cache
  $ winograd cache --json
  $ winograd cache clear`;

/** Registers `winograd cache`: networks that `winograd run --cache` keeps ready to run. */
export function register(program: Command): void {
  const cache = program
    .command('cache')
    .summary('list or remove networks that are kept ready to run')
    .description(
      'Lists what `winograd run --cache` and `Network.load(path, { cache: true })` keep: networks with their weights made ' +
        'and their plans, a file for each way to run one. What was used longest ago goes by itself once there are more than ' +
        '4 GiB.',
    )
    .option('--json', 'print as JSON')
    .addHelpText('after', examples)
    .action(list);
  cache.command('clear').description('Removes all of them.').action(clear);
}

async function list({ json }: { readonly json?: true }): Promise<void> {
  const { cachedPrograms } = await import('../../network/cache/cache.js');
  const { preparedFolder } = await import('../../network/cache/options.js');
  const { formatBytes } = await import('../../planner/plan.js');
  const folder = preparedFolder();
  const programs = await cachedPrograms(folder);
  if (json) {
    process.stdout.write(`${JSON.stringify({ folder, programs }, undefined, 2)}\n`);
    return;
  }
  const total = programs.reduce((sum, { bytes }) => sum + bytes, 0);
  const table = plainTable();
  table.push(['model', right('bytes'), 'last used']);
  for (const { model = '?', bytes, lastUsed } of programs)
    table.push([model, right(formatBytes(bytes)), lastUsed.toISOString().slice(0, 16).replace('T', ' ')]);
  const summary = `${programs.length} in ${folder}, ${formatBytes(total)}`;
  process.stdout.write(lines(programs.length === 0 ? [summary] : [table.toString(), '', summary]));
}

async function clear(): Promise<void> {
  const { clearCache } = await import('../../network/cache/cache.js');
  const { preparedFolder } = await import('../../network/cache/options.js');
  const { formatBytes } = await import('../../planner/plan.js');
  const bytes = await clearCache(preparedFolder());
  process.stdout.write(`${formatBytes(bytes)} removed\n`);
}
