import { type ConvolutionDescription, type NativeKernel, native } from '../native/addon.js';
import { inEngineMemory } from '../tensor/engine-memory.js';
import { allocate } from '../tensor/tensor.js';

/**
 * Weights in the form that one algorithm reads, transformed and packed at first use, once for all kernels that share them.
 */
export class PackedWeights {
  readonly #kernel: NativeKernel;
  readonly #weight: Float32Array;
  #packed: Float32Array | undefined;
  #packing: Promise<Float32Array> | undefined;

  /**
   * @param description of any convolution that will read them
   * @param weight O × I/groups × kernel; not to be changed before they are packed
   */
  constructor(description: ConvolutionDescription, weight: Float32Array) {
    this.#kernel = new (native().Kernel)('pack convolution weights', description);
    this.#weight = weight;
  }

  /** Memory that they take once they are packed. */
  get bytes(): number {
    return this.#kernel.outputBytes[0]!;
  }

  /** The packed weights if they are packed. */
  get ready(): Float32Array | undefined {
    return this.#packed;
  }

  /** Packs them off the main thread unless that is done or under way. @throws InputError when memory runs out */
  async pack(): Promise<Float32Array> {
    if (this.#packed !== undefined) return this.#packed;
    this.#packing ??= this.#pack().finally(() => {
      this.#packing = undefined;
    });
    return this.#packing;
  }

  /** Packs them on the calling thread unless that is done. @throws InputError when memory runs out */
  packSync(): Float32Array {
    if (this.#packed === undefined) {
      const packed = this.#allocate();
      this.#kernel.runSync([this.#weight], [packed]);
      this.#packed = packed;
    }
    return this.#packed;
  }

  async #pack(): Promise<Float32Array> {
    const packed = this.#allocate();
    await native().run([{ kernel: this.#kernel, inputs: [inEngineMemory(this.#weight)], outputs: [packed] }]);
    this.#packed ??= packed;
    return this.#packed;
  }

  #allocate(): Float32Array {
    return allocate(this.bytes / Float32Array.BYTES_PER_ELEMENT);
  }
}
