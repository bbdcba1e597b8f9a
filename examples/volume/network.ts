import { Builder, type Graph, type Value } from '../../src/index.js';
import { classes } from './volumes.js';

/** A small 3-D U-Net of two levels for volumes of any even size: 70,000 parameters. */
export function volumeNetwork(seed: number): Graph {
  const b = new Builder({ seed });
  const block = (x: Value, name: string, outChannels: number) => {
    const y = b.conv(x, { name, outChannels, kernelSize: 3, padding: 1, bias: false });
    return b.relu(b.batchNorm(y, { name: `${name}.norm` }));
  };
  const x = b.input('volume', ['n', 1, 'depth', 'height', 'width']);
  const fine = block(block(x, 'fine1', 16), 'fine2', 16);
  const coarse = block(block(b.maxPool(fine, { kernelSize: 2 }), 'coarse1', 32), 'coarse2', 32);
  const up = b.convTranspose(coarse, { name: 'up', outChannels: 16, kernelSize: 2, stride: 2 });
  const joined = block(b.concat([up, fine]), 'joined', 16);
  return b.build({ logits: b.conv(joined, { name: 'last', outChannels: classes.length, kernelSize: 1 }) });
}
