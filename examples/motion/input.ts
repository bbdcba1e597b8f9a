import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { readNpy } from '../../src/tensor/npy.js';
import { expected } from '../../synth/errors.js';
import { assertFinite, type Clip, type ClipLimits } from './clip.js';
import { withFfmpeg } from './ffmpeg.js';
import { areaResize, fittedSize, type Size } from './resize.js';
import { readY4m } from './y4m.js';

type Reader = (path: string, limits: ClipLimits) => Promise<Clip>;

/** Formats known by their first bytes; whatever is none of them goes to ffmpeg. */
const formats: readonly { readonly magic: string; readonly read: Reader }[] = [
  { magic: 'YUV4MPEG2 ', read: (path, limits) => fromY4m(createReadStream(path), path, limits) },
  { magic: '\x93NUMPY', read: fromNpy },
  {
    magic: '',
    // One frame more than wanted, to learn whether the clip goes on.
    read: (path, limits) => withFfmpeg(path, limits.maxFrames + 1, (stream) => fromY4m(stream, path, limits)),
  },
];

/**
 * Reads a clip: YUV4MPEG2, a T×H×W array in NumPy's format, or any video when ffmpeg is installed.
 *
 * @throws InputError naming the file when it is none of these, or damaged; the system's error when unreadable
 */
export async function readClip(path: string, limits: ClipLimits): Promise<Clip> {
  const start = await firstBytes(path);
  return formats.find(({ magic }) => start.startsWith(magic))!.read(path, limits);
}

async function firstBytes(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    if ((await file.stat()).isDirectory()) throw expected(path, 'a clip', 'a folder');
    const { bytesRead, buffer } = await file.read(Buffer.alloc(16));
    if (bytesRead === 0) throw expected(path, 'a clip', 'an empty file');
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function fromY4m(stream: AsyncIterable<Uint8Array>, path: string, limits: ClipLimits): Promise<Clip> {
  const frames = new FrameCollector(path, limits);
  const { more } = await readY4m(stream, path, limits.maxFrames, (luma, size) => frames.add(luma, size));
  return frames.clip(
    more ? `Only the first ${limits.maxFrames} frames were used (--max-frames).` : undefined,
  );
}

async function fromNpy(path: string, limits: ClipLimits): Promise<Clip> {
  const { data, shape } = await readNpy(path);
  const [count, height, width] = shape;
  if (shape.length !== 3 || !count || !height || !width)
    throw expected(`the shape of ${path}`, 'frames × height × width, none of them 0', shape);
  const used = data.subarray(0, Math.min(count, limits.maxFrames) * height * width);
  assertFinite(used, path);
  const { luma, note } = toLuma(used);
  const frames = new FrameCollector(path, limits);
  for (let start = 0; start < luma.length; start += height * width)
    frames.add(luma.subarray(start, start + height * width), { height, width });
  const left = count > limits.maxFrames;
  return frames.clip(
    left ? `Only the first ${limits.maxFrames} of ${count} frames were used (--max-frames).` : undefined,
    note,
  );
}

/** An array has no agreed range: 0 to 255 stays, 0 to 1 is taken as a share of white, all else is stretched. */
function toLuma(values: Float32Array): { luma: Float32Array; note?: string } {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low >= 0 && high <= 1) return { luma: values.map((value) => 255 * value) };
  if (low >= 0 && high <= 255) return { luma: values };
  const scale = high > low ? 255 / (high - low) : 0;
  return {
    luma: values.map((value) => (value - low) * scale),
    note: `Values from ${low} to ${high} were stretched to 0 to 255.`,
  };
}

/** Gathers frames of one size, made smaller on the way where they have to be. */
class FrameCollector {
  readonly #pictures: Float32Array[] = [];
  #from: Size | undefined;
  #to: Size = { height: 0, width: 0 };
  #resize: (picture: ArrayLike<number>) => Float32Array = Float32Array.from;

  constructor(
    readonly path: string,
    readonly limits: ClipLimits,
  ) {}

  add(luma: ArrayLike<number>, { height, width }: Size): void {
    if (!this.#from) {
      this.#from = { height, width };
      this.#to = fittedSize(this.#from, this.limits.maxSize);
      this.#resize = areaResize(this.#from, this.#to);
    }
    this.#pictures.push(this.#resize(luma));
  }

  clip(...notes: readonly (string | undefined)[]): Clip {
    const { height, width } = this.#to;
    const luma = new Float32Array(this.#pictures.length * height * width);
    this.#pictures.forEach((picture, frame) => {
      luma.set(picture, frame * height * width);
    });
    const [from, name] = [this.#from!, basename(this.path)];
    const smaller =
      from.width === width && from.height === height
        ? undefined
        : `Frames of ${from.width}×${from.height} were averaged down to ${width}×${height} (--max-size).`;
    const said = [smaller, ...notes].filter((note) => note !== undefined);
    return { name, frames: this.#pictures.length, height, width, luma, notes: said };
  }
}
