import { Builder } from '../../graph/builder.js';
import { Network } from '../../network/network.js';
import { BoundedMap } from '../../support/bounded-map.js';
import { Tensor } from '../../tensor/tensor.js';
import { CsrMatrix } from '../csr.js';
import { byDefinition } from './definition.js';
import { checkMatrix, denseOf, inBestForm, isEmpty, type SystemMatrix } from './matrix.js';
import { type ParameterOptions, type Parameters, parametersOf } from './parameters.js';
import { multiplySparse, rowAsMatrix, scratch, turned, unfold, unfoldedRow } from './sparse.js';
import { countCall, timed } from './statistics.js';

/**
 * SystemML's conv2d: X, N × CHW, by filters, K × CRS, to N × KPQ. Dense operands run as any layer does, by Winograd where
 * that is faster; a sparse one by its non-zeros (of two the filter's).
 *
 * @returns dense; all zero where X or the filter is
 * @throws InputError naming an operand that does not fit, with the parameters
 */
export async function conv2d(
  givenX: SystemMatrix,
  givenFilter: SystemMatrix,
  parameters: ParameterOptions | Parameters,
): Promise<Tensor> {
  const p = parametersOf(parameters);
  const { N, C, H, W, K, R, S, P, Q } = p;
  checkMatrix('X', givenX, [N, C * H * W], p);
  checkMatrix('the filter', givenFilter, [K, C * R * S], p);
  const [x, filter] = [inBestForm(givenX, 'image', p), inBestForm(givenFilter, 'filter', p)];
  countCall('conv2d', x instanceof CsrMatrix, filter instanceof CsrMatrix);
  const shape = [N, K * P * Q] as const;
  if (isEmpty(x) || isEmpty(filter)) return Tensor.zeros(shape);
  if (p.precision === 'double') return byDefinition('forward', denseOf(x), denseOf(filter), shape, p);
  const result = Tensor.zeros(shape);
  if (filter instanceof CsrMatrix) {
    const dense = denseOf(x);
    const columns = scratch(C * R * S, P * Q);
    for (let n = 0; n < N; n++) {
      await timed('im2col', () => unfold('im2col', rowOf(dense, n), columns, p));
      await timed('product', () => rowInto(result, n, (to) => multiplySparse(filter, columns, P * Q, to, p)));
    }
    return result;
  }
  if (x instanceof CsrMatrix) {
    const weights = scratch(C * R * S, K);
    turned(filter.data, K, C * R * S, weights);
    const product = scratch(P * Q, K);
    for (let n = 0; n < N; n++) {
      const columns = await timed('im2col', () => unfoldedRow(x, n, p).transposed());
      await timed('product', () => multiplySparse(columns, weights, K, product, p));
      turned(product, P * Q, K, rowOf(result, n));
    }
    return result;
  }
  return dense('Conv', [x.reshape([N, C, H, W]), filter.reshape([K, C, R, S])], shape, p);
}

/**
 * SystemML's conv2d_backward_data: of filters, K × CRS, and the gradient of the result, N × KPQ, that of X, N × CHW
 * (rotate180 and col2im there; the transposed convolution here).
 *
 * @throws InputError as {@link conv2d} does
 */
export async function conv2dBackwardData(
  givenFilter: SystemMatrix,
  givenDout: SystemMatrix,
  parameters: ParameterOptions | Parameters,
): Promise<Tensor> {
  const p = parametersOf(parameters);
  const { N, C, H, W, K, R, S, P, Q } = p;
  checkMatrix('the filter', givenFilter, [K, C * R * S], p);
  checkMatrix('dout', givenDout, [N, K * P * Q], p);
  const [filter, dout] = [inBestForm(givenFilter, 'filter', p), inBestForm(givenDout, 'image', p)];
  countCall('conv2d_backward_data', filter instanceof CsrMatrix, dout instanceof CsrMatrix);
  const shape = [N, C * H * W] as const;
  if (isEmpty(filter) || isEmpty(dout)) return Tensor.zeros(shape);
  if (p.precision === 'double') return byDefinition('data', denseOf(filter), denseOf(dout), shape, p);
  const result = Tensor.zeros(shape);
  const columns = scratch(C * R * S, P * Q);
  if (filter instanceof CsrMatrix) {
    const weights = filter.transposed();
    const gradient = denseOf(dout);
    for (let n = 0; n < N; n++) {
      await timed('product', () => multiplySparse(weights, rowOf(gradient, n), P * Q, columns, p));
      await timed('col2im', () => rowInto(result, n, (to) => unfold('col2im', columns, to, p)));
    }
    return result;
  }
  if (dout instanceof CsrMatrix) {
    const product = scratch(P * Q, C * R * S);
    for (let n = 0; n < N; n++) {
      const gradient = rowAsMatrix(dout, n, K).transposed();
      await timed('product', () => multiplySparse(gradient, filter.data, C * R * S, product, p));
      turned(product, P * Q, C * R * S, columns);
      await timed('col2im', () => rowInto(result, n, (to) => unfold('col2im', columns, to, p)));
    }
    return result;
  }
  const rest = [
    H + 2 * p.padding[0] - R - (P - 1) * p.stride[0],
    W + 2 * p.padding[1] - S - (Q - 1) * p.stride[1],
  ];
  const operands = [dout.reshape([N, K, P, Q]), filter.reshape([K, C, R, S])];
  return dense('ConvTranspose', operands, shape, p, { output_padding: rest });
}

/**
 * SystemML's conv2d_backward_filter: of X, N × CHW, and the gradient of the result, N × KPQ, that of the filters, K × CRS:
 * Σₙ im2col(Xₙ) doutₙᵀ, transposed.
 *
 * @throws InputError as {@link conv2d} does
 */
export async function conv2dBackwardFilter(
  givenX: SystemMatrix,
  givenDout: SystemMatrix,
  parameters: ParameterOptions | Parameters,
): Promise<Tensor> {
  const p = parametersOf(parameters);
  const { N, C, H, W, K, R, S, P, Q } = p;
  checkMatrix('X', givenX, [N, C * H * W], p);
  checkMatrix('dout', givenDout, [N, K * P * Q], p);
  const [x, dout] = [inBestForm(givenX, 'image', p), inBestForm(givenDout, 'image', p)];
  countCall('conv2d_backward_filter', x instanceof CsrMatrix, dout instanceof CsrMatrix);
  const shape = [K, C * R * S] as const;
  if (isEmpty(x) || isEmpty(dout)) return Tensor.zeros(shape);
  if (p.precision === 'double') return byDefinition('filter', denseOf(x), denseOf(dout), shape, p);
  const result = Tensor.zeros(shape);
  if (x instanceof CsrMatrix) {
    const gradient = denseOf(dout);
    const transposed = scratch(P * Q, K);
    const sums = scratch(C * R * S, K).fill(0);
    for (let n = 0; n < N; n++) {
      const columns = await timed('im2col', () => unfoldedRow(x, n, p));
      turned(rowOf(gradient, n), K, P * Q, transposed);
      await timed('product', () => multiplySparse(columns, transposed, K, sums, p, true));
    }
    turned(sums, C * R * S, K, result.data);
    return result;
  }
  if (dout instanceof CsrMatrix) {
    const columns = scratch(C * R * S, P * Q);
    const transposed = scratch(P * Q, C * R * S);
    for (let n = 0; n < N; n++) {
      await timed('im2col', () => unfold('im2col', rowOf(x, n), columns, p));
      turned(columns, C * R * S, P * Q, transposed);
      const gradient = rowAsMatrix(dout, n, K);
      await timed('product', () => multiplySparse(gradient, transposed, C * R * S, result.data, p, true));
    }
    return result;
  }
  const operands = [x.reshape([N, C, H, W]), dout.reshape([N, K, P, Q])];
  return dense('ConvWeightsGradient', operands, shape, p);
}

const MOST = 32;
const networks = new BoundedMap<string, Network>(MOST);

/** Runs an operator of graphs on dense operands. */
export async function dense(
  operator: string,
  operands: readonly Tensor[],
  shape: readonly [number, number],
  p: Parameters,
  more: object = {},
): Promise<Tensor> {
  const attributes = { ...p.attributes, ...more };
  const key = JSON.stringify([operator, operands.map((each) => each.shape), attributes, p.threads]);
  const network = networks.getOrMake(key, () => {
    const b = new Builder();
    const inputs = operands.map((operand, i) => b.input(`x${i}`, operand.shape));
    return new Network(b.build({ y: b.node(operator, inputs, attributes) }), { threads: p.threads });
  });
  const inputs = Object.fromEntries(operands.map((operand, i) => [`x${i}`, operand]));
  return (await network.run(inputs)).y!.reshape(shape);
}

function rowOf({ data, shape }: Tensor, row: number): Float32Array {
  const columns = shape[1]!;
  return data.subarray(row * columns, (row + 1) * columns);
}

/** Lets something fill a row of the result, by way of memory that the engine may be given. */
async function rowInto(
  result: Tensor,
  row: number,
  fill: (to: Float32Array) => Promise<void>,
): Promise<void> {
  const own = scratch(1, result.shape[1]!);
  await fill(own);
  rowOf(result, row).set(own);
}
