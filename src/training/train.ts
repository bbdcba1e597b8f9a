import { expected } from '../../synth/errors.js';
import { checkOptions, type OptionNames } from '../../synth/options.js';
import { randomNumbers } from '../../synth/random.js';
import { Network } from '../network/network.js';
import type { LongOptions } from '../support/long.js';
import { elementCount } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import {
  type Augmentation,
  batchOf,
  countExamples,
  type Dataset,
  orderOf,
  validateAugmentation,
} from './dataset.js';
import type { Trainer } from './trainer.js';

/** How long and on what a trainer goes on. */
export interface TrainOptions extends LongOptions {
  /** Times that every example is seen, those before a checkpoint included. */
  readonly epochs: number;
  /** Examples of a step. Default 32; the last of an epoch may be smaller. */
  readonly batch?: number;
  /** Of the order of examples and of augmentation; an integer, default 0. */
  readonly seed?: number;
  /** Examples that are not learnt from, on which every epoch is judged. */
  readonly test?: Dataset;
  readonly augment?: Augmentation;
  /** A file that gets the trainer's state after every epoch, and when the signal ends the training. */
  readonly checkpoint?: string;
  /** Told of every epoch when it is done. What it throws ends the training. */
  readonly onEpoch?: (epoch: Epoch) => void;
}

const optionNames: OptionNames<TrainOptions> = {
  ...{ epochs: true, batch: true, seed: true, test: true, augment: true, checkpoint: true },
  ...{ onEpoch: true, onProgress: true, signal: true },
};

/** How an epoch went. */
export interface Epoch {
  /** From 1 on. */
  readonly epoch: number;
  /** Mean of its steps' losses, each before its update. */
  readonly loss: number;
  /** Of each of its steps that was done in this call. */
  readonly losses: readonly number[];
  /** Examples a second, while they were learnt from. */
  readonly samplesPerSecond: number;
  /** On the test set, after the epoch. */
  readonly test?: Score;
}

/** How right a network is. */
export interface Score {
  /** Share of positions whose class has the largest output, and whose class is among the five largest. */
  readonly top1: number;
  readonly top5: number;
}

/**
 * Trains over a dataset, epoch by epoch. The order of examples and their changes follow from the seed, so that a training
 * that was stopped goes on from its checkpoint with the same bits.
 *
 * @returns what was done; nothing where the trainer has had so many epochs already
 * @throws InputError for options and data that do not fit; the signal's reason when it was aborted, after the checkpoint was
 *   written; the system's error when that cannot be done
 */
export async function train(
  trainer: Trainer,
  data: Dataset,
  options: TrainOptions,
): Promise<readonly Epoch[]> {
  checkOptions('a training', options, optionNames);
  const { epochs, batch = 32, seed = 0, test, checkpoint, signal, onProgress, onEpoch } = options;
  for (const [name, value] of Object.entries({ epochs, batch }))
    if (!Number.isInteger(value) || value < 1) throw expected(name, 'a positive integer', value);
  if (!Number.isSafeInteger(seed)) throw expected('seed', 'an integer', seed);
  const augment = options.augment && validateAugmentation(options.augment);
  const count = countExamples(data);
  if (test !== undefined) countExamples(test);
  const stepsPerEpoch = Math.ceil(count / batch);
  const total = epochs * stepsPerEpoch;
  const done: Epoch[] = [];
  try {
    while (trainer.steps < total) {
      const epoch = Math.floor(trainer.steps / stepsPerEpoch);
      const order = orderOf(count, seed, epoch);
      const losses: number[] = [];
      let [seconds, samples] = [0, 0];
      for (let step = trainer.steps % stepsPerEpoch; step < stepsPerEpoch; step++) {
        const random = randomNumbers(Math.imul(epoch * stepsPerEpoch + step + 1, 0xc2b2ae35) ^ seed);
        const examples = order.subarray(step * batch, Math.min(count, (step + 1) * batch));
        const { inputs, target } = batchOf(data, examples, augment, random);
        const before = performance.now();
        const { loss } = await trainer.step(inputs, target, signal === undefined ? {} : { signal });
        // The first step on a shape plans; it says nothing about speed.
        if (losses.push(loss) > 1) {
          seconds += (performance.now() - before) / 1000;
          samples += examples.length;
        }
        onProgress?.({ what: `epoch ${epoch + 1}, loss ${loss.toFixed(3)}`, done: trainer.steps, total });
      }
      const score = test && (await scoreOf(trainer, test, batch, signal));
      const made: Epoch = {
        ...{ epoch: epoch + 1, losses, loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length },
        samplesPerSecond: seconds === 0 ? 0 : samples / seconds,
        ...(score && { test: score }),
      };
      done.push(made);
      if (checkpoint !== undefined) await trainer.save(checkpoint);
      onEpoch?.(made);
    }
  } catch (error) {
    if (signal?.aborted && checkpoint !== undefined) await trainer.save(checkpoint);
    throw error;
  }
  return done;
}

/** How right the network is now on some examples, batch by batch. Output: N × classes × pixels. */
export async function scoreOf(
  trainer: Trainer,
  data: Dataset,
  batch: number,
  signal?: AbortSignal,
): Promise<Score> {
  const count = countExamples(data);
  const network = new Network(trainer.graph(), trainer.networkOptions);
  let [first, five, all] = [0, 0, 0];
  for (let from = 0; from < count; from += batch) {
    const examples = Int32Array.from({ length: Math.min(batch, count - from) }, (_, i) => from + i);
    const { inputs, target } = batchOf(data, examples);
    const results = await network.run(inputs, signal === undefined ? {} : { signal });
    const ranks = ranksOf(results[trainer.output]!, target);
    all += ranks.length;
    for (const rank of ranks) {
      if (rank < 1) first++;
      if (rank < 5) five++;
    }
  }
  network.dispose();
  return { top1: first / all, top5: five / all };
}

/** For every position, how many classes have a larger output than the right one, or the same and come before it. */
function ranksOf({ shape, data }: Tensor, target: Tensor): number[] {
  const [images = 1, classes = 1, ...rest] = shape;
  const pixels = elementCount(rest);
  if (target.shape.join() !== [images, ...rest].join())
    throw expected(
      'the target',
      `numbers of classes, of shape [${[images, ...rest].join(', ')}]`,
      target.shape,
    );
  return Array.from(target.data, (label, i) => {
    const [image, pixel] = [Math.floor(i / pixels), i % pixels];
    const at = (c: number) => data[(image * classes + c) * pixels + pixel]!;
    const own = at(label);
    let rank = 0;
    for (let c = 0; c < classes; c++) if (at(c) > own || (at(c) === own && c < label)) rank++;
    return Number.isNaN(own) || own === undefined ? classes : rank;
  });
}
