import { Builder, type Graph, type Value } from '../../src/index.js';
import type { NetworkOptions } from './options.js';

/**
 * V-Net: residual stages of 5 × 5 × 5 convolutions. Milletari et al., *V-Net: Fully Convolutional Neural Networks for
 * Volumetric Medical Image Segmentation*, 3DV 2016, figure 2, with the batch normalisation and PReLUs of its later
 * implementations; 45.6 M parameters (MONAI's `VNet` and Macy's `vnet.pytorch`, counted by both).
 *
 * @param options.size default 64, a multiple of 16
 */
export function vnet({ size = 64, classes = 2, ...weights }: NetworkOptions = {}): Graph {
  const b = new Builder(weights);
  const image = b.input('volume', [1, 1, size, size, size]);
  const first = b.batchNorm(b.conv(image, { name: 'in.conv', outChannels: 16, kernelSize: 5, padding: 2 }), {
    name: 'in.bn',
  });
  let x = b.prelu(b.add(first, image), { name: 'in.relu' });
  const skips: Value[] = [];
  for (const [i, depth] of [1, 2, 3, 2].entries()) {
    skips.push(x);
    x = b.scope(`down${i}`, () => stage(b, between(b, x, 'conv', 32 * 2 ** i), undefined, depth));
  }
  for (const [i, depth] of [2, 2, 1, 1].entries()) {
    const channels = 256 / 2 ** i;
    x = b.scope(`up${i}`, () => {
      const up = between(b, x, 'convTranspose', channels / 2);
      return stage(b, b.concat([up, skips.pop()!]), channels, depth);
    });
  }
  const head = b.conv(x, { name: 'out.conv1', outChannels: classes, kernelSize: 5, padding: 2 });
  const active = b.prelu(b.batchNorm(head, { name: 'out.bn1' }), { name: 'out.relu1' });
  return b.build({ logits: b.conv(active, { name: 'out.conv2', outChannels: classes, kernelSize: 1 }) });
}

/** From one size to the next. */
function between(b: Builder, x: Value, kind: 'conv' | 'convTranspose', outChannels: number): Value {
  const y = b[kind](x, { name: 'between', outChannels, kernelSize: 2, stride: 2, gain: 1 });
  return b.prelu(b.batchNorm(y, { name: 'bn1' }), { name: 'relu1' });
}

/** Convolutions, and what came before them added. */
function stage(b: Builder, x: Value, channels = x.channels!, depth: number): Value {
  let y = x;
  for (let i = 0; i < depth; i++) {
    const conv = b.conv(y, { name: `ops.${i}.conv`, outChannels: channels, kernelSize: 5, padding: 2 });
    y = b.batchNorm(conv, { name: `ops.${i}.bn`, gain: Math.SQRT1_2 });
    y = b.prelu(y, { name: `ops.${i}.relu` });
  }
  return b.prelu(b.add(y, x), { name: 'relu2' });
}
