import { expected } from '../../synth/errors.js';
import { native } from '../native/addon.js';
import { allocate, checkData, Tensor } from './tensor.js';

/** The array itself if the engine owns its memory, which a pass then keeps alive; else a copy that it does own. */
export function inEngineMemory(data: Float32Array): Float32Array {
  if (native().owns(data)) return data;
  const copy = allocate(data.length, false);
  copy.set(data);
  return copy;
}

/**
 * Checks where a result shall go.
 *
 * @param inputs what the pass reads meanwhile
 * @throws InputError unless it is a tensor of that shape in memory of the engine's, apart from the inputs
 */
export function validateOut(out: unknown, shape: readonly number[], inputs: readonly Tensor[]): void {
  const { data } = tensorOf('out', out, shape);
  if (!native().owns(data))
    throw expected(
      'out',
      "in memory of the library's own (Tensor.zeros(shape), a clone() or an earlier result)",
      out,
    );
  if (inputs.some((input) => overlap(data, input.data))) throw expected('out', 'apart from the input', out);
}

/** @throws InputError unless it is a tensor; for what a worker has posted it names the way to make it one */
export function validateTensor(input: unknown): asserts input is Tensor {
  if (input instanceof Tensor) return;
  const posted = typeof input === 'object' && input !== null && 'data' in input && 'shape' in input;
  throw expected('the input', posted ? 'a Tensor, which Tensor.fromMessage makes of it,' : 'a Tensor', input);
}

/** @throws InputError unless it is a tensor of that shape */
export function validateResidual(residual: unknown, shape: readonly number[]): void {
  tensorOf('residual', residual, shape);
}

function tensorOf(name: string, value: unknown, shape: readonly number[]): Tensor {
  if (!(value instanceof Tensor) || value.shape.join() !== shape.join())
    throw expected(
      name,
      `a Tensor of shape [${shape.join(', ')}]`,
      value instanceof Tensor ? [...value.shape] : value,
    );
  checkData(value.data, shape, `${name}'s data`);
  return value;
}

/** Whether two arrays have memory in common. */
export function overlap(a: Float32Array, b: Float32Array): boolean {
  if (a.buffer !== b.buffer) return false;
  return a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
}
