import { join } from 'node:path';
import { type Epoch, Network, Trainer, train, writeOnnx } from '../../src/index.js';
import { native } from '../../src/native/addon.js';
import { writeWhole } from '../../src/support/files.js';
import { given } from '../../src/support/given.js';
import type { LongOptions } from '../../src/support/long.js';
import { packageVersion } from '../../src/support/package.js';
import { trainingPage } from '../../src/training/page.js';
import { dataUri } from '../motion/pictures.js';
import { volumeNetwork } from './network.js';
import { classPng, colours, greyPng } from './pictures.js';
import { answersOf, bestThreshold, dice } from './score.js';
import { classes, renderVolumes } from './volumes.js';

/** What the demo can be told. */
export interface VolumeDemoOptions extends LongOptions {
  /** A folder that exists; gets the network, the page and the checkpoint. */
  readonly folder: string;
  /** Default 10. */
  readonly epochs?: number;
  /** Of weights, volumes and their order. Default 1. */
  readonly seed?: number;
  readonly threads?: number;
  /** Volumes that are learnt from, each of 32³ voxels. Default 160. */
  readonly volumes?: number;
  /** Voxels along each side of the volume that is segmented in the end: even. Default 96. */
  readonly size?: number;
  /** Goes on from the folder's checkpoint. */
  readonly resume?: boolean;
}

/** What came of it. */
export interface VolumeDemoReport {
  readonly epochs: readonly Epoch[];
  /** Dice coefficients of the classes but tissue, and of both together. */
  readonly dice: Readonly<Record<string, number>>;
  /** The same of the best threshold, which cannot tell classes apart. */
  readonly threshold: number;
  /** In all, and of segmenting the volume once it is planned. */
  readonly seconds: number;
  readonly milliseconds: number;
  readonly files: { readonly page: string; readonly network: string; readonly checkpoint: string };
}

/** Voxels along each side of what is learnt from. */
const SIDE = 32;
const BATCH = 4;
/** Slices on the page. */
const SLICES = 4;

/**
 * Trains a small 3-D U-Net to find vessels and nodules in volumes that are rendered here, and has it segment a larger one that it
 * has not seen.
 *
 * @throws InputError for options that do not fit; the system's error when the folder cannot be written
 */
export async function runVolumeDemo(options: VolumeDemoOptions): Promise<VolumeDemoReport> {
  const { folder, epochs = 10, seed = 1, threads, volumes = 160, size = 96, resume = false } = options;
  const files = {
    page: join(folder, 'volume.html'),
    network: join(folder, 'volume.onnx'),
    checkpoint: join(folder, 'volume.safetensors'),
  };
  const started = performance.now();
  const own = given({ threads });
  const trainer = new Trainer(volumeNetwork(seed), {
    loss: 'dice',
    optimizer: { name: 'adam', learningRate: 0.004 },
    schedule: (step) => Math.max(0.05, 1 - step / (epochs * Math.ceil(volumes / BATCH))),
    ...{ seed, ...own },
  });
  if (resume) await trainer.load(files.checkpoint);
  const learnt = renderVolumes(volumes, SIDE, 1000 * seed);
  const done = await train(
    trainer,
    { inputs: { volume: learnt.volume }, target: learnt.label },
    {
      ...{ epochs, batch: BATCH, seed, checkpoint: files.checkpoint, augment: { flip: true } },
      ...given({ signal: options.signal, onProgress: options.onProgress }),
    },
  );
  const { volume, label } = renderVolumes(1, size, 1000 * seed + 1);
  const network = new Network(trainer.graph(), own);
  await network.prepare({ volume: volume.shape });
  const { logits } = await network.run({ volume });
  const { milliseconds } = network.lastRun!;
  const answers = answersOf(logits!.data);
  const scores = {
    vessel: dice(answers, label.data, (c) => c === 1),
    nodule: dice(answers, label.data, (c) => c === 2),
    both: dice(answers, label.data, (c) => c > 0),
  };
  const threshold = bestThreshold(volume.data, label.data);
  const seconds = (performance.now() - started) / 1000;
  const page = await trainingPage({
    title: 'What is in the volume?',
    lead:
      `A 3-D U-Net of six convolutions learnt from ${volumes} rendered scans of ${SIDE}³ voxels to find vessels and nodules. In a volume of ` +
      `${size}³ voxels that it has not seen, segmented in ${milliseconds.toFixed(0)} ms, it overlaps with the truth by ${scores.vessel.toFixed(2)} (vessels) and ` +
      `${scores.nodule.toFixed(2)} (nodules) of Dice's coefficient; the best threshold of brightness reaches ${threshold.toFixed(2)} without telling ` +
      `them apart, where the network has ${scores.both.toFixed(2)}.`,
    epochs: done,
    examples: picturesOf(volume.data, label.data, answers, size),
    footer: `winograd-nd ${packageVersion()} · ${native().cpuInfo().model} · ${trainer.steps} steps, ${seconds.toFixed(1)} s in all`,
  });
  await writeOnnx(files.network, trainer.graph());
  await writeWhole(files.page, [Buffer.from(page)]);
  return { epochs: done, dice: scores, threshold, seconds, milliseconds, files };
}

/** Slices of a volume, beside what is there and what was found. */
function picturesOf(volume: Float32Array, truth: Float32Array, answers: Uint8Array, size: number): string {
  const key = classes
    .map((name, c) => (colours[c] ? `<b style="color: rgb(${colours[c].join()})">■</b> ${name}` : ''))
    .filter(Boolean)
    .join(', ');
  const rows = Array.from({ length: SLICES }, (_, i) => {
    const depth = Math.round(((i + 0.5) * size) / SLICES);
    const of = (label: ArrayLike<number>) => ({ volume, label, size, depth });
    const pictures = [
      [greyPng(of(truth)), `slice ${depth}`],
      [classPng(of(truth)), 'what is there'],
      [classPng(of(answers)), 'what was found'],
    ] as const;
    return pictures
      .map(
        ([png, caption]) =>
          `<figure><img alt="${caption}, slice ${depth}" src="${dataUri(png)}"><figcaption>${caption}</figcaption></figure>`,
      )
      .join('\n');
  });
  return `<h2>Slices</h2><p>${key}</p><div class="slices">${rows.join('\n')}</div>`;
}
