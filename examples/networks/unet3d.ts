import { Builder, type Graph, type Value } from '../../src/index.js';
import type { NetworkOptions } from './options.js';

/**
 * The 3-D U-Net of Çiçek et al., *3D U-Net: Learning Dense Volumetric Segmentation from Sparse Annotation*, MICCAI
 * 2016, figure 2, padded so that sizes stay: 19,069,955 parameters with three channels in and out, those of the batch
 * normalisations not counted.
 *
 * @param options.base channels of the first convolution, default 32
 * @param options.depth how often it halves the volume, default 3
 * @param options.size default 64
 */
export function unet3d(
  options: NetworkOptions & {
    readonly base?: number;
    readonly depth?: number;
    readonly channels?: number;
  } = {},
): Graph {
  const { size = 64, classes = 3, channels = 3, base = 32, depth = 3, ...weights } = options;
  const b = new Builder(weights);
  let x = b.input('volume', [1, channels, size, size, size]);
  const skips: Value[] = [];
  for (let level = 0; level <= depth; level++) {
    if (level > 0) x = b.maxPool(x, { kernelSize: 2 });
    x = unit(b, x, `encoder${level}.0`, base * 2 ** level);
    x = unit(b, x, `encoder${level}.1`, base * 2 ** (level + 1));
    skips.push(x);
  }
  skips.pop();
  for (let level = depth - 1; level >= 0; level--) {
    const up = { kernelSize: 2, stride: 2, outChannels: x.channels!, bias: false, gain: Math.SQRT1_2 };
    x = b.convTranspose(x, { name: `up${level}`, ...up });
    x = b.concat([skips.pop()!, x]);
    x = unit(b, x, `decoder${level}.0`, base * 2 ** (level + 1));
    x = unit(b, x, `decoder${level}.1`, base * 2 ** (level + 1));
  }
  return b.build({ logits: b.conv(x, { name: 'head', outChannels: classes, kernelSize: 1 }) });
}

function unit(b: Builder, x: Value, name: string, outChannels: number): Value {
  const y = b.conv(x, { name: `${name}.conv`, outChannels, kernelSize: 3, padding: 1 });
  return b.relu(b.batchNorm(y, { name: `${name}.norm` }));
}
