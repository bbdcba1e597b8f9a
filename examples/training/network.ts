import { Builder, type Graph } from '../../src/index.js';
import { directions, frames, side } from './clips.js';

/** A small network of three 3-D convolutions that tells directions of motion apart: 31,000 parameters. */
export function motionNetwork(seed: number): Graph {
  const b = new Builder({ seed });
  let x = b.input('clip', ['clips', 1, frames, side, side]);
  for (const [i, outChannels] of [16, 16, 32].entries()) {
    x = b.conv(x, { name: `conv${i + 1}`, outChannels, kernelSize: 3, padding: 1, bias: false });
    x = b.relu(b.batchNorm(x, { name: `norm${i + 1}` }));
    if (i < 2) x = b.maxPool(x, { kernelSize: i === 0 ? [1, 2, 2] : 2 });
  }
  x = b.flatten(b.averagePool(x, { kernelSize: [4, 3, 3] }));
  x = b.linear(x, { name: 'last', inFeatures: 32 * 4, outFeatures: directions.length });
  return b.build({ logits: x });
}
