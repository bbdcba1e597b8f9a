import { Builder, type Graph, type Value } from '../../src/index.js';
import type { NetworkOptions } from './options.js';

/**
 * U-Net. Ronneberger et al., *U-Net: Convolutional Networks for Biomedical Image Segmentation*, MICCAI 2015, figure 1,
 * padded so that sizes stay, with batch normalisation: 31,037,698 parameters with three channels and two classes, as
 * Milesial's `Pytorch-UNet` counts.
 *
 * @param options.size default 256, a multiple of 16
 */
export function unet2d({ size = 256, classes = 2, ...weights }: NetworkOptions = {}): Graph {
  const b = new Builder(weights);
  let x = double(b, b.input('image', [1, 3, size, size]), 'inc', 64);
  const skips: Value[] = [];
  for (const [i, channels] of [128, 256, 512, 1024].entries()) {
    skips.push(x);
    x = double(b, b.maxPool(x, { kernelSize: 2 }), `down${i + 1}`, channels);
  }
  for (const [i, channels] of [512, 256, 128, 64].entries()) {
    const up = { outChannels: channels, kernelSize: 2, stride: 2, gain: Math.SQRT1_2 };
    const larger = b.convTranspose(x, { name: `up${i + 1}.up`, ...up });
    x = double(b, b.concat([skips.pop()!, larger]), `up${i + 1}.conv`, channels);
  }
  return b.build({ logits: b.conv(x, { name: 'outc', outChannels: classes, kernelSize: 1 }) });
}

function double(b: Builder, x: Value, name: string, outChannels: number): Value {
  const unit = (input: Value, number: number) => {
    const conv = { outChannels, kernelSize: 3, padding: 1, bias: false };
    const y = b.conv(input, { name: `${name}.conv${number}`, ...conv });
    return b.relu(b.batchNorm(y, { name: `${name}.bn${number}` }));
  };
  return unit(unit(x, 1), 2);
}
