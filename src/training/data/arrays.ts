import { join } from 'node:path';
import type { Graph } from '../../graph/graph.js';
import { readNpy } from '../../tensor/npy.js';
import { readNpz } from '../../tensor/npz.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { Dataset } from '../dataset.js';

const TARGET = 'target';

/** See `readDataset`. */
export async function readArchive(path: string, inputs: Graph['inputs']): Promise<Dataset> {
  return datasetOf(inputs, await readNpz(path, [...inputs.map(({ name }) => name), TARGET]));
}

/** See `readDataset`. */
export async function readArrays(folder: string, inputs: Graph['inputs']): Promise<Dataset> {
  const tensors = new Map<string, Tensor>();
  for (const name of [...inputs.map((input) => input.name), TARGET])
    tensors.set(name, await readNpy(join(folder, `${name}.npy`)));
  return datasetOf(inputs, tensors);
}

function datasetOf(inputs: Graph['inputs'], tensors: ReadonlyMap<string, Tensor>): Dataset {
  return {
    inputs: Object.fromEntries(inputs.map(({ name }) => [name, tensors.get(name)!])),
    target: tensors.get(TARGET)!,
  };
}
