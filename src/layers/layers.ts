import { Convolution, type LayerWeights } from './convolution.js';
import type { LayerOptions } from './options.js';

/**
 * 1-D convolution of N×C×W (or C×W) tensors; see {@link Convolution}.
 */
export class Conv1d extends Convolution {
  constructor(options: LayerOptions, weights: LayerWeights, ...extra: never[]) {
    super(1, options, weights, ...extra);
  }
}

/** 2-D convolution of N×C×H×W (or C×H×W) tensors; see {@link Convolution}. */
export class Conv2d extends Convolution {
  constructor(options: LayerOptions, weights: LayerWeights, ...extra: never[]) {
    super(2, options, weights, ...extra);
  }
}

/** 3-D convolution of N×C×D×H×W (or C×D×H×W) tensors; see {@link Convolution}. */
export class Conv3d extends Convolution {
  constructor(options: LayerOptions, weights: LayerWeights, ...extra: never[]) {
    super(3, options, weights, ...extra);
  }
}
