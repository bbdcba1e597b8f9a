import { Tensor } from '../../tensor/tensor.js';
import type { Parameters } from './parameters.js';

/** Called for every product of a convolution: places in X, N × CHW; in the filter, K × CRS; in the result, N × KPQ. */
type Product = (x: number, filter: number, result: number) => void;

/** All products that a convolution sums, by its definition. */
function forEachProduct({ N, C, H, W, K, R, S, P, Q, stride, padding }: Parameters, product: Product): void {
  for (let n = 0; n < N; n++)
    for (let k = 0; k < K; k++)
      for (let p = 0; p < P; p++)
        for (let q = 0; q < Q; q++)
          for (let c = 0; c < C; c++)
            for (let r = 0; r < R; r++) {
              const h = p * stride[0] + r - padding[0];
              if (h < 0 || h >= H) continue;
              for (let s = 0; s < S; s++) {
                const w = q * stride[1] + s - padding[1];
                if (w < 0 || w >= W) continue;
                product(
                  ((n * C + c) * H + h) * W + w,
                  ((k * C + c) * R + r) * S + s,
                  ((n * K + k) * P + p) * Q + q,
                );
              }
            }
}

/** A direction by its definition: sums of products in double precision, rounded once. */
export function byDefinition(
  direction: 'forward' | 'data' | 'filter',
  first: Tensor,
  second: Tensor,
  shape: readonly [number, number],
  parameters: Parameters,
): Tensor {
  const sums = new Float64Array(shape[0] * shape[1]);
  const [a, b] = [first.data, second.data];
  const add = (to: number, value: number) => {
    sums[to] = sums[to]! + value;
  };
  const products: Record<typeof direction, Product> = {
    forward: (x, filter, result) => add(result, a[x]! * b[filter]!),
    data: (x, filter, result) => add(x, a[filter]! * b[result]!),
    filter: (x, filter, result) => add(filter, a[x]! * b[result]!),
  };
  forEachProduct(parameters, products[direction]);
  return new Tensor(Float32Array.from(sums), shape);
}
