/** winograd-nd: exact fast convolution algorithms F(S, G), and the engine that runs 1-, 2- and 3-D layers with them. */
export {
  type AxisFamily,
  axisFamily,
  type BitGrowth,
  backwardData,
  backwardWeights,
  bitGrowth,
  type EmitOptions,
  emit,
  expected,
  type Form,
  InputError,
  type IntegerTransform,
  integerTransform,
  type Matrix,
  nested,
  type PaddedTransform,
  type PolyphaseForm,
  type Proof,
  paddedTransform,
  pieces,
  polyphase,
  type SynthesisOptions,
  synthesize,
  type TrainingAccuracy,
  type Transform,
  trainingAccuracy,
  transposed,
  VerificationError,
  verify,
} from '../synth/index.js';
export { noiseGain } from '../synth/noise.js';
export { type ForwardBound, forwardErrorBound } from '../synth/noise-bound.js';
export { type ExpectedError, expectedLayerError, type LayerArithmetic } from '../synth/noise-layer.js';
export {
  type FrontMember,
  type SearchOptions,
  search,
  type TransformOperations,
} from '../synth/search/search.js';
export { type SplitMember, type SplitSearchOptions, searchSplit } from '../synth/split/search.js';
export type { Activation } from './activation.js';
export type { Lanes } from './choices.js';
export { Convolution, type LayerWeights, type RunStatistics } from './convolution.js';
export type { Accuracy } from './error-limit.js';
export type { Effort, LayerOptions } from './layer-options.js';
export { Conv1d, Conv2d, Conv3d } from './layers.js';
export type { CpuInfo } from './native.js';
export type { NetworkPlan, PlannedLayer } from './network-plan.js';
export { readNpy, writeNpy } from './npy.js';
export { packageVersion as version } from './package.js';
export type { Plan } from './plan.js';
export type { Algorithm } from './planner.js';
export type { ConvolutionOptions, PerAxis, Rank } from './problem.js';
export { type NetworkStatistics, Sequential, type SequentialLayer } from './sequential.js';
export { type NestedNumbers, Tensor } from './tensor.js';
export {
  exportWisdom,
  forgetWisdom,
  importWisdom,
  type Remembered,
  type Tuning,
  type Wisdom,
} from './wisdom.js';
