import type { NativeKernel, NativePass } from '../native/addon.js';
import type { PackedWeights } from '../planner/packed-weights.js';
import type { Plan } from '../planner/plan.js';

/** A layer made ready for one shape of input: its kernel, and what a pass needs beside its activations. */
export class Prepared {
  constructor(
    readonly plan: Plan,
    readonly kernel: NativeKernel,
    /** Kept alive for other shapes to share. */
    readonly weights: PackedWeights,
    readonly bias: Float32Array | null,
    /** The estimated time of a pass, in flops at one core's peak. */
    readonly work: number,
  ) {}

  /** A pass on these arrays; weights must be packed. */
  pass(input: Float32Array, output: Float32Array, residual: Float32Array | undefined): NativePass {
    return {
      kernel: this.kernel,
      inputs: [input, this.weights.ready!, this.bias, residual ?? null],
      outputs: [output],
    };
  }
}
