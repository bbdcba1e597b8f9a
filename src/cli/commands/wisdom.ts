import type { Command } from 'commander';
import { deliver } from '../output.js';

const examples = `
Examples:
  $ winograd conv x.npy w.npy --effort measure --out y.npy
  $ winograd wisdom export --out wisdom.json
  $ winograd wisdom import wisdom.json
  $ WINOGRAD_WISDOM=wisdom.json node server.js`;

/** Registers `winograd wisdom`: what `--effort measure` has learnt. */
export function register(program: Command): void {
  const wisdom = program
    .command('wisdom')
    .summary('export, import or forget measurements')
    .description(
      'Plans made with `--effort measure` are remembered by processor, threads and problem in the file that ' +
        'WINOGRAD_WISDOM names, or in the cache folder of the user.',
    )
    .addHelpText('after', examples);
  wisdom
    .command('export')
    .description('Writes all measurements as JSON.')
    .option('--out <file.json>', 'a file instead of standard output')
    .action(write);
  wisdom
    .command('import')
    .description('Adds measurements made elsewhere; they take the place of those for the same problems.')
    .argument('<file.json>', 'what `export` wrote; - for standard input')
    .action(read);
  wisdom.command('forget').description('Removes all measurements.').action(forget);
}

async function write({ out }: { readonly out?: string }): Promise<void> {
  const { commandsWisdomFile, readWisdomFile } = await import('../../wisdom/file.js');
  const { exportWisdom } = await import('../../wisdom/wisdom.js');
  readWisdomFile(commandsWisdomFile());
  await deliver(`${JSON.stringify(exportWisdom(), undefined, 2)}\n`, out);
}

async function read(path: string): Promise<void> {
  const { commandsWisdomFile, parseWisdom, readWisdomFile, saveWisdomFile } = await import(
    '../../wisdom/file.js'
  );
  const { importWisdom } = await import('../../wisdom/wisdom.js');
  const { readText } = await import('../input.js');
  const file = commandsWisdomFile();
  readWisdomFile(file);
  const count = importWisdom(parseWisdom(await readText(path)));
  saveWisdomFile(file);
  process.stdout.write(`${count} problem${count === 1 ? '' : 's'} imported into ${file}\n`);
}

async function forget(): Promise<void> {
  const { commandsWisdomFile, removeWisdomFile } = await import('../../wisdom/file.js');
  removeWisdomFile(commandsWisdomFile());
}
