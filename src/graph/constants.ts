import { type NativeConstant, native } from '../native/addon.js';
import type { ConstantSource } from './assemble.js';

/**
 * The constants of one network in the engine's memory: programs for other shapes share them, for as long as one of these
 * programs is there.
 */
export class ConstantStore {
  readonly #given = new WeakMap<object, WeakRef<NativeConstant>>();
  /** What kernels make, by the first constant that they read and by the key that tells such kernels apart. */
  readonly #made = new WeakMap<object, Map<string, WeakRef<NativeConstant>>>();

  /** The constant of a source; none of its kernels has run yet. */
  of(source: ConstantSource): NativeConstant {
    if ('data' in source) {
      const known = this.#given.get(source.data)?.deref();
      if (known !== undefined) return known;
      const made = new (native().Constant)(asFloats(source.data));
      this.#given.set(source.data, new WeakRef(made));
      return made;
    }
    const origin = originOf(source);
    const siblings = this.#made.get(origin) ?? new Map<string, WeakRef<NativeConstant>>();
    this.#made.set(origin, siblings);
    const known = siblings.get(source.key)?.deref();
    if (known !== undefined) return known;
    const { Constant, Kernel } = native();
    const kernel = new Kernel(source.call.operator, source.call.description);
    const made = new Constant(
      kernel,
      source.inputs.map((input) => (input === undefined ? null : this.of(input))),
    );
    siblings.set(source.key, new WeakRef(made));
    return made;
  }

  /** Lets go of numbers of which all is made that will be, unless a program reads them as they are. */
  letGo(data: object, read: ReadonlySet<NativeConstant>): void {
    const known = this.#given.get(data)?.deref();
    if (known === undefined || read.has(known)) return;
    known.release();
    this.#given.delete(data);
  }
}

/** The numbers that a chain of kernels begins with. */
function originOf(source: ConstantSource): object {
  let origin = source;
  while (!('data' in origin)) {
    const first = origin.inputs.find((input) => input !== undefined);
    if (first === undefined) return origin;
    origin = first;
  }
  return origin.data;
}

/** Kernels compute in float32. */
function asFloats(data: Float32Array | Int32Array | Float64Array): Float32Array | Int32Array {
  return data instanceof Float64Array ? Float32Array.from(data) : data;
}
