import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { expected } from '../../../synth/errors.js';
import type { Graph, GraphInput } from '../../graph/graph.js';
import { readNpy } from '../../tensor/npy.js';
import { elementCount } from '../../tensor/shape.js';
import { allocate, Tensor } from '../../tensor/tensor.js';
import type { Dataset } from '../dataset.js';
import { onlyInput, readImage } from './images.js';

/** An example's numbers. */
interface Example {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const readers: Readonly<Record<string, (path: string, input: GraphInput) => Promise<Example>>> = {
  '.npy': readNpy,
  ...{ '.png': image, '.jpg': image, '.jpeg': image },
};

/** See `readDataset`. */
export async function readClasses(folder: string, inputs: Graph['inputs']): Promise<Dataset> {
  const input = onlyInput(inputs);
  const entries = await readdir(folder, { withFileTypes: true });
  const classes = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const files: { readonly path: string; readonly label: number }[] = [];
  for (const [label, name] of classes.entries())
    for (const file of (await readdir(join(folder, name))).sort())
      if (readerOf(file) !== undefined) files.push({ path: join(folder, name, file), label });
  if (files.length === 0)
    throw expected(
      folder,
      `folders of ${Object.keys(readers).join(', ')} files, one for each class`,
      classes,
    );
  const wanted = input.shape?.slice(1);
  let data: Float32Array | undefined;
  let shape: readonly number[] = [];
  for (const [i, { path }] of files.entries()) {
    const example = await readerOf(path)!(path, input);
    if (i === 0) shape = example.shape;
    checkShape(path, example.shape, i === 0 ? wanted : shape);
    data ??= allocate(files.length * example.data.length, false);
    data.set(example.data, i * elementCount(shape));
  }
  return {
    inputs: { [input.name]: new Tensor(data!, [files.length, ...shape]) },
    target: new Tensor(
      Float32Array.from(files, ({ label }) => label),
      [files.length],
    ),
  };
}

function readerOf(file: string) {
  return readers[extname(file).toLowerCase()];
}

/** @throws InputError unless sizes are those that are wanted; a name stands for any size */
function checkShape(
  path: string,
  shape: readonly number[],
  wanted: readonly (number | string)[] | undefined,
) {
  const fits =
    wanted === undefined ||
    (wanted.length === shape.length &&
      wanted.every((size, i) => typeof size === 'string' || size === shape[i]));
  if (!fits) throw expected(path, `of shape ${wanted!.join(' × ')}`, shape.join(' × '));
}

async function image(path: string, { name, shape }: GraphInput): Promise<Example> {
  const channels = shape?.[1];
  if (channels === 1 || channels === 3) return readImage(path, channels);
  throw expected(`input ${name}`, 'of 1 or 3 channels, for images', channels);
}
