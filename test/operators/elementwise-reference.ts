/** Operators by their definitions, in double precision, on planar tensors; shares no code with src/. */

export interface Numbers {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

const product = (sizes: readonly number[]) => sizes.reduce((count, size) => count * size, 1);

/** Calls body with every index of a shape, in row-major order. */
export function forEachIndex(
  shape: readonly number[],
  body: (index: readonly number[], at: number) => void,
): void {
  for (let at = 0; at < product(shape); at++) {
    const index: number[] = [];
    for (let axis = shape.length - 1, rest = at; axis >= 0; axis--) {
      index.unshift(rest % shape[axis]!);
      rest = Math.floor(rest / shape[axis]!);
    }
    body(index, at);
  }
}

/** An element of a tensor that is broadcast: axes count from the end, and one of length 1 stands for all. */
export function elementAt({ shape, data }: Numbers, index: readonly number[]): number {
  let at = 0;
  shape.forEach((size, axis) => {
    const x = index[index.length - shape.length + axis]!;
    at = at * size + (size === 1 ? 0 : x);
  });
  return data[at]!;
}

/** f of the elements that meet at every place of the result. */
export function elementwise(
  shape: readonly number[],
  inputs: readonly Numbers[],
  f: (...values: number[]) => number,
): number[] {
  const result: number[] = [];
  forEachIndex(shape, (index) => result.push(f(...inputs.map((input) => elementAt(input, index)))));
  return result;
}

/** For every element, f of it and of all that share its key. */
function grouped(
  { shape, data }: Numbers,
  keyOf: (index: readonly number[]) => string,
  f: (value: number, all: readonly number[], index: readonly number[]) => number,
): number[] {
  const groups = new Map<string, number[]>();
  forEachIndex(shape, (index, at) => {
    const key = keyOf(index);
    groups.set(key, [...(groups.get(key) ?? []), data[at]!]);
  });
  const result: number[] = [];
  forEachIndex(shape, (index, at) => result.push(f(data[at]!, groups.get(keyOf(index))!, index)));
  return result;
}

/** Standardized within each group, then f of it. */
export function normalized(
  input: Numbers,
  epsilon: number,
  keyOf: (index: readonly number[]) => string,
  f: (value: number, index: readonly number[]) => number,
): number[] {
  return grouped(input, keyOf, (value, all, index) => {
    const mean = all.reduce((sum, each) => sum + each, 0) / all.length;
    const variance = all.reduce((sum, each) => sum + (each - mean) ** 2, 0) / all.length;
    return f((value - mean) / Math.sqrt(variance + epsilon), index);
  });
}

export function softmax(input: Numbers, axis: number, logarithm: boolean): number[] {
  const key = (index: readonly number[]) => index.filter((_, a) => a !== axis).join();
  return grouped(input, key, (value, all) => {
    const top = Math.max(...all);
    const sum = all.reduce((total, each) => total + Math.exp(each - top), 0);
    return logarithm ? value - top - Math.log(sum) : Math.exp(value - top) / sum;
  });
}

/** What f makes of all elements that the axes bring together, in the order of the axes that are kept. */
export function reduced(
  { shape, data }: Numbers,
  axes: readonly number[],
  f: (all: readonly number[]) => number,
): number[] {
  const groups = new Map<string, number[]>();
  forEachIndex(shape, (index, at) => {
    const key = index.filter((_, axis) => !axes.includes(axis)).join();
    groups.set(key, [...(groups.get(key) ?? []), data[at]!]);
  });
  return [...groups.values()].map(f);
}
