/**
 * The elements of an array, holes included, which `every` and `map` pass over: `[, 3]` becomes `[undefined, 3]`, for a
 * check to refuse.
 *
 * @returns what is no array as it is
 */
export function dense(value: unknown): unknown {
  return Array.isArray(value) ? Array.from(value) : value;
}
