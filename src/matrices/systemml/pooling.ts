import { expected } from '../../../synth/errors.js';
import { Tensor } from '../../tensor/tensor.js';
import { CsrMatrix } from '../csr.js';
import { dense } from './convolution.js';
import { checkMatrix, denseOf, type SystemMatrix, sizesOf } from './matrix.js';
import { type ParameterOptions, type Parameters, parametersOf } from './parameters.js';
import { countCall } from './statistics.js';

/** What a window without any element gives: SystemML's −MAX_VALUE, in float32. */
const LEAST = -3.4028234663852886e38;

/** Whether windows may lie in the padding alone, which the pooling of graphs does not know. */
function hasLoneWindows({ R, S, padding }: Parameters): boolean {
  return padding[0] >= R || padding[1] >= S;
}

/** By the definition: for each window the place of the first of its largest elements, or −1 if it has none. */
function firstMaxima({ data }: Tensor, { N, C, H, W, R, S, P, Q, stride, padding }: Parameters): Int32Array {
  return Int32Array.from({ length: N * C * P * Q }, (_, window) => {
    const [plane, p, q] = [Math.floor(window / (P * Q)), Math.floor(window / Q) % P, window % Q];
    let found = -1;
    for (let r = 0; r < R; r++)
      for (let s = 0; s < S; s++) {
        const [h, w] = [p * stride[0] + r - padding[0], q * stride[1] + s - padding[1]];
        if (h < 0 || h >= H || w < 0 || w >= W) continue;
        const at = (plane * H + h) * W + w;
        if (found < 0 || data[at]! > data[found]!) found = at;
      }
    return found;
  });
}

/**
 * SystemML's maxpooling: X, N × CHW, to N × CPQ. Padding is no zero; a window that lies in it alone gives the least number.
 *
 * @throws InputError naming the operand that does not fit, with the parameters
 */
export async function maxPool(x: SystemMatrix, parameters: ParameterOptions | Parameters): Promise<Tensor> {
  const p = parametersOf(parameters);
  const { N, C, H, W, P, Q } = p;
  checkMatrix('X', x, [N, C * H * W], p);
  countCall('maxpooling', x instanceof CsrMatrix);
  const input = denseOf(x);
  if (hasLoneWindows(p)) {
    const maxima = firstMaxima(input, p);
    return new Tensor(
      Float32Array.from(maxima, (at) => (at < 0 ? LEAST : input.data[at]!)),
      [N, C * P * Q],
    );
  }
  const pooled = await dense('MaxPool', [input.reshape([N, C, H, W])], [N, C * P * Q], p);
  return new Tensor(
    pooled.data.map((value) => (value === Number.NEGATIVE_INFINITY ? LEAST : value)),
    pooled.shape,
  );
}

/** SystemML's relu_maxpooling: the maximum of a window and zero. @throws InputError as {@link maxPool} does */
export async function reluMaxPool(
  x: SystemMatrix,
  parameters: ParameterOptions | Parameters,
): Promise<Tensor> {
  const pooled = await maxPool(x, parameters);
  return new Tensor(
    pooled.data.map((value) => Math.max(value, 0)),
    pooled.shape,
  );
}

/**
 * SystemML's maxpooling_backward: the gradient of each window, N × CPQ, goes to the first of its largest elements; that of a
 * window without any is dropped.
 *
 * @throws InputError as {@link maxPool} does
 */
export async function maxPoolBackward(
  x: SystemMatrix,
  dout: SystemMatrix,
  parameters: ParameterOptions | Parameters,
): Promise<Tensor> {
  const p = parametersOf(parameters);
  const { N, C, H, W, P, Q } = p;
  checkMatrix('X', x, [N, C * H * W], p);
  checkMatrix('dout', dout, [N, C * P * Q], p);
  countCall('maxpooling_backward', x instanceof CsrMatrix, dout instanceof CsrMatrix);
  const [input, gradient] = [denseOf(x), denseOf(dout)];
  if (hasLoneWindows(p)) {
    const result = Tensor.zeros([N, C * H * W]);
    for (const [i, at] of firstMaxima(input, p).entries())
      if (at >= 0) result.data[at] = result.data[at]! + gradient.data[i]!;
    return result;
  }
  const operands = [gradient.reshape([N, C, P, Q]), input.reshape([N, C, H, W])];
  return dense('MaxPoolGradient', operands, [N, C * H * W], p);
}

/**
 * SystemML's relu_maxpooling_backward: the same after a ReLU, whose gradient is zero where X is not positive; so windows
 * without a positive element drop theirs.
 *
 * @throws InputError as {@link maxPool} does
 */
export async function reluMaxPoolBackward(
  x: SystemMatrix,
  dout: SystemMatrix,
  parameters: ParameterOptions | Parameters,
): Promise<Tensor> {
  const p = parametersOf(parameters);
  checkMatrix('dout', dout, [p.N, p.C * p.P * p.Q], p);
  const [largest, gradient] = [await maxPool(x, p), denseOf(dout)];
  const kept = new Tensor(
    gradient.data.map((value, i) => (largest.data[i]! > 0 ? value : 0)),
    gradient.shape,
  );
  return maxPoolBackward(x, kept, p);
}

/** SystemML's relu_backward: (X > 0) · dout. @throws InputError unless both are matrices of the same sizes */
export function reluBackward(x: SystemMatrix, dout: SystemMatrix): Tensor {
  const [wanted, found] = [sizesOf(x), sizesOf(dout)];
  if (wanted.join() !== found.join()) throw expected('dout', `of ${wanted.join(' × ')}, as X`, found);
  countCall('relu_backward', x instanceof CsrMatrix, dout instanceof CsrMatrix);
  const [values, gradient] = [denseOf(x).data, denseOf(dout).data];
  return new Tensor(
    gradient.map((value, i) => (values[i]! > 0 ? value : 0)),
    wanted,
  );
}
