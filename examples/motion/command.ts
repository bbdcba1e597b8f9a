import { join } from 'node:path';
import type { Command } from 'commander';
import { positiveInteger } from '../../src/cli/arguments.js';
import { progressBar } from '../../src/cli/progress.js';

interface Options {
  readonly input?: string;
  readonly out: string;
  readonly threads?: number;
  readonly maxFrames: number;
  readonly maxSize: number;
  readonly json?: true;
}

const examples = `
Examples:
  $ winograd demo
  $ winograd demo --input street.mp4 --max-frames 96 --out street
  $ ffmpeg -i street.mp4 -t 2 street.y4m && winograd demo --input street.y4m --json`;

/** Registers `winograd demo`: which way every pixel of a clip moves, found by one 3-D convolution layer. */
export function register(program: Command): void {
  program
    .command('demo')
    .summary('find the motion in a clip with a 3-D layer')
    .description(
      'Runs a bank of space-time Gabor filters over a grey clip as one 3-D convolution layer, finds from their motion ' +
        'energy which way every pixel moves, and writes a page that shows it, with times and errors of Winograd and of ' +
        'direct convolution on that layer. Without --input it renders a clip whose motion is known, and says how much ' +
        'of it was found right.',
    )
    .option('--input <file>', 'a .y4m clip (8 bits), a T×H×W .npy array, or any video if ffmpeg is installed')
    .option('--out <folder>', 'where to write page and pictures; replaces an earlier result', 'winograd-demo')
    .option('--threads <n>', 'threads; by default all that the system grants', positiveInteger('--threads'))
    .option(
      '--max-frames <n>',
      'frames of the input to use; the rest is left out',
      positiveInteger('--max-frames'),
      48,
    )
    .option(
      '--max-size <n>',
      'pixels of the longer side; larger pictures are averaged down',
      positiveInteger('--max-size'),
      320,
    )
    .option('--json', 'print all figures as JSON')
    .addHelpText('after', examples)
    .action(run);
}

async function run({ out, json, ...options }: Options): Promise<void> {
  const [{ runDemo }, { pageName }, { demoSummary }] = await Promise.all([
    import('./demo.js'),
    import('./files.js'),
    import('./summary.js'),
  ]);
  const bar = progressBar();
  const report = await runDemo({ ...options, folder: out }, bar.update).finally(bar.stop);
  const page = join(out, pageName);
  process.stdout.write(
    json ? `${JSON.stringify({ page, ...report }, undefined, 2)}\n` : demoSummary(report, page),
  );
}
