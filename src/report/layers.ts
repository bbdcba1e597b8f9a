import { Convolution } from '../layers/convolution.js';
import type { LayerOptions } from '../layers/options.js';
import { Tensor } from '../tensor/tensor.js';

/** A convolution layer of a known network, bias and activation left out, as the benchmark runs it. */
export interface BenchLayer {
  /** Short enough to type: `--layers conv3b`. */
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  /** Per spatial axis, slowest first; two axes for 2-D, three for 3-D. */
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  /** Zeros on each side. */
  readonly padding: readonly number[];
  /** What one thread shall reach, as a multiple of the machine's FMA peak. */
  readonly goal?: number;
  /**
   * Best of oneDNN, ncnn, MNN, libxsmm, OpenBLAS and onnxruntime at an error of the order of direct convolution's, on
   * one Zen 3 core, as a multiple of its FMA peak: context for libraries that a run does not include.
   */
  readonly bestElsewhere?: number;
}

function cube(
  name: string,
  [inChannels, outChannels]: readonly [number, number],
  input: readonly number[],
  size: number,
  more: Partial<BenchLayer> = {},
): BenchLayer {
  return {
    name,
    inChannels,
    outChannels,
    groups: 1,
    input,
    kernel: input.map(() => size),
    stride: input.map(() => 1),
    padding: input.map(() => (size - 1) / 2),
    ...more,
  };
}

/** Of so many pixels along both axes, padded so that a stride of one would leave as many. */
export function square(
  name: string,
  channels: readonly [number, number],
  pixels: number,
  taps: number,
  stride: number,
): BenchLayer {
  return cube(name, channels, [pixels, pixels], taps, { stride: [stride, stride] });
}

/** In the order of reports: VGG and ResNet, the kernels of Budden et al. 2017, C3D, a 3-D U-Net, the layers that suit direct convolution. */
export const layers: readonly BenchLayer[] = [
  cube('vgg-64@224', [64, 64], [224, 224], 3, { goal: 3.0, bestElsewhere: 1.72 }),
  cube('vgg-128@112', [128, 128], [112, 112], 3, { goal: 3.6, bestElsewhere: 2.26 }),
  cube('vgg-256@56', [256, 256], [56, 56], 3, { goal: 3.8, bestElsewhere: 2.57 }),
  cube('vgg-512@28', [512, 512], [28, 28], 3, { goal: 3.9, bestElsewhere: 2.22 }),
  cube('vgg-512@14', [512, 512], [14, 14], 3, { goal: 3.3, bestElsewhere: 1.63 }),
  cube('resnet-64@56', [64, 64], [56, 56], 3, { goal: 3.2, bestElsewhere: 2.47 }),
  cube('resnet-128@28', [128, 128], [28, 28], 3, { goal: 3.6, bestElsewhere: 2.57 }),
  cube('resnet-256@14', [256, 256], [14, 14], 3, { goal: 3.2, bestElsewhere: 1.88 }),
  cube('resnet-512@7', [512, 512], [7, 7], 3, { goal: 1.85, bestElsewhere: 1.28 }),
  cube('budden-4x4', [32, 32], [224, 224], 4, { padding: [0, 0], goal: 3.2, bestElsewhere: 0.97 }),
  cube('budden-5x5', [64, 64], [56, 56], 5, { goal: 4.2, bestElsewhere: 0.99 }),
  cube('c3d-conv1a', [3, 64], [16, 112, 112], 3, { goal: 1.3, bestElsewhere: 0.94 }),
  cube('c3d-conv2a', [64, 128], [16, 56, 56], 3, { goal: 6.0, bestElsewhere: 1.14 }),
  cube('c3d-conv3a', [128, 256], [8, 28, 28], 3, { goal: 6.2, bestElsewhere: 1.49 }),
  cube('c3d-conv3b', [256, 256], [8, 28, 28], 3, { goal: 6.4, bestElsewhere: 1.57 }),
  cube('c3d-conv4a', [256, 512], [4, 14, 14], 3, { goal: 6.0, bestElsewhere: 1.64 }),
  cube('c3d-conv4b', [512, 512], [4, 14, 14], 3, { goal: 6.0, bestElsewhere: 1.69 }),
  cube('c3d-conv5a', [512, 512], [2, 7, 7], 3, { goal: 3.5, bestElsewhere: 1.29 }),
  cube('unet-32@64', [32, 32], [64, 64, 64], 3, { goal: 4.2, bestElsewhere: 0.97 }),
  cube('unet-64@32', [64, 64], [32, 32, 32], 3, { goal: 5.3, bestElsewhere: 0.98 }),
  cube('first-3x3', [3, 64], [224, 224], 3, { bestElsewhere: 0.88 }),
  cube('first-7x7s2', [3, 64], [224, 224], 7, { stride: [2, 2], bestElsewhere: 0.98 }),
  cube('1x1-256@56', [256, 64], [56, 56], 1, { bestElsewhere: 0.98 }),
  cube('1x1-512@7', [512, 2048], [7, 7], 1, { bestElsewhere: 0.95 }),
  cube('1x1s2-256@56', [256, 512], [56, 56], 1, { stride: [2, 2], bestElsewhere: 0.96 }),
];

/** At a stride, as the layers of networks that halve the size, and their stems: sizes are those of the input. */
export const strided: readonly BenchLayer[] = [
  halving('s2-64-128@112', [64, 128], [112, 112], { goal: 1.5 }),
  halving('s2-128@56', [128, 128], [56, 56], { goal: 1.55 }),
  halving('s2-256@28', [256, 256], [28, 28], { goal: 1.5 }),
  halving('s2-512@14', [512, 512], [14, 14], { goal: 1.25 }),
  halving('s2-64-128@16x56', [64, 128], [16, 56, 56], { goal: 1.9 }),
  halving('s2-128-256@8x28', [128, 256], [8, 28, 28], { goal: 1.9 }),
  halving('s2-256-512@4x14', [256, 512], [4, 14, 14], { goal: 1.45 }),
  {
    ...halving('stem-3x7x7@16x112', [3, 64], [16, 112, 112], { goal: 3.8 }),
    ...{ kernel: [3, 7, 7], stride: [1, 2, 2], padding: [1, 3, 3] },
  },
  cube('stem-7x7x7@16x112', [3, 64], [16, 112, 112], 7, { stride: [2, 2, 2] }),
];

/** 3 taps at stride 2 along every axis. */
function halving(
  name: string,
  channels: readonly [number, number],
  input: readonly number[],
  more: Partial<BenchLayer>,
): BenchLayer {
  return cube(name, channels, input, 3, { stride: input.map(() => 2), ...more });
}

/** As many groups as channels, and some in between. */
function grouped(channels: number, groups: number, input: readonly number[], size: number): BenchLayer {
  const kind = groups === channels ? 'depthwise' : `groups-${groups}`;
  const name = `${kind}-${input.map(() => size).join('x')}-${channels}@${input.at(-1)}`;
  return cube(name, [channels, channels], input, size, { groups });
}

/** Layers of few channels, in groups or at all: where it is open what vectors shall hold. */
export const fewChannels: readonly BenchLayer[] = [
  cube('filter-1-1@224', [1, 1], [224, 224], 3),
  cube('filter-1-4@224', [1, 4], [224, 224], 3),
  cube('filter-3-3@224', [3, 3], [224, 224], 3),
  cube('filter-4-4@112', [4, 4], [112, 112], 3),
  cube('filter-8-8@112', [8, 8], [112, 112], 3),
  cube('filter-5x5-3-3@112', [3, 3], [112, 112], 5),
  cube('filter-3d-1-1@32', [1, 1], [32, 32, 32], 3),
  cube('filter-3d-3-3@8x56', [3, 3], [8, 56, 56], 3),
  cube('first-1-32@112', [1, 32], [112, 112], 3),
  cube('first-2-32@112', [2, 32], [112, 112], 3),
  cube('first-3-64@56', [3, 64], [56, 56], 3),
  cube('first-4-32@112', [4, 32], [112, 112], 3),
  grouped(32, 32, [112, 112], 3),
  grouped(64, 64, [56, 56], 3),
  grouped(256, 256, [14, 14], 3),
  grouped(64, 64, [56, 56], 5),
  grouped(96, 96, [56, 56], 7),
  grouped(32, 32, [16, 28, 28], 3),
  grouped(128, 128, [4, 14, 14], 3),
  grouped(128, 32, [56, 56], 3),
  grouped(64, 8, [56, 56], 3),
  grouped(64, 4, [56, 56], 3),
  grouped(64, 2, [56, 56], 3),
  grouped(128, 2, [28, 28], 3),
  grouped(512, 8, [14, 14], 3),
  grouped(64, 2, [28, 28], 5),
];

/** One of {@link layers}. */
export function layerOf(name: string): BenchLayer {
  return layers.find((layer) => layer.name === name)!;
}

/** Output sizes per spatial axis. */
export function outputOf({ input, kernel, stride, padding }: BenchLayer): readonly number[] {
  return input.map((size, a) => Math.floor((size + 2 * padding[a]! - kernel[a]!) / stride[a]!) + 1);
}

/** Floating-point operations of direct convolution, two for each multiply-add, taps on padding included. */
export function directFlopsOf(layer: BenchLayer, batch: number): number {
  const count = (sizes: readonly number[]) => sizes.reduce((product, size) => product * size, 1);
  const pairs = (layer.inChannels / layer.groups) * layer.outChannels;
  return 2 * batch * pairs * count(layer.kernel) * count(outputOf(layer));
}

/** One image for a layer, and its weights. */
export function inputOf({ inChannels, input }: BenchLayer, data: Float32Array): Tensor {
  return new Tensor(data, [1, inChannels, ...input]);
}
export function weightOf(
  { inChannels, outChannels, groups, kernel }: BenchLayer,
  data: Float32Array,
): Tensor {
  return new Tensor(data, [outChannels, inChannels / groups, ...kernel]);
}

/** The layer as the library has it, on one thread unless the options say otherwise. */
export function convolutionOf(
  layer: BenchLayer,
  weight: Tensor,
  options: Pick<LayerOptions, 'algorithm' | 'accuracy' | 'threads' | 'tile'>,
): Convolution {
  const { inChannels, outChannels, groups, kernel, stride, padding } = layer;
  return new Convolution(
    layer.input.length as 2 | 3,
    { inChannels, outChannels, groups, kernelSize: kernel, stride, padding, threads: 1, ...options },
    { weight },
  );
}
