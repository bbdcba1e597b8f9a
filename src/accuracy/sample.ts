import type { Transform } from '../../synth/index.js';

/** Outputs and taps of a tile along an axis. */
export type TileSize = Pick<Transform, 'outputs' | 'taps'>;

/** The data of an experiment: every tile meets every kernel. */
export interface Sample<Axis extends TileSize = Transform> {
  /** One per axis. */
  readonly transforms: readonly Axis[];
  readonly channels: number;
  readonly sumBlock: number;
  readonly tiles: number;
  readonly kernels: number;
  /** tiles × channels × Dᴺ. */
  readonly data: Float32Array;
  /** kernels × channels × Gᴺ. */
  readonly weights: Float32Array;
}
