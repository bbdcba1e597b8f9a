import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expected } from '../../../synth/errors.js';
import type { NetworkRun } from '../../network/network.js';
import { formatShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { lines, plainTable, right } from '../columns.js';
import { type CommonOptions, withNetworkOptions } from '../network.js';
import { deliver } from '../output.js';
import { progressBar } from '../progress.js';

interface Options extends CommonOptions {
  readonly input: Readonly<Record<string, string>>;
  readonly out: string;
  readonly profile?: true;
  readonly trace?: string;
  readonly cache?: true;
}

const examples = `
Examples:
  $ winograd run r3d18.onnx --input clip=clip.npy --out answers
  $ winograd run unet.onnx --input volume=scan.npy --out masks --threads 2 --profile
  $ winograd run resnet50.onnx --input image=cat.npy --out answers --trace trace.json --json
  $ winograd run r3d18.onnx --input clip=clip.npy --out answers --cache`;

/** Registers `winograd run`: a network on NumPy files. */
export function register(program: Command): void {
  withNetworkOptions(program.command('run'))
    .summary('run a network on NumPy arrays')
    .description(
      'Runs an ONNX network once its weights are ready, and writes each result as OUT/name.npy (float32). --profile ' +
        'shows where the time goes; --trace writes the same as a Chrome trace, for chrome://tracing or Perfetto.',
    )
    .requiredOption('--input <name=file.npy>', 'an input; may be repeated', inputOption)
    .requiredOption('--out <folder>', 'where to write the results')
    .option('--profile', 'show the time of every kernel')
    .option('--trace <file.json>', 'write the kernels of the run as a Chrome trace')
    .option(
      '--cache',
      'keep the network ready to run, so that the next time starts at once (see `winograd cache`)',
    )
    .addHelpText('after', examples)
    .action(run);
}

async function run(path: string, { input, out, profile, trace, json, ...options }: Options): Promise<void> {
  const { Network } = await import('../../network/network.js');
  const { readNpy, writeNpy } = await import('../../tensor/npy.js');
  const { attachWisdomFile, commandsWisdomFile } = await import('../../wisdom/file.js');
  attachWisdomFile(commandsWisdomFile());
  const network = await Network.load(path, options);
  const inputs: Record<string, Tensor> = {};
  for (const [name, file] of Object.entries(input)) inputs[name] = await readNpy(file);
  const bar = progressBar();
  await network.run(inputs, bar).finally(bar.stop); // plans, and makes the weights ready
  const results = await network.run(inputs);
  const last = network.lastRun!;
  await mkdir(out, { recursive: true });
  const files: Record<string, string> = {};
  for (const [name, tensor] of Object.entries(results)) {
    files[name] = join(out, `${fileName(name)}.npy`);
    await writeNpy(files[name], tensor);
  }
  if (trace !== undefined) await deliver(chromeTrace(last), trace);
  const text = json
    ? `${JSON.stringify({ files, ...last }, undefined, 2)}\n`
    : lines([
        ...Object.entries(results).map(([name, { shape }]) => `${files[name]}  ${formatShape(shape)}`),
        `${last.milliseconds.toFixed(2)} ms`,
        ...(profile ? ['', profileOf(last)] : []),
      ]);
  process.stdout.write(text);
}

/** `name=file.npy`, several times. */
function inputOption(text: string, before: Readonly<Record<string, string>> = {}) {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw expected('--input', 'name=file.npy', text);
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Names of tensors may hold what names of files may not. */
function fileName(name: string): string {
  return name.replace(/[^\w.-]/g, '_');
}

/** Kernels of a kind together, then each, the longest first. */
function profileOf({ milliseconds, steps }: NetworkRun): string {
  const share = (time: number) => right(`${((100 * time) / milliseconds).toFixed(1)} %`);
  const kinds = new Map<string, { readonly count: number; readonly time: number }>();
  for (const { operator, milliseconds: time } of steps) {
    const { count, time: before } = kinds.get(operator) ?? { count: 0, time: 0 };
    kinds.set(operator, { count: count + 1, time: before + time });
  }
  const summary = plainTable();
  summary.push(['kernel', right('runs'), right('ms'), right('share')]);
  for (const [kind, { count, time }] of [...kinds].sort(([, a], [, b]) => b.time - a.time))
    summary.push([kind, right(String(count)), right(time.toFixed(3)), share(time)]);
  const table = plainTable();
  table.push(['node', 'kernel', right('ms'), right('share')]);
  for (const step of [...steps].sort((a, b) => b.milliseconds - a.milliseconds))
    table.push([step.node, step.operator, right(step.milliseconds.toFixed(3)), share(step.milliseconds)]);
  return `${summary}\n\n${table}`;
}

/** The format of chrome://tracing: complete events, in microseconds. */
function chromeTrace({ steps }: NetworkRun): string {
  let at = 0;
  const events = steps.map(({ node, operator, milliseconds }) => {
    const event = { name: node, cat: operator, ph: 'X', ts: at, dur: 1000 * milliseconds, pid: 1, tid: 1 };
    at += 1000 * milliseconds;
    return event;
  });
  return `${JSON.stringify({ traceEvents: events, displayTimeUnit: 'ms' })}\n`;
}
