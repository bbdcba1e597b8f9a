import type { Comparison } from './compare.js';
import type { GaborPair } from './gabor.js';
import type { Score } from './score.js';

/** Everything the demo found out, as `winograd-demo.json` and `--json` give it. */
export interface DemoReport {
  readonly clip: {
    readonly name: string;
    readonly frames: number;
    readonly height: number;
    readonly width: number;
    /** What was left out or changed on the way in. */
    readonly notes: readonly string[];
  };
  readonly bank: {
    /** Frames, rows and columns of a filter. */
    readonly kernel: readonly number[];
    readonly filters: number;
    /** Cycles per pixel. */
    readonly frequency: number;
    readonly pairs: readonly GaborPair[];
  };
  /** How right the motion is; only for a clip whose motion is known. */
  readonly score?: Score;
  /** Times and errors of one pass of the layer over (the first part of) the clip. */
  readonly comparison: Comparison;
  readonly machine: { readonly cpu: string; readonly isa: string; readonly threads: number };
  readonly version: string;
}
