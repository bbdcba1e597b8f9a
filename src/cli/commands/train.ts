import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { expected } from '../../../synth/errors.js';
import type { NetworkOptions } from '../../network/network.js';
import { given } from '../../support/given.js';
import type { Loss } from '../../training/losses.js';
import type { OptimizerOptions } from '../../training/optimizers.js';
import type { Epoch } from '../../training/train.js';
import { positiveInteger } from '../arguments.js';
import { lines, plainTable, right } from '../columns.js';
import { type CommonOptions, withNetworkOptions } from '../network.js';
import { deliver } from '../output.js';
import { progressBar } from '../progress.js';

interface Options extends CommonOptions {
  readonly data: string;
  readonly test?: string;
  readonly loss: Loss;
  readonly output?: string;
  readonly optimizer: OptimizerOptions['name'];
  readonly learningRate?: number;
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly clipNorm?: number;
  readonly epochs: number;
  readonly batch: number;
  readonly microBatch?: number;
  readonly seed: number;
  readonly flip?: true;
  readonly shift: number;
  readonly frozen?: readonly string[];
  readonly checkpoint?: string;
  readonly resume?: true;
  readonly page?: string;
  readonly out: string;
}

const examples = `
Data are .npz files or folders of .npy files (an array for each input of the network, its first axis the examples, and one
called target), CIFAR-10 in its binary format, or folders of a folder of images or clips for each class.

Examples:
  $ winograd train c3d.onnx --data clips.npz --test others.npz --epochs 10 --out trained.onnx
  $ winograd train resnet.onnx --data cifar-10-batches-bin --test cifar-10-batches-bin/test_batch.bin --flip --shift 4 \
      --out trained.onnx
  $ winograd train unet.onnx --data scans.npz --loss dice --optimizer adamw --batch 2 --flip --out trained.onnx
  $ winograd train c3d.onnx --data clips.npz --checkpoint c3d.safetensors --resume --page c3d.html --out trained.onnx`;

/** Registers `winograd train`: an ONNX network learns from arrays. */
export function register(program: Command): void {
  withNetworkOptions(program.command('train'))
    .summary('train a network on arrays or images')
    .description(
      'Trains an ONNX network and writes it as one: convolutions, forward and by their data, run by Winograd where that is ' +
        'faster. A training that was stopped goes on from its checkpoint with the same bits.',
    )
    .requiredOption('--data <path>', 'what is learnt from')
    .requiredOption('--out <model.onnx>', 'where to write the trained network')
    .option('--test <path>', 'what every epoch is judged by')
    .option('--loss <name>', 'crossEntropy, meanSquaredError or dice', 'crossEntropy')
    .option('--output <name>', 'the output that the loss reads; needed where there are several')
    .option('--optimizer <name>', 'sgd, adam or adamw', 'adam')
    .option('--learning-rate <x>', 'default 0.01 for sgd, else 0.001', numberOption('--learning-rate'))
    .option('--momentum <x>', 'of sgd; default 0.9', numberOption('--momentum'))
    .option('--weight-decay <x>', 'default 0, for adamw 0.01', numberOption('--weight-decay'))
    .option('--clip-norm <x>', 'largest norm of all gradients together', numberOption('--clip-norm'))
    .option('--epochs <n>', 'times that every example is seen', positiveInteger('--epochs'), 10)
    .option('--batch <n>', 'examples of a step', positiveInteger('--batch'), 32)
    .option(
      '--micro-batch <n>',
      'most examples in memory at a time; gradients of larger batches are added up',
      positiveInteger('--micro-batch'),
    )
    .option('--seed <n>', 'of the order of examples, of dropouts and changes', numberOption('--seed'), 0)
    .option('--flip', 'mirror every other example, left to right')
    .option('--shift <n>', 'shift examples by up to so many pixels', numberOption('--shift'), 0)
    .option('--frozen <names...>', 'beginnings of names of parameters that stay as they are')
    .option('--checkpoint <file>', 'written after every epoch, and on Ctrl-C')
    .option('--resume', 'go on from the checkpoint, if there is one')
    .option('--page <file.html>', 'write the loss curve and a table of the epochs')
    .addHelpText('after', examples)
    .action(run);
}

async function run(path: string, options: Options): Promise<void> {
  const [{ readOnnx, writeOnnx }, { Trainer }, { train }, { readDataset }] = await Promise.all([
    import('../../onnx/onnx.js'),
    import('../../training/trainer.js'),
    import('../../training/train.js'),
    import('../../training/data/read.js'),
  ]);
  const { resume, checkpoint, page, out, json } = options;
  if (resume && checkpoint === undefined) throw expected('--resume', 'beside --checkpoint', undefined);
  const graph = await readOnnx(path);
  const { output, clipNorm, frozen, seed, loss, microBatch } = options;
  const trainer = new Trainer(graph, {
    ...{ loss, seed, optimizer: optimizerOf(options), ...networkOptionsOf(options) },
    ...given({ output, clipNorm, frozen, microBatch }),
  });
  if (resume && existsSync(checkpoint!)) await trainer.load(checkpoint!);
  const [data, test] = [
    await readDataset(options.data, graph.inputs),
    options.test && (await readDataset(options.test, graph.inputs)),
  ];
  const stopping = new AbortController();
  const stop = () => stopping.abort(expected('the training', 'to go on', 'an interrupt'));
  process.once('SIGINT', stop);
  const bar = progressBar();
  const epochs = await train(trainer, data, {
    ...{
      epochs: options.epochs,
      batch: options.batch,
      seed,
      onProgress: bar.onProgress,
      signal: stopping.signal,
    },
    augment: { flip: options.flip ?? false, shift: options.shift },
    ...(test && { test }),
    ...given({ checkpoint }),
  }).finally(() => {
    bar.stop();
    process.off('SIGINT', stop);
  });
  await writeOnnx(out, trainer.graph());
  if (page !== undefined) await deliver(await pageOf(path, epochs), page);
  process.stdout.write(
    json ? `${JSON.stringify({ out, steps: trainer.steps, epochs })}\n` : tableOf(out, epochs),
  );
}

function optimizerOf({ optimizer, learningRate, momentum, weightDecay }: Options): OptimizerOptions {
  return { name: optimizer, ...given({ learningRate, momentum, weightDecay }) };
}

function networkOptionsOf({ threads, accuracy, effort, maxMemory }: Options) {
  // A trainer refuses numbers.
  const words = accuracy as Exclude<NetworkOptions['accuracy'], number>;
  return given({ threads, accuracy: words, effort, maxMemory });
}

async function pageOf(model: string, epochs: readonly Epoch[]): Promise<string> {
  const [{ trainingPage }, { native }, { packageVersion }] = await Promise.all([
    import('../../training/page.js'),
    import('../../native/addon.js'),
    import('../../support/package.js'),
  ]);
  const last = epochs.at(-1);
  return trainingPage({
    title: `Training of ${model}`,
    lead:
      last === undefined
        ? 'Nothing was left to do.'
        : `The mean loss of epoch ${last.epoch} was ${last.loss.toFixed(4)}${last.test ? `; ${(100 * last.test.top1).toFixed(1)} % of the test set were right` : ''}.`,
    epochs,
    footer: `winograd-nd ${packageVersion()} · ${native().cpuInfo().model}`,
  });
}

function tableOf(out: string, epochs: readonly Epoch[]): string {
  const table = plainTable();
  const percent = (share: number | undefined) =>
    right(share === undefined ? '' : `${(100 * share).toFixed(1)} %`);
  table.push(['epoch', right('loss'), right('test, top 1'), right('top 5'), right('samples/s')]);
  for (const { epoch, loss, test, samplesPerSecond } of epochs)
    table.push([
      `${epoch}`,
      right(loss.toFixed(4)),
      percent(test?.top1),
      percent(test?.top5),
      right(samplesPerSecond.toFixed(1)),
    ]);
  return lines([table.toString(), '', out]);
}

function numberOption(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value)) throw expected(name, 'a number', text);
    return value;
  };
}
