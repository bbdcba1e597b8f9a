import { type ConvolutionDescription, type NativeKernel, native } from '../native/addon.js';
import { allocate } from '../tensor/tensor.js';
import type { Choice } from './choices.js';

/** The engine's name of the kernel that packs weights. */
export const PACKING = 'pack convolution weights';

/** The same for choices that read the same packed weights of a layer. */
export function packingKey({ algorithm, weightFormat, covers, nonZeros }: Choice): string {
  return [algorithm, nonZeros, weightFormat, ...(covers ?? []).map((each) => each.algorithm.key)].join(' | ');
}

/** Memory that the weights of a convolution take once they are packed. */
export function packedBytes(description: ConvolutionDescription): number {
  return new (native().Kernel)(PACKING, description).outputBytes[0]!;
}

/**
 * Weights in the form that one algorithm reads, transformed and packed at first use, once for all kernels that share them.
 */
export class PackedWeights {
  readonly #kernel: NativeKernel;
  readonly #weight: Float32Array;
  #packed: Float32Array | undefined;

  /**
   * @param description of any convolution that will read them
   * @param weight O × I/groups × kernel; not to be changed before they are packed
   */
  constructor(description: ConvolutionDescription, weight: Float32Array) {
    this.#kernel = new (native().Kernel)(PACKING, description);
    this.#weight = weight;
  }

  /** Memory that they take once they are packed. */
  get bytes(): number {
    return this.#kernel.outputBytes[0]!;
  }

  /** Packs them on the calling thread unless that is done. @throws InputError when memory runs out */
  packSync(): Float32Array {
    if (this.#packed === undefined) {
      const packed = allocate(this.bytes / Float32Array.BYTES_PER_ELEMENT);
      this.#kernel.runSync([this.#weight], [packed]);
      this.#packed = packed;
    }
    return this.#packed;
  }
}
