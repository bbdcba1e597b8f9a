/**
 * SystemML's operators around convolution, on matrices of an image a row, dense or sparse, in its semantics (Apache
 * SystemML's LibMatrixDNN).
 */
export { biasAdd, biasMultiply, conv2dBiasAdd } from './bias.js';
export { conv2d, conv2dBackwardData, conv2dBackwardFilter } from './convolution.js';
export type { SystemMatrix } from './matrix.js';
export { type ParameterOptions, Parameters } from './parameters.js';
export { maxPool, maxPoolBackward, reluBackward, reluMaxPool, reluMaxPoolBackward } from './pooling.js';
export {
  type OperatorStatistics,
  type Phase,
  startStatistics,
  statistics,
  stopStatistics,
} from './statistics.js';
