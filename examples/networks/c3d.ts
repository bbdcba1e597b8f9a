import { Builder, type Graph } from '../../src/index.js';
import type { VideoOptions } from './options.js';

/** Outputs of the convolutions between the pools. */
const stages = [[64], [128], [256, 256], [512, 512], [512, 512]];

/**
 * C3D: eight 3 × 3 × 3 convolutions and three dense layers. Du Tran et al., *Learning Spatiotemporal Features with 3D
 * Convolutional Networks*, ICCV 2015, figure 3. 78.41 M parameters with the 101 classes of UCF101, as MMAction2 counts.
 *
 * @param options.frames default 16, like `size` (112) part of what the dense layers are made for
 */
export function c3d({ frames = 16, size = 112, classes = 101, ...weights }: VideoOptions = {}): Graph {
  const b = new Builder(weights);
  let x = b.input('clip', [1, 3, frames, size, size]);
  for (const [i, outputs] of stages.entries()) {
    for (const [j, outChannels] of outputs.entries()) {
      const name = `conv${i + 1}${outputs.length > 1 ? 'ab'[j] : ''}`;
      x = b.relu(b.conv(x, { name, outChannels, kernelSize: 3, padding: 1 }));
    }
    const last = i === stages.length - 1;
    x = b.maxPool(x, { kernelSize: i === 0 ? [1, 2, 2] : 2, padding: last ? [0, 1, 1] : 0 });
  }
  const side = Math.floor(Math.floor(size / 16) / 2 + 1);
  const inFeatures = 512 * Math.floor(frames / 16) * side * side;
  x = b.relu(b.linear(b.flatten(x), { name: 'fc6', inFeatures, outFeatures: 4096 }));
  x = b.relu(b.linear(b.dropout(x), { name: 'fc7', outFeatures: 4096 }));
  return b.build({ logits: b.linear(b.dropout(x), { name: 'fc8', outFeatures: classes }) });
}
