import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expected } from '../../../synth/errors.js';
import type { Graph } from '../../graph/graph.js';
import { allocate, Tensor } from '../../tensor/tensor.js';
import type { Dataset } from '../dataset.js';
import { onlyInput, scaledBytes } from './images.js';

/** A record: its class, then 32 rows of 32 pixels in red, in green and in blue. */
const SHAPE = [3, 32, 32] as const;
const PIXELS = 3 * 32 * 32;
const RECORD = 1 + PIXELS;
const CLASSES = 10;

/** Whether a file is one of those that a network learns from. */
export const isCifarBatch = (name: string) => /^data_batch_\d+\.bin$/.test(name);

/** See `readDataset`. */
export async function readCifar(path: string, inputs: Graph['inputs']): Promise<Dataset> {
  const input = onlyInput(inputs);
  const folder = (await stat(path)).isDirectory();
  const names = folder ? (await readdir(path)).filter(isCifarBatch).sort() : [];
  const files = folder ? names.map((name) => join(path, name)) : [path];
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  for (const [i, size] of sizes.entries())
    if (size === 0 || size % RECORD !== 0)
      throw expected(files[i]!, `records of ${RECORD} bytes, as CIFAR-10 has them`, `${size} bytes`);
  const count = sizes.reduce((sum, size) => sum + size / RECORD, 0);
  const data = allocate(count * PIXELS, false);
  const labels = new Float32Array(count);
  let at = 0;
  for (const file of files) {
    const bytes = await readFile(file);
    for (let from = 0; from < bytes.length; from += RECORD, at++) {
      labels[at] = bytes[from]!;
      if (labels[at]! >= CLASSES) throw expected(`a class of ${file}`, `below ${CLASSES}`, labels[at]);
      scaledBytes(bytes.subarray(from + 1, from + RECORD), data.subarray(at * PIXELS));
    }
  }
  return {
    inputs: { [input.name]: new Tensor(data, [count, ...SHAPE]) },
    target: new Tensor(labels, [count]),
  };
}
