import { expected } from '../../synth/errors.js';
import { dense } from '../support/dense.js';

/** Most elements one tensor may hold: 2³⁰, the 4 GiB that Node can lend to a JavaScript array. */
export const MAX_ELEMENTS = 2 ** 30;

/**
 * Checks that a shape is an array of non-negative integers whose product stays within {@link MAX_ELEMENTS}.
 *
 * @param name what the error should call it
 * @returns a frozen copy
 * @throws InputError otherwise
 */
export function validateShape(shape: unknown, name = 'shape'): readonly number[] {
  const sizes = dense(shape);
  if (!Array.isArray(sizes) || !sizes.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw expected(name, 'an array of non-negative integers', shape);
  if (elementCount(sizes) > MAX_ELEMENTS)
    throw expected(name, `at most ${MAX_ELEMENTS} elements (4 GiB)`, shape);
  return Object.freeze(sizes as number[]);
}

/**
 * Product of the sizes: 1 for the empty shape. Beyond 2⁵³ it is only approximate, which is enough to refuse it.
 */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** `1 × 3 × 224 × 224`, and `scalar` for the empty shape. */
export function formatShape(shape: readonly number[]): string {
  return shape.length === 0 ? 'scalar' : shape.join(' × ');
}
