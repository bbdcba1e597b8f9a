import { Tensor } from '../../src/tensor/tensor.js';
import type { Clip } from './clip.js';
import type { GaborBank } from './gabor.js';

/** A run of frames that goes through the layer at once. */
export interface Chunk {
  /** First frame of the clip that the filters see; their answers start half a filter later. */
  readonly first: number;
  /** Frames of answers; the filters see (frames of a filter − 1) more. */
  readonly frames: number;
}

/** Bytes of answers held at once, at most (but for one frame): keeps a long or large clip within memory. */
const answerBytes = 192 * 2 ** 20;

/**
 * Cuts the clip into runs whose answers fit in memory, as even as can be. In time the filters stay inside the
 * clip, so there are (frames of a filter − 1) fewer frames of answers than frames.
 */
export function chunksOf(clip: Clip, bank: GaborBank): Chunk[] {
  const answers = clip.frames - bank.kernel[0] + 1;
  const perFrame = 4 * 2 * bank.pairs.length * clip.height * clip.width;
  const most = Math.max(1, Math.floor(answerBytes / perFrame));
  const count = Math.ceil(answers / most);
  return Array.from({ length: count }, (_, index) => {
    const [first, end] = [Math.floor((index * answers) / count), Math.floor(((index + 1) * answers) / count)];
    return { first, frames: end - first };
  });
}

/**
 * What the layer sees of a chunk: 1 × 1 × frames × height × width, luma from 0 to 1 less 0.5, so that the zeros
 * around the picture are its middle grey.
 */
export function chunkInput(clip: Clip, bank: GaborBank, chunk: Chunk): Tensor {
  const { height, width } = clip;
  const frames = chunk.frames + bank.kernel[0] - 1;
  const input = Tensor.zeros([1, 1, frames, height, width]);
  const start = chunk.first * height * width;
  const luma = clip.luma.subarray(start, start + input.size);
  for (let i = 0; i < luma.length; i++) input.data[i] = luma[i]! / 255 - 0.5;
  return input;
}
