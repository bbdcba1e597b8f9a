import { mkdir } from 'node:fs/promises';
import type { Command } from 'commander';
import { positiveInteger } from '../../src/cli/arguments.js';
import { lines } from '../../src/cli/columns.js';
import { progressBar } from '../../src/cli/progress.js';
import { expected } from '../../synth/errors.js';

interface Options {
  readonly out: string;
  readonly epochs: number;
  readonly size: number;
  readonly seed: number;
  readonly threads?: number;
  readonly resume?: true;
  readonly json?: true;
}

const examples = `
Examples:
  $ winograd demo-volume
  $ winograd demo-volume --epochs 20 --size 128 --out scans
  $ winograd demo-volume --json`;

/** Registers `winograd demo-volume`: a small 3-D U-Net learns to find vessels and nodules. */
export function register(program: Command): void {
  program
    .command('demo-volume')
    .summary('train a 3-D U-Net to find vessels and nodules in a volume')
    .description(
      'Renders noisy scans of tissue with vessels and nodules, trains a small 3-D U-Net to find them, has it segment a larger ' +
        'volume that it has not seen, and writes the network as ONNX, a checkpoint, and a page with slices.',
    )
    .option('--out <folder>', 'where to write them', 'winograd-volume')
    .option('--epochs <n>', 'times that every scan is seen', positiveInteger('--epochs'), 10)
    .option('--size <n>', 'voxels along each side of the volume, even', positiveInteger('--size'), 96)
    .option('--seed <n>', 'of weights and scans', positiveInteger('--seed'), 1)
    .option('--threads <n>', 'threads; by default all that the system grants', positiveInteger('--threads'))
    .option('--resume', 'go on from the checkpoint in the folder')
    .option('--json', 'print all figures as JSON')
    .addHelpText('after', examples)
    .action(run);
}

async function run({ out, json, ...options }: Options): Promise<void> {
  if (options.size % 2 !== 0) throw expected('--size', 'even', options.size);
  const { runVolumeDemo } = await import('./demo.js');
  await mkdir(out, { recursive: true });
  const bar = progressBar();
  const report = await runVolumeDemo({ ...options, folder: out, onProgress: bar.onProgress }).finally(
    bar.stop,
  );
  const { dice, threshold, milliseconds, seconds, files } = report;
  process.stdout.write(
    json
      ? `${JSON.stringify(report, undefined, 2)}\n`
      : lines([
          `Dice's coefficient: vessels ${dice.vessel!.toFixed(3)}, nodules ${dice.nodule!.toFixed(3)}; both ${dice.both!.toFixed(3)}, by the best threshold ${threshold.toFixed(3)}`,
          `${options.size}³ voxels in ${milliseconds.toFixed(0)} ms; ${seconds.toFixed(1)} s in all`,
          ...Object.values(files),
        ]),
  );
}
