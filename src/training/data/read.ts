import { readdir, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { expected } from '../../../synth/errors.js';
import type { Graph } from '../../graph/graph.js';
import type { Dataset } from '../dataset.js';
import { readArchive, readArrays } from './arrays.js';
import { isCifarBatch, readCifar } from './cifar.js';
import { readClasses } from './classes.js';

/** One way in which examples lie in files. */
interface Format {
  readonly name: string;
  /** @param names of the files and folders in it; empty for a file. */
  readonly fits: (path: string, names: readonly string[]) => boolean;
  readonly read: (path: string, inputs: Graph['inputs']) => Promise<Dataset>;
}

/** In the order in which they are tried. To add one: a row here. */
const formats: readonly Format[] = [
  { name: 'a .npz file', fits: (path) => extname(path) === '.npz', read: readArchive },
  {
    name: 'CIFAR-10 in its binary format (a .bin file, or a folder with data_batch_1.bin and so on)',
    fits: (path, names) => extname(path) === '.bin' || names.some(isCifarBatch),
    read: readCifar,
  },
  {
    name: 'a folder with target.npy and an array for each input',
    fits: (_, names) => names.includes('target.npy'),
    read: readArrays,
  },
  {
    name: 'a folder with a folder of images (.png, .jpg) or clips (.npy) for each class',
    fits: (_, names) => names.length > 0,
    read: readClasses,
  },
];

/**
 * Reads examples to learn from, whole, into memory:
 *
 * - an `.npz` file, or a folder of `.npy` files, with an array for each input and `target`; their first axis is the examples;
 * - CIFAR-10's binary format (https://www.cs.toronto.edu/~kriz/cifar.html): a file of records, or the folder of which the
 *   `data_batch_*.bin` are read; N×3×32×32, colours from −1 to 1;
 * - a folder of folders, one for each class, in the order of their names: PNG and JPEG images as C×H×W with values from −1 to 1,
 *   grey where the network takes one channel, or `.npy` files of one example each, such as clips.
 *
 * @param inputs of the network; images and records are for networks of one
 * @throws InputError naming file and input for what does not fit; the system's error for what cannot be read
 */
export async function readDataset(path: string, inputs: Graph['inputs']): Promise<Dataset> {
  const names = (await stat(path)).isDirectory() ? await readdir(path) : [];
  const format = formats.find(({ fits }) => fits(path, names));
  if (format === undefined) throw expected('a dataset', formats.map(({ name }) => name).join('; or '), path);
  return format.read(path, inputs);
}
