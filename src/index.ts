/** winograd-nd: exact fast convolution algorithms F(S, G), and the engine that runs 1-, 2- and 3-D layers with them. */
export {
  type AxisFamily,
  axisFamily,
  type BitGrowth,
  backwardData,
  backwardWeights,
  bitGrowth,
  ClaimError,
  type Claims,
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
export { type ForwardBound, forwardErrorBound } from '../synth/noise/bound.js';
export { noiseGain } from '../synth/noise/gain.js';
export { type ExpectedError, expectedLayerError, type LayerArithmetic } from '../synth/noise/layer.js';
export {
  type FrontMember,
  type SearchOptions,
  search,
  type TransformOperations,
} from '../synth/search/search.js';
export { type SplitMember, type SplitSearchOptions, searchSplit } from '../synth/split/search.js';
export { Builder } from './graph/builder.js';
export type { ConvOptions, NormOptions, PoolOptions, Value, WindowOptions } from './graph/builder-options.js';
export type { Graph, GraphInput, Node, Size } from './graph/graph.js';
export type { WeightsOptions } from './graph/weights.js';
export { Convolution, type LayerWeights, type RunStatistics } from './layers/convolution.js';
export { Conv1d, Conv2d, Conv3d } from './layers/layers.js';
export type { LayerOptions } from './layers/options.js';
export { type NetworkStatistics, Sequential, type SequentialLayer } from './layers/sequential.js';
export type { PlannedLayer, SequentialPlan } from './layers/sequential-plan.js';
export { CsrMatrix } from './matrices/csr.js';
export { readCsr, writeCsr } from './matrices/csr-file.js';
export { type GemmOptions, gemm, gemmSync, type MatrixOperand } from './matrices/gemm.js';
export * as systemml from './matrices/systemml/index.js';
export type { CpuInfo } from './native/addon.js';
export type { CacheOptions } from './network/cache/options.js';
export {
  type LoadOptions,
  Network,
  type NetworkOptions,
  type NetworkRun,
  type RunOptions,
} from './network/network.js';
export type { NetworkPlan, PlannedNode } from './network/plan.js';
export { type OnnxOptions, readOnnx, writeOnnx } from './onnx/onnx.js';
export type { Accuracy } from './operators/convolution/accuracy.js';
export type { Attributes, Constant, Effort, ElementType } from './operators/operator.js';
export type { Lanes } from './planner/choices.js';
export type { Plan } from './planner/plan.js';
export type { Algorithm } from './planner/planner.js';
export type { Activation } from './problem/activation.js';
export type { ConvolutionOptions, PerAxis, Rank } from './problem/problem.js';
export type { LongOptions, Progress } from './support/long.js';
export { packageVersion as version } from './support/package.js';
export type { NamedTensors } from './tensor/named.js';
export { readNpy, writeNpy } from './tensor/npy.js';
export { readNpz, writeNpz } from './tensor/npz.js';
export { memoryPool } from './tensor/pool.js';
export { readSafetensors, writeSafetensors } from './tensor/safetensors.js';
export { type NestedNumbers, type RandomOptions, Tensor } from './tensor/tensor.js';
export { readDataset } from './training/data/read.js';
export type { Augmentation, Dataset } from './training/dataset.js';
export type { Loss } from './training/losses.js';
export type { OptimizerOptions } from './training/optimizers.js';
export { type Epoch, type Score, type TrainOptions, train } from './training/train.js';
export { Trainer, type TrainerOptions, type TrainingStep } from './training/trainer.js';
export type { ConvolutionVariant } from './training/variants.js';
export {
  exportWisdom,
  forgetWisdom,
  importWisdom,
  type Remembered,
  type Tuning,
  type Wisdom,
} from './wisdom/wisdom.js';
