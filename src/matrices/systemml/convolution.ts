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

/** Matrices of a convolution: what errors call them, what decides whether they are sparse enough, and their sizes. */
const matrices = {
  x: { called: 'X', role: 'image', sizes: ({ N, C, H, W }: Parameters) => [N, C * H * W] as const },
  filter: {
    called: 'the filter',
    role: 'filter',
    sizes: ({ K, C, R, S }: Parameters) => [K, C * R * S] as const,
  },
  dout: { called: 'dout', role: 'image', sizes: ({ N, K, P, Q }: Parameters) => [N, K * P * Q] as const },
} as const;

/** Each direction makes one of them of the other two. */
const directions = {
  forward: { name: 'conv2d', of: ['x', 'filter'], result: 'dout' },
  data: { name: 'conv2d_backward_data', of: ['filter', 'dout'], result: 'x' },
  filter: { name: 'conv2d_backward_filter', of: ['x', 'dout'], result: 'filter' },
} as const;

/** Operands in the form that is best for them, and where the result goes: zeros, to be written or added to. */
interface Posed {
  readonly first: SystemMatrix;
  readonly second: SystemMatrix;
  readonly result: Tensor;
  readonly shape: readonly [number, number];
  readonly p: Parameters;
}

/**
 * Checks operands, and answers what needs no product: nothing comes of empty ones, and double precision goes by the
 * definition.
 */
async function directed(
  direction: keyof typeof directions,
  operands: readonly [SystemMatrix, SystemMatrix],
  parameters: ParameterOptions | Parameters,
  compute: (posed: Posed) => Promise<Tensor>,
): Promise<Tensor> {
  const p = parametersOf(parameters);
  const { name, of, result } = directions[direction];
  const [first, second] = of.map((key, i) => {
    const { called, role, sizes } = matrices[key];
    checkMatrix(called, operands[i], sizes(p), p);
    return inBestForm(operands[i]!, role, p);
  }) as [SystemMatrix, SystemMatrix];
  countCall(name, first instanceof CsrMatrix, second instanceof CsrMatrix);
  const shape = matrices[result].sizes(p);
  if (isEmpty(first) || isEmpty(second)) return Tensor.zeros(shape);
  if (p.precision === 'double') return byDefinition(direction, denseOf(first), denseOf(second), shape, p);
  return compute({ first, second, result: Tensor.zeros(shape), shape, p });
}

/**
 * SystemML's conv2d: X, N × CHW, by filters, K × CRS, to N × KPQ. Dense operands run as any layer does, by Winograd where
 * that is faster; a sparse one by its non-zeros (of two the filter's).
 *
 * @returns dense; all zero where X or the filter is
 * @throws InputError naming an operand that does not fit, with the parameters
 */
export function conv2d(
  x: SystemMatrix,
  filter: SystemMatrix,
  parameters: ParameterOptions | Parameters,
): Promise<Tensor> {
  return directed('forward', [x, filter], parameters, async ({ first, second, result, shape, p }) => {
    const { N, C, H, W, K, R, S, P, Q } = p;
    if (second instanceof CsrMatrix) {
      const images = denseOf(first);
      const columns = scratch(C * R * S, P * Q);
      for (let n = 0; n < N; n++) {
        await timed('im2col', () => unfold('im2col', rowOf(images, n), columns, p));
        await timed('product', () =>
          rowInto(result, n, (to) => multiplySparse(second, columns, P * Q, to, p)),
        );
      }
      return result;
    }
    if (first instanceof CsrMatrix) {
      const weights = scratch(C * R * S, K);
      turned(second.data, K, C * R * S, weights);
      const product = scratch(P * Q, K);
      for (let n = 0; n < N; n++) {
        const columns = await timed('im2col', () => unfoldedRow(first, n, p).transposed());
        await timed('product', () => multiplySparse(columns, weights, K, product, p));
        turned(product, P * Q, K, rowOf(result, n));
      }
      return result;
    }
    return dense('Conv', [first.reshape([N, C, H, W]), second.reshape([K, C, R, S])], shape, p);
  });
}

/**
 * SystemML's conv2d_backward_data: of filters, K × CRS, and the gradient of the result, N × KPQ, that of X, N × CHW
 * (rotate180 and col2im there; the transposed convolution here).
 *
 * @throws InputError as {@link conv2d} does
 */
export function conv2dBackwardData(
  filter: SystemMatrix,
  dout: SystemMatrix,
  parameters: ParameterOptions | Parameters,
): Promise<Tensor> {
  return directed('data', [filter, dout], parameters, async ({ first, second, result, shape, p }) => {
    const { N, C, H, W, K, R, S, P, Q, stride, padding } = p;
    const columns = scratch(C * R * S, P * Q);
    const addUp = (n: number) =>
      timed('col2im', () => rowInto(result, n, (to) => unfold('col2im', columns, to, p)));
    if (first instanceof CsrMatrix) {
      const weights = first.transposed();
      const gradient = denseOf(second);
      for (let n = 0; n < N; n++) {
        await timed('product', () => multiplySparse(weights, rowOf(gradient, n), P * Q, columns, p));
        await addUp(n);
      }
      return result;
    }
    if (second instanceof CsrMatrix) {
      const product = scratch(P * Q, C * R * S);
      for (let n = 0; n < N; n++) {
        const gradient = rowAsMatrix(second, n, K).transposed();
        await timed('product', () => multiplySparse(gradient, first.data, C * R * S, product, p));
        turned(product, P * Q, C * R * S, columns);
        await addUp(n);
      }
      return result;
    }
    const rest = [H + 2 * padding[0] - R - (P - 1) * stride[0], W + 2 * padding[1] - S - (Q - 1) * stride[1]];
    const operands = [second.reshape([N, K, P, Q]), first.reshape([K, C, R, S])];
    return dense('ConvTranspose', operands, shape, p, { output_padding: rest });
  });
}

/**
 * SystemML's conv2d_backward_filter: of X, N × CHW, and the gradient of the result, N × KPQ, that of the filters, K × CRS:
 * Σₙ im2col(Xₙ) doutₙᵀ, transposed.
 *
 * @throws InputError as {@link conv2d} does
 */
export function conv2dBackwardFilter(
  x: SystemMatrix,
  dout: SystemMatrix,
  parameters: ParameterOptions | Parameters,
): Promise<Tensor> {
  return directed('filter', [x, dout], parameters, async ({ first, second, result, shape, p }) => {
    const { N, C, H, W, K, R, S, P, Q } = p;
    if (first instanceof CsrMatrix) {
      const gradient = denseOf(second);
      const transposed = scratch(P * Q, K);
      const sums = scratch(C * R * S, K).fill(0);
      for (let n = 0; n < N; n++) {
        const columns = await timed('im2col', () => unfoldedRow(first, n, p));
        turned(rowOf(gradient, n), K, P * Q, transposed);
        await timed('product', () => multiplySparse(columns, transposed, K, sums, p, true));
      }
      turned(sums, C * R * S, K, result.data);
      return result;
    }
    if (second instanceof CsrMatrix) {
      const columns = scratch(C * R * S, P * Q);
      const transposed = scratch(P * Q, C * R * S);
      for (let n = 0; n < N; n++) {
        await timed('im2col', () => unfold('im2col', rowOf(first, n), columns, p));
        turned(columns, C * R * S, P * Q, transposed);
        const gradient = rowAsMatrix(second, n, K);
        await timed('product', () => multiplySparse(gradient, transposed, C * R * S, result.data, p, true));
      }
      return result;
    }
    const operands = [first.reshape([N, C, H, W]), second.reshape([N, K, P, Q])];
    return dense('ConvWeightsGradient', operands, shape, p);
  });
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
