import { readFile } from 'node:fs/promises';
import { expected, InputError } from '../../../synth/errors.js';
import type { Graph, GraphInput } from '../../graph/graph.js';

/** The input of a network that has one. @throws InputError for any other */
export function onlyInput(inputs: Graph['inputs']): GraphInput {
  const [input, ...others] = inputs;
  if (input === undefined || others.length > 0)
    throw expected(
      'the network',
      'one of a single input, for images and records; .npz files serve others',
      inputs.map(({ name }) => name),
    );
  return input;
}

/** Bytes as numbers from −1 to 1. */
export function scaledBytes(bytes: ArrayLike<number>, to: Float32Array): void {
  for (let i = 0; i < bytes.length; i++) to[i] = bytes[i]! / 127.5 - 1;
}

/** An image as C×H×W. */
export interface Picture {
  readonly shape: readonly [number, number, number];
  readonly data: Float32Array;
}

/** Pixels in rows, their channels next to each other, from 0 to `most`. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly most: number;
  readonly data: ArrayLike<number>;
}

/** Shares of red, green and blue in the brightness that the eye sees (ITU-R BT.601). */
const LUMA = [0.299, 0.587, 0.114];

/**
 * Reads an image; what is see-through is taken as it is.
 *
 * @param channels 1 for brightness, 3 for red, green and blue; grey images serve for both
 * @throws InputError naming the path for what is no PNG or JPEG image
 */
export async function readImage(path: string, channels: 1 | 3): Promise<Picture> {
  const bytes = await readFile(path);
  let pixels: Pixels;
  try {
    pixels = await (/\.png$/i.test(path) ? decodedPng : decodedJpeg)(bytes);
  } catch (cause) {
    throw new InputError(`Expected ${path} to be an image but ${(cause as Error).message}`, { cause });
  }
  const { width, height, most } = pixels;
  const plane = width * height;
  const data = new Float32Array(channels * plane);
  const grey = pixels.channels < 3;
  for (let i = 0; i < plane; i++) {
    const colours = [0, 1, 2].map((c) => pixels.data[i * pixels.channels + (grey ? 0 : c)]!);
    const values = channels === 3 ? colours : [colours.reduce((sum, value, c) => sum + LUMA[c]! * value, 0)];
    for (const [c, value] of values.entries()) data[c * plane + i] = (2 * value) / most - 1;
  }
  return { shape: [channels, height, width], data };
}

async function decodedPng(bytes: Uint8Array): Promise<Pixels> {
  const { convertIndexedToRgb, decode } = await import('fast-png');
  const image = decode(bytes);
  const { width, height, palette, channels, depth, data } = image;
  if (palette !== undefined)
    return { width, height, channels: palette[0]!.length, most: 255, data: convertIndexedToRgb(image) };
  if (depth < 8) throw new Error(`has ${depth} bits a pixel; 8 and 16 are read`);
  return { width, height, channels, most: 2 ** depth - 1, data };
}

async function decodedJpeg(bytes: Uint8Array): Promise<Pixels> {
  const { default: jpeg } = await import('jpeg-js');
  const { width, height, data } = jpeg.decode(bytes, { useTArray: true, maxMemoryUsageInMB: 4096 });
  return { width, height, channels: 4, most: 255, data };
}
