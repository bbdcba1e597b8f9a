import { InputError } from '../../../synth/errors.js';
import { Tensor } from '../../tensor/tensor.js';
import { CsrMatrix } from '../csr.js';
import { conv2d } from './convolution.js';
import { checkMatrix, denseOf, isEmpty, type SystemMatrix, sizesOf } from './matrix.js';
import { type ParameterOptions, type Parameters, parametersOf } from './parameters.js';
import { countCall } from './statistics.js';

/** SystemML's bias_add: to each of N × KPQ the bias of its filter, K × 1. An empty bias adds nothing. */
export function biasAdd(
  input: SystemMatrix,
  bias: SystemMatrix,
  parameters: ParameterOptions | Parameters,
): Tensor {
  return withBias('bias_add', input, bias, parametersOf(parameters), (value, of) => value + of);
}

/** SystemML's bias_multiply: each of N × KPQ times the bias of its filter. */
export function biasMultiply(
  input: SystemMatrix,
  bias: SystemMatrix,
  parameters: ParameterOptions | Parameters,
): Tensor {
  return withBias('bias_multiply', input, bias, parametersOf(parameters), (value, of) => value * of);
}

/**
 * SystemML's conv2d_bias_add. Where X or the filter is empty the result is the bias alone; with an empty bias it is the
 * convolution.
 *
 * @throws InputError naming the operand that does not fit
 */
export async function conv2dBiasAdd(
  x: SystemMatrix,
  filter: SystemMatrix,
  bias: SystemMatrix,
  parameters: ParameterOptions | Parameters,
): Promise<Tensor> {
  const p = parametersOf(parameters);
  checkBias(bias, p);
  const convolved = await conv2d(x, filter, p);
  return isEmpty(bias) ? convolved : biasAdd(convolved, bias, p);
}

function withBias(
  name: string,
  input: SystemMatrix,
  bias: SystemMatrix,
  p: Parameters,
  combine: (value: number, bias: number) => number,
): Tensor {
  const { N, K, P, Q } = p;
  checkMatrix('the input', input, [N, K * P * Q], p);
  checkBias(bias, p);
  countCall(name, input instanceof CsrMatrix, bias instanceof CsrMatrix);
  const [values, biases] = [denseOf(input).data, denseOf(bias).data];
  const result = values.map((value, i) => combine(value, biases[Math.floor(i / (P * Q)) % K]!));
  return new Tensor(result, [N, K * P * Q]);
}

/** @throws InputError in SystemML's words */
function checkBias(bias: SystemMatrix, { K }: Parameters): void {
  const [rows, columns] = sizesOf(bias);
  if (rows !== K || columns !== 1)
    throw new InputError(`Incorrect shape of bias matrix: [${rows} ${columns}]. Expected: [${K}, 1]`);
}
