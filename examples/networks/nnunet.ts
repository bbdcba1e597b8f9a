import { Builder, type Graph, type Value } from '../../src/index.js';
import type { NetworkOptions } from './options.js';

const features = [32, 64, 128, 256, 320, 320];

/**
 * A 3-D U-Net as nnU-Net plans it: strided convolutions, instance normalisation, leaky ReLUs, transposed convolutions.
 * Isensee et al., *nnU-Net: a self-configuring method for deep learning-based biomedical image segmentation*, Nature
 * Methods 2021; 31.2 M parameters with six levels (counted so by Huang et al., *STU-Net*, 2023, table 2).
 *
 * @param options.size default 128, a multiple of 32
 * @param options.channels of the volume, default 1
 */
export function nnunet(options: NetworkOptions & { readonly channels?: number } = {}): Graph {
  const { size = 128, classes = 2, channels = 1, ...weights } = options;
  const b = new Builder(weights);
  let x = b.input('volume', [1, channels, size, size, size]);
  const skips: Value[] = [];
  for (const [i, channels] of features.entries()) {
    x = unit(b, x, `encoder.stages.${i}.0`, channels, i === 0 ? 1 : 2);
    x = unit(b, x, `encoder.stages.${i}.1`, channels);
    skips.push(x);
  }
  skips.pop();
  for (const [i, channels] of features.slice(0, -1).reverse().entries()) {
    const up = { outChannels: channels, kernelSize: 2, stride: 2, gain: Math.SQRT1_2 };
    x = b.concat([b.convTranspose(x, { name: `decoder.transpconvs.${i}`, ...up }), skips.pop()!]);
    x = unit(b, x, `decoder.stages.${i}.0`, channels);
    x = unit(b, x, `decoder.stages.${i}.1`, channels);
  }
  return b.build({ logits: b.conv(x, { name: 'head', outChannels: classes, kernelSize: 1 }) });
}

function unit(b: Builder, x: Value, name: string, outChannels: number, stride = 1): Value {
  const y = b.conv(x, { name: `${name}.conv`, outChannels, kernelSize: 3, stride, padding: 1 });
  return b.leakyRelu(b.instanceNorm(y, { name: `${name}.norm` }));
}
