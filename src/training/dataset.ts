import { expected } from '../../synth/errors.js';
import { checkOptions, type OptionNames } from '../../synth/options.js';
import { randomNumbers } from '../../synth/random.js';
import { elementCount } from '../tensor/shape.js';
import { allocate, Tensor } from '../tensor/tensor.js';

/** Examples side by side along the first axis of every tensor. */
export interface Dataset {
  /** Inputs of the network, by name. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** What the output shall be, as the loss has it. */
  readonly target: Tensor;
}

/** Random changes of examples that leave the answer alone; of inputs with spatial axes, N × C × …. */
export interface Augmentation {
  /** Mirrors the last axis of every other example. Default false. */
  readonly flip?: boolean;
  /** Shifts the last two axes (of 1-D inputs the last) by up to so many elements, zeros coming in. Default 0. */
  readonly shift?: number;
}

const augmentationNames: OptionNames<Augmentation> = { flip: true, shift: true };

/** @throws InputError for anything but an augmentation */
export function validateAugmentation(augmentation: Augmentation): Augmentation {
  checkOptions('an augmentation', augmentation, augmentationNames);
  const { shift = 0 } = augmentation;
  if (!Number.isInteger(shift) || shift < 0) throw expected('shift', 'an integer of at least 0', shift);
  return augmentation;
}

/** @returns the number of examples. @throws InputError where tensors have different numbers of them, or none */
export function countExamples({ inputs, target }: Dataset): number {
  const count = target?.shape?.[0];
  if (count === undefined || count < 1)
    throw expected('the target', 'examples along its first axis', target?.shape);
  for (const [name, { shape }] of Object.entries(inputs))
    if (shape[0] !== count) throw expected(`input ${name}`, `of ${count} examples, as the target`, shape);
  return count;
}

/** The order of an epoch's examples: the same for the same seed and epoch. */
export function orderOf(count: number, seed: number, epoch: number): Int32Array {
  const random = randomNumbers(Math.imul(epoch + 1, 0x85ebca6b) ^ seed);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Some examples. @param change of inputs, with the random numbers that it takes */
export function batchOf(
  { inputs, target }: Dataset,
  examples: Int32Array,
  { flip = false, shift = 0 }: Augmentation = {},
  random: () => number = () => 0,
): Dataset {
  const changes = Array.from(examples, () => ({
    flipped: flip && random() < 0.5,
    shifts: [0, 1].map(() => Math.floor(random() * (2 * shift + 1)) - shift) as [number, number],
  }));
  const changed = flip || shift > 0;
  return {
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([name, tensor]) => {
        const batch = picked(tensor, examples);
        if (changed && batch.shape.length > 2)
          for (const [i, change] of changes.entries()) moveExample(batch, i, change);
        return [name, batch];
      }),
    ),
    target: picked(target, examples),
  };
}

function picked({ shape, data }: Tensor, examples: Int32Array): Tensor {
  const size = elementCount(shape.slice(1));
  const to = allocate(size * examples.length, false);
  for (const [i, example] of examples.entries())
    to.set(data.subarray(example * size, (example + 1) * size), i * size);
  return new Tensor(to, [examples.length, ...shape.slice(1)]);
}

/** Mirrors one example, then shifts it, in place. */
function moveExample(
  { shape, data }: Tensor,
  example: number,
  {
    flipped,
    shifts: [down, right],
  }: { readonly flipped: boolean; readonly shifts: readonly [number, number] },
): void {
  const size = elementCount(shape.slice(1));
  const columns = shape.at(-1)!;
  const rows = shape.length > 3 ? shape.at(-2)! : 1;
  const from = data.slice(example * size, (example + 1) * size);
  for (let i = 0; i < size; i++) {
    const [x, line] = [i % columns, Math.floor(i / columns)];
    const [before, sourceY] = [x - right, (line % rows) - (rows > 1 ? down : 0)];
    const inside = before >= 0 && before < columns && sourceY >= 0 && sourceY < rows;
    const sourceX = flipped ? columns - 1 - before : before;
    const plane = Math.floor(line / rows) * rows;
    data[example * size + i] = inside ? from[(plane + sourceY) * columns + sourceX]! : 0;
  }
}
