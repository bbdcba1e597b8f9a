import { reserve } from '../tensor/pool.js';
import { elementCount } from '../tensor/shape.js';
import { allocate, Tensor } from '../tensor/tensor.js';

/**
 * What runs on a shape of input, and what its results are: kept beside the plans so that a call costs little beyond its
 * kernel.
 */
export class Ready<Runs> {
  readonly #length: number;
  /** Of the pass that ended last; Infinity before the first. */
  milliseconds = Infinity;

  /** Prepares memory for results in the background, while the first pass packs weights. */
  constructor(
    readonly runs: Runs,
    /** Of results. */
    readonly shape: readonly number[],
  ) {
    this.#length = elementCount(shape);
    reserve(this.#length);
  }

  /**
   * True for passes that end sooner than another thread could be woken for them: that and coming back take 20 to 100 µs.
   * They run at once, and hold the event loop no longer than the detour would.
   */
  get brief(): boolean {
    return this.milliseconds < 0.1;
  }

  /** A tensor for a result, its contents undefined. @throws InputError when there is no memory for it */
  result(): Tensor {
    return new Tensor(allocate(this.#length, false), this.shape);
  }
}

/**
 * {@link Ready} by shape of input. The one asked for last is found without making a key, which takes as long as the
 * kernel of a small layer.
 */
export class ReadyByShape<Runs extends object> {
  /** By what runs, and the length of the input's shape. */
  readonly #all = new WeakMap<Runs, Map<number, Ready<Runs>>>();
  #lastShape: readonly number[] | undefined;
  #last: Ready<Runs> | undefined;

  /**
   * @param shape of an input, with or without batch axis; frozen
   * @param make what runs on it, the same object for the same problem, and its results' shape with batch axis
   * @param rank spatial axes
   */
  of(
    shape: readonly number[],
    rank: number,
    make: () => { runs: Runs; outputShape: readonly number[] },
  ): Ready<Runs> {
    if (this.#last !== undefined && sameShape(shape, this.#lastShape!)) return this.#last;
    const { runs, outputShape } = make();
    let byRank = this.#all.get(runs);
    if (byRank === undefined) {
      byRank = new Map();
      this.#all.set(runs, byRank);
    }
    let ready = byRank.get(shape.length);
    if (ready === undefined) {
      ready = new Ready(runs, shape.length === rank + 1 ? outputShape.slice(1) : outputShape);
      byRank.set(shape.length, ready);
    }
    this.#lastShape = shape;
    this.#last = ready;
    return ready;
  }
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
