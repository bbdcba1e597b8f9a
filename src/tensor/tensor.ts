/// <reference lib="esnext.disposable" preserve="true" />
import { inspect } from 'node:util';
import { expected, InputError } from '../../synth/errors.js';
import { checkOptions } from '../../synth/options.js';
import { randomNumbers } from '../../synth/random.js';
import { native } from '../native/addon.js';
import { pooled, scraped } from './pool.js';
import { elementCount, formatShape, validateShape } from './shape.js';

/** Arrays within arrays, as deep as the tensor's rank. */
export type NestedNumbers = number | readonly NestedNumbers[];

/** Deeper than any tensor is; an array that contains itself would go on for ever. */
const MAX_NESTING = 64;

/** What {@link Tensor.random} draws. */
export interface RandomOptions {
  readonly seed?: number;
  readonly low?: number;
  readonly high?: number;
}

// As Node 20 and TypeScript have it where the language has not.
const dispose: typeof Symbol.dispose = Symbol.dispose ?? (Symbol.for('Symbol.dispose') as never);

/**
 * A dense float32 array in row-major order with a shape; activations are N×C×D×H×W, weights O×I×D×H×W, as in
 * PyTorch and ONNX.
 *
 * The constructor wraps memory without copying it. Memory that the library allocates ({@link Tensor.zeros},
 * results of layers, `.npy` files) is 64-byte aligned and enters the engine without a copy; wrapped memory is
 * copied once at each call.
 *
 * Nobody has to give memory back: a loop that drops its results runs through a few blocks again and again. To have one
 * back at once, {@link Tensor.dispose} of the tensor, or declare it with `using`.
 *
 * The library's memory may be transferred to another thread (`postMessage(t.data.buffer, [t.data.buffer])`) without a
 * copy, and outlives the thread that made it; the tensor that is left cannot be used any more. On every version of Node
 * that is supported; from 22 on `ArrayBuffer.prototype.transfer` moves it, too.
 */
export class Tensor {
  /** Row-major elements. Reading it throws once the tensor is disposed of. */
  readonly data: Float32Array;
  readonly shape: readonly number[];

  /**
   * Wraps existing memory.
   *
   * @param data row-major elements; may be a view on part of a buffer, and on a SharedArrayBuffer
   * @param shape sizes, slowest first; `[]` for a scalar
   * @throws InputError when the shape is not one, does not match the data, or the buffer is detached or resizable
   */
  constructor(data: Float32Array, shape: readonly number[]) {
    this.shape = validateShape(shape);
    this.data = data;
    checkData(data, this.shape, 'data');
  }

  /** Zero-filled, 64-byte aligned. @throws InputError when the shape is invalid or memory runs out. */
  static zeros(shape: readonly number[]): Tensor {
    return new Tensor(allocate(elementCount(validateShape(shape))), shape);
  }

  /**
   * Copies nested arrays, whose nesting gives the shape: `Tensor.from([[1, 2], [3, 4]])` is 2 × 2.
   *
   * @throws InputError when rows differ in length, an element is not a number, or arrays are nested deeper than 64
   */
  static from(values: NestedNumbers): Tensor {
    const shape: number[] = [];
    for (let level = values; Array.isArray(level); level = level[0]) {
      if (shape.length === MAX_NESTING)
        throw expected('values', `arrays nested at most ${MAX_NESTING} deep`, values);
      shape.push(level.length);
      if (level.length === 0) break;
    }
    const tensor = Tensor.zeros(shape);
    let next = 0;
    const copy = (level: NestedNumbers, depth: number): void => {
      if (depth === shape.length) {
        if (typeof level !== 'number') throw expected('values', 'nested arrays of numbers', level);
        tensor.data[next++] = level;
      } else {
        if (!Array.isArray(level) || level.length !== shape[depth])
          throw expected('values', `an array of ${shape[depth]} at depth ${depth}, as its first`, level);
        for (const inner of level) copy(inner, depth + 1);
      }
    };
    copy(values, 0);
    return tensor;
  }

  /**
   * Uniform in [low, high), the same for the same seed on every machine.
   *
   * @param options.seed any integer; default 1
   * @param options.low,options.high finite; default −1 and 1
   * @throws InputError when the shape or an option is invalid
   */
  static random(shape: readonly number[], options: RandomOptions = {}): Tensor {
    const { seed, low, high } = validateRandomOptions(options);
    const tensor = Tensor.zeros(shape);
    const next = randomNumbers(seed);
    for (let i = 0; i < tensor.data.length; i++) tensor.data[i] = low + (high - low) * next();
    return tensor;
  }

  /**
   * A tensor from what has been one: a message to or from a worker thread brings a `Tensor` as a plain object with its
   * data and shape, and so does `structuredClone`. The memory is that of the message.
   *
   * ```js
   * parentPort.postMessage(y); // in the worker
   * worker.on('message', (message) => use(Tensor.fromMessage(message)));
   * ```
   *
   * @param message `{ data, shape }`; a tensor is given back as it is
   * @throws InputError when it is anything else, or data and shape do not fit
   */
  static fromMessage(message: unknown): Tensor {
    if (message instanceof Tensor) return message;
    if (typeof message !== 'object' || message === null || !('data' in message && 'shape' in message))
      throw expected('message', '{ data, shape } of a Tensor', message);
    return new Tensor(message.data as Float32Array, message.shape as readonly number[]);
  }

  /** Number of elements. */
  get size(): number {
    return elementCount(this.shape);
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** The same memory under another shape of equal size. @throws InputError when the sizes differ. */
  reshape(shape: readonly number[]): Tensor {
    return new Tensor(this.data, shape);
  }

  /** A copy in memory of the library's own. */
  clone(): Tensor {
    checkData(this.data, this.shape, "the tensor's data");
    const copy = new Tensor(allocate(this.size, false), this.shape);
    copy.data.set(this.data);
    return copy;
  }

  /**
   * Gives the memory back for other results to use, as soon as no pass reads or writes it any more. The tensor cannot be
   * used afterwards, nor can others on the same memory, such as those that {@link Tensor.reshape} made. Memory that the
   * library does not own is only let go of. A second call does nothing.
   */
  dispose(): void {
    if (isDisposed(this)) return;
    if (this.data instanceof Float32Array) native().dispose(this.data);
    Object.defineProperty(this, 'data', { get: dataOfDisposed, enumerable: false });
  }

  /** `using y = conv.forwardSync(x)` disposes of `y` at the end of its block. */
  [dispose](): void {
    this.dispose();
  }

  /** Nested arrays of plain numbers; a number for a scalar. */
  toArray(): NestedNumbers {
    checkData(this.data, this.shape, "the tensor's data");
    const slice = (depth: number, start: number): NestedNumbers => {
      if (depth === this.rank) return this.data[start]!;
      const step = elementCount(this.shape.slice(depth + 1));
      return Array.from({ length: this.shape[depth]! }, (_, i) => slice(depth + 1, start + i * step));
    };
    return slice(0, 0);
  }

  /** `Tensor(1 × 3 × 8 × 8)`. */
  toString(): string {
    return `Tensor(${formatShape(this.shape)})`;
  }

  /** For `console.log`. @internal */
  [inspect.custom](): string {
    if (isDisposed(this)) return `${this} [ disposed of ]`;
    if (this.data.length !== this.size) return `${this} [ transferred, or disposed of by another name ]`;
    const shown = [...this.data.subarray(0, 8)].map((value) => String(Number(value.toPrecision(6))));
    return `${this} [ ${shown.join(', ')}${this.data.length > shown.length ? ', …' : ''} ]`;
  }
}

function validateRandomOptions(options: RandomOptions): Required<RandomOptions> {
  checkOptions('Tensor.random', options, { seed: true, low: true, high: true });
  const { seed = 1, low = -1, high = 1 } = options;
  if (!Number.isSafeInteger(seed)) throw expected('seed', 'an integer', seed);
  for (const [name, value] of Object.entries({ low, high }))
    if (!Number.isFinite(value)) throw expected(name, 'a finite number', value);
  if (low > high) throw expected('low', `at most high (${high})`, low);
  return { seed, low, high };
}

function dataOfDisposed(): never {
  throw new InputError('Expected the tensor to be in use but it was disposed of');
}

function isDisposed(tensor: Tensor): boolean {
  return Object.getOwnPropertyDescriptor(tensor, 'data')?.get === dataOfDisposed;
}

/**
 * Checks that a typed array still holds what its shape says; to be asked again before each use, since a buffer
 * may have been transferred away in the meantime.
 *
 * @throws InputError naming `name` otherwise
 */
export function checkData(
  data: unknown,
  shape: readonly number[],
  name: string,
): asserts data is Float32Array {
  if (!(data instanceof Float32Array)) throw expected(name, 'a Float32Array', data);
  // Node 20 knows both properties, the ES2023 library not yet.
  const buffer = data.buffer as { readonly resizable?: boolean; readonly growable?: boolean };
  if (buffer.resizable || buffer.growable)
    throw new InputError(`Expected ${name} to be on a buffer of fixed length but received a resizable one`);
  const size = elementCount(shape);
  if (data.length === size) return;
  if (data.buffer.byteLength === 0)
    throw new InputError(
      `Expected ${name} to be ${size} elements long but its buffer is detached (transferred or disposed of)`,
    );
  throw expected(name, `${size} elements long, as its shape ${formatShape(shape)} says`, data.length);
}

/**
 * Memory of the engine's own, 64-byte aligned.
 *
 * @param zeroed false for what will be written in full: then it may be memory that an earlier result has left
 * @throws InputError when the system has not that much
 */
export function allocate(floats: number, zeroed = true): Float32Array {
  const engine = native();
  try {
    return zeroed ? engine.alloc(floats) : pooled(floats);
  } catch {
    // Garbage may hold what is missing.
  }
  try {
    return scraped(floats);
  } catch (cause) {
    throw new InputError(`Expected ${4 * floats} bytes of memory to be free but the system refused them`, {
      cause,
    });
  }
}
