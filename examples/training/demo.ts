import { join } from 'node:path';
import { encode } from 'fast-png';
import { type Epoch, Network, type Tensor, Trainer, train, writeOnnx } from '../../src/index.js';
import { native } from '../../src/native/addon.js';
import { writeWhole } from '../../src/support/files.js';
import type { LongOptions } from '../../src/support/long.js';
import { packageVersion } from '../../src/support/package.js';
import { batchOf } from '../../src/training/dataset.js';
import { trainingPage } from '../../src/training/page.js';
import { scoreOf } from '../../src/training/train.js';
import { arrowSigns } from '../motion/format.js';
import { dataUri } from '../motion/pictures.js';
import { directions, frames, renderClips, side } from './clips.js';
import { motionNetwork } from './network.js';

/** What the demo can be told. */
export interface TrainingDemoOptions extends LongOptions {
  /** A folder that exists; gets the network, the page and the checkpoint. */
  readonly folder: string;
  /** Default 6. */
  readonly epochs?: number;
  /** Of weights, clips and their order. Default 1. */
  readonly seed?: number;
  readonly threads?: number;
  /** Clips that are learnt from, and that the network is judged by. Default 2000 and 400. */
  readonly clips?: number;
  readonly held?: number;
  /** Goes on from the folder's checkpoint. */
  readonly resume?: boolean;
}

/** What came of it. */
export interface TrainingDemoReport {
  readonly epochs: readonly Epoch[];
  /** Share of the held-out clips whose direction was found. */
  readonly accuracy: number;
  readonly seconds: number;
  readonly files: { readonly page: string; readonly network: string; readonly checkpoint: string };
}

/** Clips on the page. */
const shown = 16;

/**
 * Trains a 3-D network to tell in which of eight directions a texture drifts, on clips that are rendered here.
 *
 * @throws InputError for options that do not fit; the system's error when the folder cannot be written
 */
export async function runTrainingDemo(options: TrainingDemoOptions): Promise<TrainingDemoReport> {
  const { folder, epochs = 6, seed = 1, threads, clips = 2000, held = 400, resume = false } = options;
  const files = {
    page: join(folder, 'training.html'),
    network: join(folder, 'motion.onnx'),
    checkpoint: join(folder, 'motion.safetensors'),
  };
  const started = performance.now();
  const trainer = new Trainer(motionNetwork(seed), {
    loss: 'crossEntropy',
    optimizer: { name: 'adam', learningRate: 0.003 },
    schedule: (step) => Math.max(0.05, 1 - step / (epochs * Math.ceil(clips / 32))),
    seed,
    ...(threads !== undefined && { threads }),
  });
  if (resume) await trainer.load(files.checkpoint);
  const learnt = renderClips(clips, 1000 * seed);
  const { clip, label } = renderClips(held, 1000 * seed + 1);
  const test = { inputs: { clip }, target: label };
  const done = await train(
    trainer,
    { inputs: { clip: learnt.clip }, target: learnt.label },
    {
      ...{ epochs, seed, checkpoint: files.checkpoint, test },
      ...(options.signal && { signal: options.signal }),
      ...(options.onProgress && { onProgress: options.onProgress }),
    },
  );
  const network = new Network(trainer.graph(), threads === undefined ? {} : { threads });
  const some = batchOf(
    test,
    Int32Array.from({ length: Math.min(shown, held) }, (_, i) => i),
  );
  const { logits } = await network.run(some.inputs);
  const { top1: accuracy } = done.at(-1)?.test ?? (await scoreOf(trainer, test, shown));
  const seconds = (performance.now() - started) / 1000;
  const page = await trainingPage({
    title: 'Which way does it move?',
    lead:
      `A 3-D network of three convolutions learnt from ${clips} rendered clips of ${frames} frames of ${side} × ${side} pixels to tell ` +
      `eight directions of motion apart. It is right on ${(100 * accuracy).toFixed(1)} % of ${held} clips that it has not seen.`,
    epochs: done,
    examples: picturesOf(clip, answersOf(logits!), label),
    footer: `winograd-nd ${packageVersion()} · ${native().cpuInfo().model} · ${trainer.steps} steps in ${seconds.toFixed(1)} s`,
  });
  await writeOnnx(files.network, trainer.graph());
  await writeWhole(files.page, [Buffer.from(page)]);
  return { epochs: done, accuracy, seconds, files };
}

/** The class with the largest output, clip by clip. */
function answersOf({ shape, data }: Tensor): number[] {
  const [clips = 0, classes = 1] = shape;
  return Array.from({ length: clips }, (_, i) => {
    const row = data.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(row.reduce((most, each) => Math.max(most, each)));
  });
}

/** The first frames of some clips, with the answers and, where they are wrong, the truth. */
function picturesOf({ data }: Tensor, answers: readonly number[], truth: Tensor): string {
  const figures = answers.map((answer, i) => {
    const pixels = data.subarray(i * frames * side ** 2, i * frames * side ** 2 + side ** 2);
    const grey = Uint8Array.from(pixels, (value) => Math.min(255, Math.max(0, 128 + 45 * value)));
    const source = dataUri(encode({ width: side, height: side, data: grey, channels: 1 }));
    const right = truth.data[i]!;
    const said = `${arrowSigns[answer]} ${directions[answer]}`;
    const caption = answer === right ? said : `${said}, but it is ${arrowSigns[right]}`;
    return `<figure><img alt="first frame of a clip that moves ${directions[right]}" src="${source}"><figcaption>${caption}</figcaption></figure>`;
  });
  return `<h2>Answers</h2><p>First frames of clips that were held out, and which way the network says they go.</p><div class="answers">${figures.join('\n')}</div>`;
}
