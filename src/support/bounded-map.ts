/** The bounded map that belongs to an object, made at first use. */
export function memoOf<T>(
  memo: WeakMap<object, BoundedMap<string, T>>,
  owner: object,
  limit: number,
): BoundedMap<string, T> {
  const known = memo.get(owner) ?? new BoundedMap<string, T>(limit);
  memo.set(owner, known);
  return known;
}

/** A map that forgets what was used longest ago once it holds more than `limit` entries. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>();

  constructor(readonly limit: number) {}

  /** The entry of a key, made at first use. An entry whose making throws is not kept. */
  getOrMake(key: K, make: () => V): V {
    const value = this.#entries.has(key) ? (this.#entries.get(key) as V) : make();
    // Maps iterate in order of insertion: moving the entry to the end marks it as used last.
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.limit) this.#entries.delete(this.#entries.keys().next().value as K);
    return value;
  }

  /** The entry of a key if there is one, which counts as using it. */
  get(key: K): V | undefined {
    return this.#entries.has(key) ? this.getOrMake(key, () => undefined as never) : undefined;
  }

  values(): IterableIterator<V> {
    return this.#entries.values();
  }
}
