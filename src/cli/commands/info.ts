import { availableParallelism } from 'node:os';
import type { Command } from 'commander';

const examples = `
Examples:
  $ winograd info
  $ WINOGRAD_ISA=portable winograd info --json`;

/** Registers `winograd info`: what the machine and this build offer. */
export function register(program: Command): void {
  program
    .command('info')
    .summary('show processor, kernels and versions')
    .description('Shows the processor, the kernel tables it can run (the one in use first) and versions.')
    .option('--json', 'print as JSON')
    .addHelpText('after', examples)
    .action(run);
}

async function run({ json }: { readonly json?: true }): Promise<void> {
  const { native } = await import('../../native/addon.js');
  const { packageVersion } = await import('../../support/package.js');
  const { model, cores, isa, kernels } = native().cpuInfo();
  const info = {
    cpu: { model, cores },
    threads: availableParallelism(),
    isa,
    kernels,
    versions: { 'winograd-nd': packageVersion(), node: process.versions.node, napi: process.versions.napi },
  };
  const lines: [string, string][] = [
    ['processor', `${model}, ${cores} cores`],
    ['threads', `${info.threads} by default`],
    [
      'kernels',
      kernels
        .map(({ name, width }) => `${name} (${width} floats)${name === isa ? ' in use' : ''}`)
        .join(', '),
    ],
    [
      'versions',
      Object.entries(info.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
  ];
  const text = json
    ? JSON.stringify(info, undefined, 2)
    : lines.map(([name, value]) => `${name.padEnd(11)}${value}`).join('\n');
  process.stdout.write(`${text}\n`);
}
