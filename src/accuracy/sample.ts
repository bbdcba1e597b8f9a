import type { Transform } from '../../synth/index.js';

/** The data of an experiment: every tile meets every kernel. */
export interface Sample {
  readonly transforms: readonly Transform[];
  readonly channels: number;
  readonly sumBlock: number;
  readonly tiles: number;
  readonly kernels: number;
  /** tiles × channels × Dᴺ. */
  readonly data: Float32Array;
  /** kernels × channels × Gᴺ. */
  readonly weights: Float32Array;
}
