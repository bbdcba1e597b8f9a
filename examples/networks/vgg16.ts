import { Builder, type Graph } from '../../src/index.js';
import type { NetworkOptions } from './options.js';

const stages = [
  [64, 2],
  [128, 2],
  [256, 3],
  [512, 3],
  [512, 3],
] as const;

/**
 * VGG-16. Simonyan and Zisserman, *Very Deep Convolutional Networks for Large-Scale Image Recognition*, ICLR 2015,
 * table 1, D: 138 M parameters in its table 2 (138,357,544 in torchvision).
 *
 * @param options.size default 224, part of what the dense layers are made for
 */
export function vgg16({ size = 224, classes = 1000, ...weights }: NetworkOptions = {}): Graph {
  const b = new Builder(weights);
  let x = b.input('image', [1, 3, size, size]);
  for (const [i, [outChannels, depth]] of stages.entries()) {
    for (let j = 1; j <= depth; j++)
      x = b.relu(b.conv(x, { name: `conv${i + 1}_${j}`, outChannels, kernelSize: 3, padding: 1 }));
    x = b.maxPool(x, { kernelSize: 2 });
  }
  const inFeatures = 512 * Math.floor(size / 32) ** 2;
  x = b.relu(b.linear(b.flatten(x), { name: 'fc6', inFeatures, outFeatures: 4096 }));
  x = b.relu(b.linear(b.dropout(x), { name: 'fc7', outFeatures: 4096 }));
  return b.build({ logits: b.linear(b.dropout(x), { name: 'fc8', outFeatures: classes }) });
}
