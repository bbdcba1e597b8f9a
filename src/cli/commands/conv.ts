import type { Command } from 'commander';
import { expected } from '../../../synth/errors.js';
import type { LayerOptions } from '../../layers/options.js';
import type { Rank } from '../../problem/problem.js';
import { wordOrNumber } from '../arguments.js';

/** What commander hands over: `--padding` and the like become options of the layer under the same names. */
interface Options extends Omit<LayerOptions, 'inChannels' | 'outChannels' | 'kernelSize'> {
  readonly out: string;
  readonly bias?: string;
  readonly json?: true;
}

const examples = `
Examples:
  $ winograd conv clip.npy filters.npy --padding 1 --out y.npy
  $ winograd conv x.npy w.npy --bias b.npy --padding same --activation relu --tile 4,4,4 --out y.npy
  $ winograd conv x.npy w.npy --stride 2 --padding 0:1,0:1 --algorithm direct --json --out y.npy`;

/** Registers `winograd conv`: one convolution of NumPy files. */
export function register(program: Command): void {
  program
    .command('conv')
    .summary('convolve a NumPy array')
    .description(
      'Convolves INPUT (N×C×spatial or C×spatial) with WEIGHT (O×I/groups×kernel) as PyTorch does, over 1, 2 or 3 ' +
        'axes by the rank of WEIGHT. Prints the plan, the time and the effective GFLOP/s: flops of the direct ' +
        "algorithm over time, which may exceed the machine's peak.",
    )
    .argument('<input.npy>', 'activations; any real element type')
    .argument('<weight.npy>', 'kernels')
    .requiredOption('--out <file.npy>', 'where to write the result (float32)')
    .option('--bias <file.npy>', 'one value per output channel')
    .option('--stride <n>', 'one number, or one per axis: 1,2,2', perAxis)
    .option(
      '--padding <n>',
      'same, valid, one number, or one per axis; before:after for unequal sides',
      perAxis,
    )
    .option('--dilation <n>', 'one number, or one per axis', perAxis)
    .option('--groups <n>', 'divides both channel counts', number)
    .option('--activation <name>', 'none, relu or relu6')
    .option('--algorithm <name>', 'auto, winograd, direct, gemm or sparse')
    .option(
      '--tile <n>',
      'outputs S of a Winograd tile: one number, or one per axis; fold sums taps like channels',
      perAxis,
    )
    .option('--lanes <name>', 'what vectors hold: channels or positions')
    .option('--accuracy <limit>', 'direct, fast, or a relative tolerance such as 1e-6', wordOrNumber)
    .option('--effort <name>', 'estimate, or measure: time candidates once, and remember the fastest')
    .option('--threads <n>', 'threads; by default all that the system grants', number)
    .option('--json', 'print plan and times as JSON')
    .addHelpText('after', examples)
    .action(run);
}

async function run(
  inputPath: string,
  weightPath: string,
  { out, bias: biasPath, json, ...options }: Options,
) {
  const { Convolution, readNpy, writeNpy } = await import('../../index.js');
  const { attachWisdomFile, commandsWisdomFile } = await import('../../wisdom/file.js');
  attachWisdomFile(commandsWisdomFile());
  const input = await readNpy(inputPath);
  const weight = await readNpy(weightPath);
  const bias = biasPath === undefined ? null : await readNpy(biasPath);
  if (weight.rank < 3 || weight.rank > 5)
    throw expected(`the weight in ${weightPath}`, 'of rank 3, 4 or 5 (O × I/groups × kernel)', [
      ...weight.shape,
    ]);
  const [outChannels, groupChannels, ...kernelSize] = weight.shape as [number, number, ...number[]];
  const inChannels = groupChannels * (typeof options.groups === 'number' ? options.groups : 1);
  const layer = new Convolution(
    kernelSize.length as Rank,
    { ...options, inChannels, outChannels, kernelSize },
    { weight, bias },
  );
  const plan = layer.plan(input.shape);
  const output = await layer.forward(input);
  await writeNpy(out, output);
  const { milliseconds, effectiveGflops, stages } = layer.lastRun!;
  const text = json
    ? JSON.stringify({ out, plan, milliseconds, stages, effectiveGflops }, undefined, 2)
    : `${plan.describe()}\n${'time'.padEnd(11)}${milliseconds.toFixed(3)} ms, ${effectiveGflops.toFixed(1)} effective GFLOP/s`;
  process.stdout.write(`${text}\n`);
}

/** `4`, `4,4,2`, `0:1,2:3` or a word; what is none of these goes on as it is, for the layer to refuse. */
function perAxis(text: string): never {
  const values = text
    .split(',')
    .map((part) => (part.includes(':') ? part.split(':').map(number) : number(part)));
  return (values.length === 1 && !Array.isArray(values[0]) ? values[0] : values) as never;
}

function number(text: string): never {
  return (/^[+-]?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text) as never;
}
