import { Builder, type Graph, type Value } from '../../src/index.js';
import type { NetworkOptions } from './options.js';

/** Channels of an Inception module: 1 × 1; 1 × 1 before 3 × 3; the same before 5 × 5; 1 × 1 behind the pool. */
type Module = readonly [number, readonly [number, number], readonly [number, number], number];

/** Modules between the pools. */
const stages: readonly Readonly<Record<string, Module>>[] = [
  { inception3a: [64, [96, 128], [16, 32], 32], inception3b: [128, [128, 192], [32, 96], 64] },
  {
    inception4a: [192, [96, 208], [16, 48], 64],
    inception4b: [160, [112, 224], [24, 64], 64],
    inception4c: [128, [128, 256], [24, 64], 64],
    inception4d: [112, [144, 288], [32, 64], 64],
    inception4e: [256, [160, 320], [32, 128], 128],
  },
  { inception5a: [256, [160, 320], [32, 128], 128], inception5b: [384, [192, 384], [48, 128], 128] },
];

/**
 * GoogLeNet. Szegedy et al., *Going Deeper with Convolutions*, CVPR 2015, table 1, with local response normalisation as
 * there: 6,998,552 parameters without the auxiliary classifiers (6.99 M in Caffe's `bvlc_googlenet`). Images of up to 64²
 * keep their size until the first modules, as CIFAR-10's want it.
 */
export function googlenet({ size = 224, classes = 1000, ...weights }: NetworkOptions = {}): Graph {
  const b = new Builder(weights);
  let x = b.input('image', [1, 3, size, size]);
  const small = size <= 64;
  const kernelSize = small ? 3 : 7;
  const stem = { outChannels: 64, kernelSize, stride: small ? 1 : 2, padding: (kernelSize - 1) / 2 };
  x = b.relu(b.conv(x, { name: 'conv1', ...stem }));
  x = b.lrn(small ? x : pool(b, x), { size: 5 });
  x = b.relu(b.conv(x, { name: 'conv2', outChannels: 64, kernelSize: 1 }));
  x = b.relu(b.conv(x, { name: 'conv3', outChannels: 192, kernelSize: 3, padding: 1 }));
  x = b.lrn(x, { size: 5 });
  for (const modules of stages) {
    x = pool(b, x);
    for (const [name, channels] of Object.entries(modules))
      x = b.scope(name, () => inception(b, x, channels));
  }
  x = b.dropout(b.flatten(b.globalAveragePool(x)), { ratio: 0.4 });
  return b.build({ logits: b.linear(x, { name: 'fc', outFeatures: classes }) });
}

/** Windows may reach beyond the end, as Caffe has it. */
function pool(b: Builder, x: Value): Value {
  return b.maxPool(x, { kernelSize: 3, stride: 2, ceilMode: true });
}

function inception(b: Builder, x: Value, [one, three, five, pooled]: Module): Value {
  const conv = (input: Value, name: string, outChannels: number, kernelSize: number) =>
    b.relu(b.conv(input, { name, outChannels, kernelSize, padding: (kernelSize - 1) / 2 }));
  return b.concat([
    conv(x, 'branch1', one, 1),
    conv(conv(x, 'branch2.0', three[0], 1), 'branch2.1', three[1], 3),
    conv(conv(x, 'branch3.0', five[0], 1), 'branch3.1', five[1], 5),
    conv(b.maxPool(x, { kernelSize: 3, stride: 1, padding: 1 }), 'branch4.1', pooled, 1),
  ]);
}
