import { Conv3d } from '../../src/layers/layers.js';
import { native } from '../../src/native/addon.js';
import { packageVersion } from '../../src/support/package.js';
import { Tensor } from '../../src/tensor/tensor.js';
import { chunkInput, chunksOf } from './chunks.js';
import { assertCovers, type Clip, type ClipLimits } from './clip.js';
import { compareAlgorithms } from './compare.js';
import { reportFiles } from './files.js';
import { type GaborBank, gaborBank } from './gabor.js';
import { readClip } from './input.js';
import { estimateMotion, type MotionField, motionField } from './motion.js';
import { assertWritable, writeFolder } from './output.js';
import { renderScene, type SceneOptions } from './render.js';
import type { DemoReport } from './report.js';
import { refine, scalesOf } from './scales.js';
import { scoreMotion } from './score.js';

/** What the demo can be told. */
export interface DemoOptions extends ClipLimits {
  /** A clip to read; a scene is rendered without one. */
  readonly input?: string;
  /** Size and looks of the scene that is rendered. */
  readonly scene?: SceneOptions;
  /** The folder to write. */
  readonly folder: string;
  /** Default: as many as the system grants. */
  readonly threads?: number;
}

/** Told while the demo runs: what it does, and how much of that is done. */
export type Progress = (stage: string, done: number, all: number) => void;

/** Frames, rows and columns of a filter: one and a half waves across, and long enough to tell the speeds apart. */
const kernel = [7, 9, 9] as const;
/** Cycles per pixel, and pixels per frame: the fastest moves a third of a wave each frame. */
const frequency = 0.18;
const speeds = [1, 2] as const;

/**
 * The whole demo: clip → one 3-D convolution layer → motion energy → direction of every pixel → page.
 *
 * @returns what was found, as also written to the folder
 * @throws InputError for a clip that cannot be read or is smaller than the filters, or a folder that is in the way;
 *   the system's error when the folder cannot be written. Nothing is left behind then.
 */
export async function runDemo(options: DemoOptions, progress: Progress = () => {}): Promise<DemoReport> {
  await assertWritable(options.folder);
  progress('clip', 0, 1);
  const clip =
    options.input === undefined ? renderScene(options.scene) : await readClip(options.input, options);
  const bank = gaborBank({ kernel, frequency, speeds });
  assertCovers(clip, bank.kernel);
  progress('clip', 1, 1);

  const layers = {
    winograd: bankLayer(bank, 'winograd', options.threads),
    direct: bankLayer(bank, 'direct', options.threads),
  };
  const [first] = chunksOf(clip, bank);
  const comparison = await compareAlgorithms(layers, chunkInput(clip, bank, first!), bank, (done, all) =>
    progress('timing', done, all),
  );
  const scales = scalesOf(clip);
  const field = await findMotion(scales, bank, layers.winograd, progress);

  const cpu = native().cpuInfo();
  const plan = layers.winograd.plan(comparison.inputShape);
  const report: DemoReport = {
    clip: { name: clip.name, frames: clip.frames, height: clip.height, width: clip.width, notes: clip.notes },
    bank: { kernel, filters: 2 * bank.pairs.length, frequency, pairs: bank.pairs },
    ...(clip.truth && { score: scoreMotion(field, clip.truth) }),
    comparison,
    machine: { cpu: cpu.model, isa: plan.isa, threads: plan.threads },
    version: packageVersion(),
  };
  const files = reportFiles(report, bank, clip, field, (done, all) => progress('pictures', done, all));
  await writeFolder(options.folder, files);
  return report;
}

/** The bank as a layer: the picture is padded by grey at its sides, time is not padded. */
function bankLayer(bank: GaborBank, algorithm: 'winograd' | 'direct', threads: number | undefined): Conv3d {
  const [, rows, columns] = bank.kernel;
  const filters = 2 * bank.pairs.length;
  return new Conv3d(
    {
      inChannels: 1,
      outChannels: filters,
      kernelSize: bank.kernel,
      padding: [0, (rows - 1) / 2, (columns - 1) / 2],
      algorithm,
      ...(threads !== undefined && { threads }),
    },
    { weight: new Tensor(bank.weight, [filters, 1, ...bank.kernel]) },
  );
}

/** The motion at every scale, from the coarsest to the clip's own, each refined by what the coarser ones found. */
async function findMotion(
  scales: readonly Clip[],
  bank: GaborBank,
  layer: Conv3d,
  progress: Progress,
): Promise<MotionField> {
  const total = scales.reduce((sum, { luma }) => sum + luma.length, 0);
  let done = 0;
  let field: MotionField | undefined;
  for (const clip of scales.toReversed()) {
    const before = done;
    const finer = await motionAt(clip, bank, layer, (share) =>
      progress('motion', before + share * clip.luma.length, total),
    );
    if (field !== undefined) refine(finer, field);
    field = finer;
    done += clip.luma.length;
  }
  return field!;
}

/** Runs the layer over one scale, chunk by chunk, and turns its answers into motion. */
async function motionAt(
  clip: Clip,
  bank: GaborBank,
  layer: Conv3d,
  onShare: (share: number) => void,
): Promise<MotionField> {
  const { height, width } = clip;
  const field = motionField(clip.frames - bank.kernel[0] + 1, height, width);
  let answers: Tensor | undefined;
  for (const chunk of chunksOf(clip, bank)) {
    onShare(chunk.first / field.frames);
    const input = chunkInput(clip, bank, chunk);
    // Memory is taken once for all chunks of one length: fresh pages cost more than the layer's last stage.
    const fits = answers?.shape[2] === chunk.frames;
    answers = await layer.forward(input, fits ? answers : undefined);
    estimateMotion({ data: answers.data, frames: chunk.frames, height, width }, bank, field, chunk.first);
  }
  onShare(1);
  return field;
}
