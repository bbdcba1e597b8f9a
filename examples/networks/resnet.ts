import { Builder, type Graph, type Value } from '../../src/index.js';
import type { NetworkOptions } from './options.js';

const depths = [3, 4, 6, 3];

/**
 * ResNet-34. He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016, table 1; torchvision's `resnet34`:
 * 21,797,672 parameters.
 */
export function resnet34(options: NetworkOptions = {}): Graph {
  return resnet(options, basic);
}

/** ResNet-50, the stride in the 3 × 3 convolutions. The same paper; torchvision's `resnet50`: 25,557,032 parameters. */
export function resnet50(options: NetworkOptions = {}): Graph {
  return resnet(options, bottleneck);
}

type Block = (b: Builder, x: Value, channels: number, stride: number) => Value;

function resnet({ size = 224, classes = 1000, ...weights }: NetworkOptions, block: Block): Graph {
  const b = new Builder(weights);
  let x = b.input('image', [1, 3, size, size]);
  x = b.conv(x, { name: 'conv1', outChannels: 64, kernelSize: 7, stride: 2, padding: 3, bias: false });
  x = b.relu(b.batchNorm(x, { name: 'bn1' }));
  x = b.maxPool(x, { kernelSize: 3, stride: 2, padding: 1 });
  for (const [i, depth] of depths.entries())
    for (let j = 0; j < depth; j++)
      x = b.scope(`layer${i + 1}.${j}`, () => block(b, x, 64 * 2 ** i, i > 0 && j === 0 ? 2 : 1));
  x = b.flatten(b.globalAveragePool(x));
  return b.build({ logits: b.linear(x, { name: 'fc', outFeatures: classes }) });
}

const basic: Block = (b, x, channels, stride) => {
  const y = b.relu(convNorm(b, x, 1, channels, 3, stride));
  return b.relu(b.add(convNorm(b, y, 2, channels, 3, 1, 0.3), shortcut(b, x, channels, stride)));
};

const bottleneck: Block = (b, x, channels, stride) => {
  let y = b.relu(convNorm(b, x, 1, channels, 1));
  y = b.relu(convNorm(b, y, 2, channels, 3, stride));
  y = convNorm(b, y, 3, 4 * channels, 1, 1, 0.3);
  return b.relu(b.add(y, shortcut(b, x, 4 * channels, stride)));
};

function convNorm(
  b: Builder,
  x: Value,
  number: number,
  outChannels: number,
  kernelSize: number,
  stride = 1,
  gain = 1,
) {
  const padding = (kernelSize - 1) / 2;
  const y = b.conv(x, { name: `conv${number}`, outChannels, kernelSize, stride, padding, bias: false });
  return b.batchNorm(y, { name: `bn${number}`, gain });
}

function shortcut(b: Builder, x: Value, outChannels: number, stride: number): Value {
  if (stride === 1 && x.channels === outChannels) return x;
  const y = b.conv(x, { name: 'downsample.0', outChannels, kernelSize: 1, stride, bias: false });
  return b.batchNorm(y, { name: 'downsample.1' });
}
