import type { Command } from 'commander';
import { formatBytes } from '../../planner/plan.js';
import { positiveInteger } from '../arguments.js';
import { lines, plainTable, right } from '../columns.js';
import { type CommonOptions, shapeOption, withNetworkOptions } from '../network.js';
import { progressBar } from '../progress.js';

interface Options extends CommonOptions {
  readonly shape?: Readonly<Record<string, readonly number[]>>;
  readonly rounds: number;
}

const examples = `
onnxruntime-node is no dependency: npm install onnxruntime-node beside this package.

Examples:
  $ winograd compare r3d18.onnx --threads 1
  $ winograd compare unet.onnx --shape volume=1,1,64,64,64 --rounds 5 --json`;

/** Registers `winograd compare`: time and results of a network beside onnxruntime's. */
export function register(program: Command): void {
  withNetworkOptions(program.command('compare'))
    .summary('time and results of a network beside onnxruntime-node')
    .description(
      'Runs an ONNX network on random inputs here and in onnxruntime-node, each in a process of its own that begins when ' +
        'the other has come to rest, and prints the medians and minima of both, the time from the file to the first ' +
        'results, the memory of both processes, and how far the results lie apart. Exits with 1 where that is further ' +
        'than rounding explains.',
    )
    .option(
      '--shape <name=sizes>',
      'of an input whose sizes the model leaves open; may be repeated',
      shapeOption,
    )
    .option('--rounds <n>', 'turns of each', positiveInteger('--rounds'), 7)
    .addHelpText('after', examples)
    .action(run);
}

async function run(path: string, { shape = {}, rounds, json, ...options }: Options): Promise<void> {
  const { compareNetwork, TOLERANCE } = await import('../../network/compare/compare.js');
  const bar = progressBar();
  const result = await compareNetwork(path, shape, options, {
    rounds,
    onProgress: bar.onProgress,
  }).finally(bar.stop);
  const { here, onnxruntime, distance } = result;
  if (json) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  else {
    const table = plainTable();
    table.push(['', right('median, ms'), right('minimum, ms'), right('first run, ms'), right('peak memory')]);
    for (const { library, median, minimum, first, peakBytes } of [here, onnxruntime])
      table.push([
        library,
        ...[median, minimum, first].map((value) => right(value.toFixed(2))),
        right(formatBytes(peakBytes)),
      ]);
    process.stdout.write(
      lines([
        table.toString(),
        '',
        `${(onnxruntime.median / here.median).toFixed(2)}× onnxruntime's speed on ${result.threads} thread${result.threads === 1 ? '' : 's'} by the medians of ${rounds} rounds`,
        `results differ by ${distance.toExponential(1)} of their root mean square`,
      ]),
    );
  }
  if (!(distance <= TOLERANCE)) process.exitCode = 1;
}
