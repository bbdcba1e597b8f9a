/**
 * Operators from their definitions, element by element, in double precision. They share no code with the library and
 * know no layouts, tables or blocks.
 */

export interface Numbers {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** A tensor from a function of the index. */
export function build(shape: readonly number[], of: (index: number[]) => number): Numbers {
  const count = shape.reduce((product, size) => product * size, 1);
  const index = shape.map(() => 0);
  const data = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    data[i] = of([...index]);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return { shape, data };
}

/** The element at an index. */
export function at({ shape, data }: Numbers, index: readonly number[]): number {
  let offset = 0;
  for (const [axis, size] of shape.entries()) {
    if (index[axis]! < 0 || index[axis]! >= size) throw new RangeError(`no element ${index} in ${shape}`);
    offset = offset * size + index[axis]!;
  }
  return data[offset]!;
}

/** Windows, a number for each spatial axis. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padBegin: readonly number[];
  readonly padEnd: readonly number[];
  readonly output: readonly number[];
}

/** Each output from the elements of its window that lie on the input, and how many places it counts. */
export function pool(
  x: Numbers,
  { kernel, strides, dilations, padBegin, padEnd, output }: Windows,
  of: (values: number[], counted: { padded: number }) => number,
): Numbers {
  const spatial = x.shape.slice(2);
  return build([...x.shape.slice(0, 2), ...output], ([n, c, ...place]) => {
    const values: number[] = [];
    let padded = 0;
    for (const tap of indices(kernel)) {
      const p = place.map((o, a) => o * strides[a]! + tap[a]! * dilations[a]! - padBegin[a]!);
      if (p.every((q, a) => q < spatial[a]! + padEnd[a]!)) padded++;
      if (p.every((q, a) => q >= 0 && q < spatial[a]!)) values.push(at(x, [n!, c!, ...p]));
    }
    return of(values, { padded });
  });
}

/** Every index into a box. */
export function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (before, size) => before.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])),
    [[]],
  );
}

/** One axis' elements by a list. */
export function take(x: Numbers, axis: number, list: readonly number[]): Numbers {
  const shape = x.shape.map((size, a) => (a === axis ? list.length : size));
  return build(shape, (index) => {
    const from = [...index];
    from[axis] = list[index[axis]!]!;
    return at(x, from);
  });
}

/** Weighted sums along an axis: the weights of every input element for each output. */
export function mix(x: Numbers, axis: number, weights: readonly ReadonlyMap<number, number>[]): Numbers {
  const shape = x.shape.map((size, a) => (a === axis ? weights.length : size));
  return build(shape, (index) => {
    let sum = 0;
    for (const [i, weight] of weights[index[axis]!]!) {
      const from = [...index];
      from[axis] = i;
      sum += weight * at(x, from);
    }
    return sum;
  });
}

/** A B for matrices, with a function of each sum. */
export function product(
  a: Numbers,
  b: Numbers,
  of: (sum: number, row: number, column: number) => number,
): Numbers {
  return build([a.shape[0]!, b.shape[1]!], ([row, column]) => {
    let sum = 0;
    for (let k = 0; k < a.shape[1]!; k++) sum += at(a, [row!, k]) * at(b, [k, column!]);
    return of(sum, row!, column!);
  });
}
