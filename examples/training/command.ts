import { mkdir } from 'node:fs/promises';
import type { Command } from 'commander';
import { positiveInteger } from '../../src/cli/arguments.js';
import { lines } from '../../src/cli/columns.js';
import { progressBar } from '../../src/cli/progress.js';

interface Options {
  readonly out: string;
  readonly epochs: number;
  readonly seed: number;
  readonly threads?: number;
  readonly resume?: true;
  readonly json?: true;
}

const examples = `
Examples:
  $ winograd demo-train
  $ winograd demo-train --epochs 2 --out motion && winograd demo-train --epochs 6 --out motion --resume
  $ winograd demo-train --json`;

/** Registers `winograd demo-train`: a small 3-D network learns which way clips move. */
export function register(program: Command): void {
  program
    .command('demo-train')
    .summary('train a 3-D network to tell which way clips move')
    .description(
      'Renders clips of textures that drift in eight directions, trains a small 3-D network to tell them apart, judges it ' +
        'by clips that it has not seen, and writes the network as ONNX, a checkpoint, and a page with the loss curve and ' +
        'example answers.',
    )
    .option('--out <folder>', 'where to write them', 'winograd-train')
    .option('--epochs <n>', 'times that every clip is seen', positiveInteger('--epochs'), 6)
    .option('--seed <n>', 'of weights and clips', positiveInteger('--seed'), 1)
    .option('--threads <n>', 'threads; by default all that the system grants', positiveInteger('--threads'))
    .option('--resume', 'go on from the checkpoint in the folder')
    .option('--json', 'print all figures as JSON')
    .addHelpText('after', examples)
    .action(run);
}

async function run({ out, json, ...options }: Options): Promise<void> {
  const { runTrainingDemo } = await import('./demo.js');
  await mkdir(out, { recursive: true });
  const bar = progressBar();
  const report = await runTrainingDemo({ ...options, folder: out, onProgress: bar.onProgress }).finally(
    bar.stop,
  );
  const { accuracy, seconds, files, epochs } = report;
  const last = epochs.at(-1);
  const rate = last === undefined ? '' : ` (${last.samplesPerSecond.toFixed(0)} clips/s)`;
  process.stdout.write(
    json
      ? `${JSON.stringify(report, undefined, 2)}\n`
      : lines([
          `${(100 * accuracy).toFixed(1)} % of the held-out clips right after ${seconds.toFixed(1)} s${rate}`,
          ...Object.values(files),
        ]),
  );
}
