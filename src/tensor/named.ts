import { expected } from '../../synth/errors.js';
import { Tensor } from './tensor.js';

/** Tensors by name, as files of weights hold them. */
export type NamedTensors = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

/** The same in a list. @throws InputError for what is no tensor, or is detached */
export function checkedTensors(tensors: NamedTensors): readonly (readonly [string, Tensor])[] {
  if (typeof tensors !== 'object' || tensors === null)
    throw expected('the tensors', 'a Map or an object of tensors by name', tensors);
  return [...(tensors instanceof Map ? tensors : Object.entries(tensors))].map(([name, tensor]) => {
    if (!(tensor instanceof Tensor)) throw expected(`tensor ${name}`, 'a Tensor', tensor);
    return [name, new Tensor(tensor.data, tensor.shape)];
  });
}
