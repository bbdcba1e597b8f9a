import { Builder, type Graph, type Value } from '../../src/index.js';
import type { VideoOptions } from './options.js';

/** Channels of an Inception module: 1 × 1; 1 × 1 before 3 × 3; the same, smaller; 1 × 1 behind the pool. */
type Module = readonly [number, readonly [number, number], readonly [number, number], number];

const modules: Readonly<Record<string, Module>> = {
  Mixed_3b: [64, [96, 128], [16, 32], 32],
  Mixed_3c: [128, [128, 192], [32, 96], 64],
  Mixed_4b: [192, [96, 208], [16, 48], 64],
  Mixed_4c: [160, [112, 224], [24, 64], 64],
  Mixed_4d: [128, [128, 256], [24, 64], 64],
  Mixed_4e: [112, [144, 288], [32, 64], 64],
  Mixed_4f: [256, [160, 320], [32, 128], 128],
  Mixed_5b: [256, [160, 320], [32, 128], 128],
  Mixed_5c: [384, [192, 384], [48, 128], 128],
};

/**
 * I3D, Inception-v1 inflated to three dimensions. Carreira and Zisserman, *Quo Vadis, Action Recognition?*, CVPR 2017,
 * figure 3; table 1 has 12 M parameters (12,697,264 with 400 classes, counted from the figure).
 */
export function i3d({ frames = 16, size = 224, classes = 400, ...weights }: VideoOptions = {}): Graph {
  const b = new Builder(weights);
  let x = b.input('clip', [1, 3, frames, size, size]);
  x = unit(b, x, 'Conv3d_1a_7x7', 64, 7, 2);
  x = b.maxPool(x, { kernelSize: [1, 3, 3], stride: [1, 2, 2], padding: 'same' });
  x = unit(b, x, 'Conv3d_2b_1x1', 64, 1);
  x = unit(b, x, 'Conv3d_2c_3x3', 192, 3);
  x = b.maxPool(x, { kernelSize: [1, 3, 3], stride: [1, 2, 2], padding: 'same' });
  for (const [name, channels] of Object.entries(modules)) {
    if (name === 'Mixed_4b') x = b.maxPool(x, { kernelSize: 3, stride: 2, padding: 'same' });
    if (name === 'Mixed_5b') x = b.maxPool(x, { kernelSize: 2, padding: 'same' });
    x = b.scope(name, () => inception(b, x, channels));
  }
  x = b.flatten(b.dropout(b.globalAveragePool(x), { name: 'dropout' }));
  return b.build({
    logits: b.linear({ ...x, channels: 1024 }, { name: 'logits.conv3d', outFeatures: classes }),
  });
}

function inception(b: Builder, x: Value, [one, three, small, pooled]: Module): Value {
  const pool = b.maxPool(x, { kernelSize: 3, stride: 1, padding: 'same' });
  return b.concat([
    unit(b, x, 'b0', one, 1),
    unit(b, unit(b, x, 'b1a', three[0], 1), 'b1b', three[1], 3),
    unit(b, unit(b, x, 'b2a', small[0], 1), 'b2b', small[1], 3),
    unit(b, pool, 'b3b', pooled, 1),
  ]);
}

function unit(
  b: Builder,
  x: Value,
  name: string,
  outChannels: number,
  kernelSize: number,
  stride = 1,
): Value {
  const y = b.conv(x, {
    name: `${name}.conv3d`,
    outChannels,
    kernelSize,
    stride,
    padding: 'same',
    bias: false,
  });
  return b.relu(b.batchNorm(y, { name: `${name}.bn`, epsilon: 1e-3 }));
}
