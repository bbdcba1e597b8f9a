import { Builder, type Graph, type Value } from '../../src/index.js';
import type { NetworkOptions } from './options.js';

/**
 * EDSR's baseline, super-resolution: 64 channels, 16 residual blocks without normalisation. Lim et al., *Enhanced Deep
 * Residual Networks for Single Image Super-Resolution*, CVPRW 2017, table 1: 1.5 M parameters for a factor of 4
 * (1,517,571 in the authors' `EDSR-PyTorch`), 1,369,859 for 2.
 *
 * @param options.factor by which it enlarges: 2 (default), 3 or 4
 * @param options.size default 256
 */
export function edsr({
  size = 256,
  factor = 2,
  ...weights
}: Omit<NetworkOptions, 'classes'> & { readonly factor?: 2 | 3 | 4 } = {}): Graph {
  const b = new Builder(weights);
  const conv = (x: Value, name: string, outChannels: number, gain: number) =>
    b.conv(x, { name, outChannels, kernelSize: 3, padding: 1, gain });
  // Where no ReLU follows, √½ of He's scale keeps the size of activations.
  const linear = Math.SQRT1_2;
  const head = conv(b.input('image', [1, 3, size, size]), 'head', 64, linear);
  let x = head;
  for (let i = 0; i < 16; i++) {
    const inner = b.relu(conv(x, `body.${i}.conv1`, 64, 1));
    x = b.add(conv(inner, `body.${i}.conv2`, 64, 0.3), x);
  }
  x = b.add(conv(x, 'body.16', 64, linear), head);
  for (const [i, step] of (factor === 4 ? [2, 2] : [factor]).entries())
    x = b.pixelShuffle(conv(x, `upsample.${i}`, 64 * step ** 2, linear), { factor: step });
  return b.build({ image_out: conv(x, 'tail', 3, linear) });
}
