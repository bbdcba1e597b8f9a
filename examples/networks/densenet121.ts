import { Builder, type Graph, type Value } from '../../src/index.js';
import type { NetworkOptions } from './options.js';

const GROWTH = 32;

/**
 * DenseNet-121: every layer sees all before it in its block. Huang et al., *Densely Connected Convolutional Networks*,
 * CVPR 2017, table 1; torchvision's `densenet121`: 7,978,856 parameters.
 */
export function densenet121({ size = 224, classes = 1000, ...weights }: NetworkOptions = {}): Graph {
  const b = new Builder(weights);
  let x = b.input('image', [1, 3, size, size]);
  x = b.conv(x, { name: 'conv0', outChannels: 64, kernelSize: 7, stride: 2, padding: 3, bias: false });
  x = b.relu(b.batchNorm(x, { name: 'norm0' }));
  x = b.maxPool(x, { kernelSize: 3, stride: 2, padding: 1 });
  for (const [i, layers] of [6, 12, 24, 16].entries()) {
    if (i > 0) {
      x = convolved(b, x, `transition${i}`, x.channels! / 2, 1);
      x = b.averagePool(x, { kernelSize: 2 });
    }
    for (let j = 1; j <= layers; j++) x = b.scope(`denseblock${i + 1}.denselayer${j}`, () => layer(b, x));
  }
  x = b.relu(b.batchNorm(x, { name: 'norm5' }));
  x = b.flatten(b.globalAveragePool(x));
  return b.build({ logits: b.linear(x, { name: 'classifier', outFeatures: classes }) });
}

function layer(b: Builder, x: Value): Value {
  const narrow = convolved(b, x, '1', 4 * GROWTH, 1);
  return b.concat([x, convolved(b, narrow, '2', GROWTH, 3)]);
}

/** Normalisation and ReLU come before the convolution. */
function convolved(b: Builder, x: Value, name: string, outChannels: number, kernelSize: number): Value {
  const active = b.relu(b.batchNorm(x, { name: `norm${name}` }));
  return b.conv(active, {
    name: `conv${name}`,
    outChannels,
    kernelSize,
    padding: (kernelSize - 1) / 2,
    bias: false,
  });
}
