import { Builder, type Graph, type PerAxis, type Value } from '../../src/index.js';
import type { NetworkOptions } from './options.js';

/**
 * Inception-v3, without the auxiliary classifier of its training. Szegedy et al., *Rethinking the Inception Architecture
 * for Computer Vision*, CVPR 2016, as torchvision's `inception_v3` has it: 23,834,568 parameters.
 *
 * @param options.size default 299; at least 75
 */
export function inceptionV3({ size = 299, classes = 1000, ...weights }: NetworkOptions = {}): Graph {
  const b = new Builder(weights);
  let x = b.input('image', [1, 3, size, size]);
  x = unit(b, x, 'Conv2d_1a_3x3', 32, 3, { stride: 2, padding: 0 });
  x = unit(b, x, 'Conv2d_2a_3x3', 32, 3, { padding: 0 });
  x = unit(b, x, 'Conv2d_2b_3x3', 64, 3);
  x = b.maxPool(x, { kernelSize: 3, stride: 2 });
  x = unit(b, x, 'Conv2d_3b_1x1', 80, 1);
  x = unit(b, x, 'Conv2d_4a_3x3', 192, 3, { padding: 0 });
  x = b.maxPool(x, { kernelSize: 3, stride: 2 });
  const within = (name: string, module: (b: Builder, x: Value, channels: number) => Value, channels = 0) => {
    x = b.scope(name, () => module(b, x, channels));
  };
  within('Mixed_5b', moduleA, 32);
  within('Mixed_5c', moduleA, 64);
  within('Mixed_5d', moduleA, 64);
  within('Mixed_6a', reductionB);
  within('Mixed_6b', moduleC, 128);
  within('Mixed_6c', moduleC, 160);
  within('Mixed_6d', moduleC, 160);
  within('Mixed_6e', moduleC, 192);
  within('Mixed_7a', reductionD);
  within('Mixed_7b', moduleE);
  within('Mixed_7c', moduleE);
  x = b.flatten(b.globalAveragePool(x));
  return b.build({ logits: b.linear(x, { name: 'fc', outFeatures: classes }) });
}

function moduleA(b: Builder, x: Value, pooled: number): Value {
  const five = unit(b, x, 'branch5x5_1', 48, 1);
  const double = unit(b, unit(b, x, 'branch3x3dbl_1', 64, 1), 'branch3x3dbl_2', 96, 3);
  return b.concat([
    unit(b, x, 'branch1x1', 64, 1),
    unit(b, five, 'branch5x5_2', 64, 5),
    unit(b, double, 'branch3x3dbl_3', 96, 3),
    unit(b, average(b, x), 'branch_pool', pooled, 1),
  ]);
}

function reductionB(b: Builder, x: Value): Value {
  const double = unit(b, unit(b, x, 'branch3x3dbl_1', 64, 1), 'branch3x3dbl_2', 96, 3);
  return b.concat([
    unit(b, x, 'branch3x3', 384, 3, { stride: 2, padding: 0 }),
    unit(b, double, 'branch3x3dbl_3', 96, 3, { stride: 2, padding: 0 }),
    b.maxPool(x, { kernelSize: 3, stride: 2 }),
  ]);
}

function moduleC(b: Builder, x: Value, channels: number): Value {
  let seven = unit(b, x, 'branch7x7_1', channels, 1);
  seven = unit(b, seven, 'branch7x7_2', channels, [1, 7]);
  let double = unit(b, x, 'branch7x7dbl_1', channels, 1);
  double = unit(b, double, 'branch7x7dbl_2', channels, [7, 1]);
  double = unit(b, double, 'branch7x7dbl_3', channels, [1, 7]);
  double = unit(b, double, 'branch7x7dbl_4', channels, [7, 1]);
  return b.concat([
    unit(b, x, 'branch1x1', 192, 1),
    unit(b, seven, 'branch7x7_3', 192, [7, 1]),
    unit(b, double, 'branch7x7dbl_5', 192, [1, 7]),
    unit(b, average(b, x), 'branch_pool', 192, 1),
  ]);
}

function reductionD(b: Builder, x: Value): Value {
  const three = unit(b, x, 'branch3x3_1', 192, 1);
  let seven = unit(b, x, 'branch7x7x3_1', 192, 1);
  seven = unit(b, seven, 'branch7x7x3_2', 192, [1, 7]);
  seven = unit(b, seven, 'branch7x7x3_3', 192, [7, 1]);
  return b.concat([
    unit(b, three, 'branch3x3_2', 320, 3, { stride: 2, padding: 0 }),
    unit(b, seven, 'branch7x7x3_4', 192, 3, { stride: 2, padding: 0 }),
    b.maxPool(x, { kernelSize: 3, stride: 2 }),
  ]);
}

function moduleE(b: Builder, x: Value): Value {
  const three = unit(b, x, 'branch3x3_1', 384, 1);
  const double = unit(b, unit(b, x, 'branch3x3dbl_1', 448, 1), 'branch3x3dbl_2', 384, 3);
  return b.concat([
    unit(b, x, 'branch1x1', 320, 1),
    unit(b, three, 'branch3x3_2a', 384, [1, 3]),
    unit(b, three, 'branch3x3_2b', 384, [3, 1]),
    unit(b, double, 'branch3x3dbl_3a', 384, [1, 3]),
    unit(b, double, 'branch3x3dbl_3b', 384, [3, 1]),
    unit(b, average(b, x), 'branch_pool', 192, 1),
  ]);
}

function average(b: Builder, x: Value): Value {
  return b.averagePool(x, { kernelSize: 3, stride: 1, padding: 1 });
}

/** @param window.padding default half of the kernel */
function unit(
  b: Builder,
  x: Value,
  name: string,
  outChannels: number,
  kernelSize: PerAxis,
  window: { stride?: number; padding?: number } = {},
): Value {
  const half = [kernelSize, kernelSize]
    .flat()
    .slice(-2)
    .map((taps) => (taps - 1) / 2);
  const y = b.conv(x, {
    name: `${name}.conv`,
    outChannels,
    kernelSize,
    padding: half,
    bias: false,
    ...window,
  });
  return b.relu(b.batchNorm(y, { name: `${name}.bn`, epsilon: 1e-3 }));
}
