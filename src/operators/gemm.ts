import { expected } from '../../synth/errors.js';
import { elementCount } from '../tensor/shape.js';
import { flag, floats, number } from './attributes.js';
import { broadcastShape } from './constants.js';
import type { Attributes, Operator, TensorType } from './operator.js';
import { lowerProduct, type Product, turned } from './product.js';

type Inputs = readonly (TensorType | undefined)[];

/** alpha · A B + beta · C for matrices, either of which may be transposed; C is stretched to the result. */
export const gemm: Operator = {
  name: 'Gemm',
  infer(attributes, inputs) {
    const { m, n } = gemmOf(attributes, inputs);
    return [{ type: 'float32', shape: [m, n] }];
  },
  lower: (node, settings) => lowerProduct(gemmOf(node.attributes, node.inputs), node, settings),
};

function gemmOf(attributes: Attributes, inputs: Inputs): Product {
  const transposeA = flag(attributes, 'transA');
  const transposeB = flag(attributes, 'transB');
  const [m, k] = matrix(inputs, 0, 'A', transposeA);
  const [rows, n] = matrix(inputs, 1, 'B', transposeB);
  if (rows !== k) throw expected('input B', `of ${k} rows, as A has columns`, inputs[1]!.shape);
  const bias = inputs[2];
  return {
    ...{ m, n, k, matrices: { a: 1, b: 1 }, a: Int32Array.of(0), b: Int32Array.of(0) },
    ...{ transposeA, transposeB, alpha: number(attributes, 'alpha', 1), beta: number(attributes, 'beta', 1) },
    ...(bias !== undefined && { biasStrides: biasStrides(floats(inputs, 2, 'C').shape, m, n) }),
  };
}

function matrix(inputs: Inputs, index: number, name: string, transposed: boolean): [number, number] {
  const { shape } = floats(inputs, index, name);
  if (shape.length !== 2 || elementCount(shape) === 0)
    throw expected(`input ${name}`, 'a matrix that is not empty', shape);
  const [rows, columns] = shape as [number, number];
  return turned([rows, columns], transposed);
}

function biasStrides(shape: readonly number[], m: number, n: number): Int32Array {
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  const fits = shape.length <= 2 && (rows === 1 || rows === m) && (columns === 1 || columns === n);
  if (!fits) throw expected('input C', `one that can be stretched to ${m} × ${n}`, shape);
  return Int32Array.of(rows === 1 ? 0 : columns, columns === 1 ? 0 : 1);
}

/**
 * Products of the matrices in the last two axes; those before are stretched. A list is a row, or a column behind. Besides, as
 * graph passes have it, `transA` and `transB`, as Gemm's, of matrices.
 */
export const matMul: Operator = {
  name: 'MatMul',
  infer(attributes, inputs) {
    const [a, b] = [floats(inputs, 0, 'A').shape, floats(inputs, 1, 'B').shape];
    const { m, n } = matMulOf(attributes, inputs);
    const sides = [...(a.length > 1 ? [m] : []), ...(b.length > 1 ? [n] : [])];
    return [{ type: 'float32', shape: [...batches(a, b), ...sides] }];
  },
  lower: (node, settings) => lowerProduct(joined(matMulOf(node.attributes, node.inputs)), node, settings),
};

function batches(a: readonly number[], b: readonly number[]): readonly number[] {
  return broadcastShape([a, b].map((shape) => ({ type: 'float32', shape: shape.slice(0, -2) })));
}

function matMulOf(attributes: Attributes, inputs: Inputs): Product {
  const [a, b] = [floats(inputs, 0, 'A').shape, floats(inputs, 1, 'B').shape];
  if (elementCount(a) * elementCount(b) === 0 || a.length * b.length === 0)
    throw expected('inputs', 'matrices that are not empty', [a, b]);
  const transposeA = flag(attributes, 'transA') && a.length > 1;
  const transposeB = flag(attributes, 'transB') && b.length > 1;
  const [m, k] = turned([a.at(-2) ?? 1, a.at(-1)!], transposeA);
  const [rows, n] = turned(b.length === 1 ? [b[0]!, 1] : [b.at(-2)!, b.at(-1)!], transposeB);
  if (rows !== k) throw expected('input B', `of ${k} rows, as A has columns`, b);
  const shape = batches(a, b);
  const of = (own: readonly number[]) => indicesOf(own.slice(0, -2), shape);
  return {
    ...{ m, n, k, a: of(a), b: of(b) },
    matrices: { a: elementCount(a.slice(0, -2)), b: elementCount(b.slice(0, -2)) },
    ...{ transposeA, transposeB, alpha: 1, beta: 1 },
  };
}

/** Which matrix of an input each of a result's takes. */
function indicesOf(own: readonly number[], shape: readonly number[]): Int32Array {
  const sizes = [...Array<number>(shape.length - own.length).fill(1), ...own];
  return Int32Array.from({ length: elementCount(shape) }, (_, index) => {
    let at = 0;
    let step = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (sizes[axis] !== 1) at += (index % shape[axis]!) * step;
      step *= sizes[axis]!;
      index = Math.floor(index / shape[axis]!);
    }
    return at;
  });
}

/** Many matrices by a single one are one taller matrix by it. */
function joined(product: Product): Product {
  const { m, matrices, a, transposeA } = product;
  if (transposeA || matrices.b !== 1 || a.length !== matrices.a) return product;
  const one = { matrices: { a: 1, b: 1 }, a: Int32Array.of(0), b: Int32Array.of(0) };
  return { ...product, ...one, m: m * a.length };
}
