/** winograd-nd: exact fast convolution algorithms F(S, G), and the engine that runs 1-, 2- and 3-D layers with them. */
export {
  type EmitOptions,
  emit,
  expected,
  InputError,
  type Matrix,
  type Proof,
  type SynthesisOptions,
  synthesize,
  type Transform,
  VerificationError,
  verify,
} from '../synth/index.js';
export type { Activation } from './activation.js';
export { Convolution, type LayerWeights, type RunStatistics } from './convolution.js';
export type { LayerOptions } from './layer-options.js';
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
