import { expected } from '../../synth/errors.js';
import { axisOf, integer, knownIntegers, required } from './attributes.js';
import { type Picks, selectingOperator, whole } from './movement.js';

/** Ranges along some axes, in steps that may be negative. */
export const slice = selectingOperator('Slice', (_attributes, inputs, constants) => {
  const { shape } = required(inputs, 0, 'data');
  const known = (index: number, name: string) => knownIntegers(inputs, constants, index, name);
  const starts = known(1, 'starts');
  const ends = known(2, 'ends');
  if (starts === undefined || ends?.length !== starts.length)
    throw expected('input ends', 'as many as starts', ends);
  const axes = (known(3, 'axes') ?? starts.map((_, axis) => axis)).map((axis) =>
    axisOf(axis, shape.length, 'input axes'),
  );
  const steps = known(4, 'steps') ?? starts.map(() => 1);
  if (axes.length !== starts.length || new Set(axes).size !== axes.length)
    throw expected('input axes', `${starts.length} different axes`, axes);
  if (steps.length !== starts.length || steps.includes(0))
    throw expected('input steps', `${starts.length} integers that are not zero`, steps);
  const picks = shape.map(whole);
  for (const [i, axis] of axes.entries()) picks[axis] = range(shape[axis]!, starts[i]!, ends[i]!, steps[i]!);
  return [{ seen: shape, picks }];
});

/** Python's range: counted from the end where negative, and cut to the axis. */
function range(size: number, start: number, end: number, step: number): Picks {
  const [least, most] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (at: number) => Math.min(Math.max(at < 0 ? at + size : at, least), most);
  const first = clamp(start);
  const count = Math.max(0, Math.ceil((clamp(end) - first) / step));
  return count === 0 ? { first: 0, step: 1, count } : { first, step, count };
}

/** Parts along an axis: of the sizes of the second input, or `num_outputs` that are as equal as may be. */
export const split = selectingOperator('Split', (attributes, inputs, constants) => {
  const { shape } = required(inputs, 0, 'input');
  const axis = axisOf(integer(attributes, 'axis', 0), shape.length);
  const size = shape[axis]!;
  const sizes =
    knownIntegers(inputs, constants, 1, 'split') ??
    equalParts(size, integer(attributes, 'num_outputs', undefined, 1, Math.max(1, size)));
  if (sizes.some((part) => part < 0) || sizes.reduce((sum, part) => sum + part, 0) !== size)
    throw expected('input split', `sizes that add up to ${size}`, sizes);
  let first = 0;
  return sizes.map((count) => {
    const picks = shape.map(whole);
    picks[axis] = { first, step: 1, count };
    first += count;
    return { seen: shape, picks };
  });
});

function equalParts(size: number, parts: number): number[] {
  const share = Math.ceil(size / parts);
  return Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(share, size - i * share)));
}

/** Elements along an axis by indices that are known; the indices' axes take the place of the one that they index. */
export const gather = selectingOperator('Gather', (attributes, inputs, constants) => {
  const { shape } = required(inputs, 0, 'data');
  const axis = axisOf(integer(attributes, 'axis', 0), shape.length);
  const size = shape[axis]!;
  const indices = knownIntegers(inputs, constants, 1, 'indices') ?? [];
  if (!indices.every((index) => index >= -size && index < size))
    throw expected('input indices', `integers from ${-size} to ${size - 1}`, indices);
  const picks = shape.map(whole);
  picks[axis] = Int32Array.from(indices, (index) => (index < 0 ? index + size : index));
  const { shape: between } = required(inputs, 1, 'indices');
  if (between.length === 1) return [{ seen: shape, picks }];
  return [{ seen: shape, picks, shape: [...shape.slice(0, axis), ...between, ...shape.slice(axis + 1)] }];
});
