import type { WeightsOptions } from '../../src/index.js';

/** What every network takes, beside its weights (default: random ones of seed 0). */
export interface NetworkOptions extends WeightsOptions {
  /** Height and width, and depth of a volume. */
  readonly size?: number;
  /** Results per sample, or per voxel. */
  readonly classes?: number;
}

/** What networks for video take, too. */
export interface VideoOptions extends NetworkOptions {
  readonly frames?: number;
}
