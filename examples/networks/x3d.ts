import { Builder, type Graph, type Value } from '../../src/index.js';
import type { VideoOptions } from './options.js';

/** Blocks, channels and channels inside a block of each stage. */
const stages = [
  { depth: 3, channels: 24, inner: 54 },
  { depth: 5, channels: 48, inner: 108 },
  { depth: 11, channels: 96, inner: 216 },
  { depth: 7, channels: 192, inner: 432 },
];

/**
 * X3D-M: bottlenecks of depthwise 3 × 3 × 3 convolutions with squeeze and excitation in every other. Feichtenhofer,
 * *X3D: Expanding Architectures for Efficient Video Recognition*, CVPR 2020, table 1; 3.8 M parameters in its table 3
 * (3.79 M in PyTorchVideo's model zoo).
 */
export function x3dM({ frames = 16, size = 224, classes = 400, ...weights }: VideoOptions = {}): Graph {
  const b = new Builder(weights);
  let x = b.input('clip', [1, 3, frames, size, size]);
  const space = { kernelSize: [1, 3, 3], stride: [1, 2, 2], padding: [0, 1, 1], bias: false };
  x = b.conv(x, { name: 'stem.conv_xy', outChannels: 24, ...space });
  const time = { kernelSize: [5, 1, 1], padding: [2, 0, 0], groups: 24, bias: false };
  x = b.conv(x, { name: 'stem.conv_t', outChannels: 24, ...time });
  x = b.relu(b.batchNorm(x, { name: 'stem.norm' }));
  for (const [i, stage] of stages.entries())
    for (let j = 0; j < stage.depth; j++)
      x = b.scope(`stage${i + 2}.${j}`, () => bottleneck(b, x, stage, j === 0 ? 2 : 1, j % 2 === 0));
  x = b.conv(x, { name: 'head.pre_conv', outChannels: 432, kernelSize: 1, bias: false });
  x = b.globalAveragePool(b.relu(b.batchNorm(x, { name: 'head.pre_norm' })));
  x = b.relu(b.conv(x, { name: 'head.post_conv', outChannels: 2048, kernelSize: 1, bias: false }));
  x = b.flatten({ ...x, pooled: true });
  return b.build({ logits: b.linear(x, { name: 'head.proj', outFeatures: classes }) });
}

function bottleneck(
  b: Builder,
  x: Value,
  { channels, inner }: (typeof stages)[number],
  stride: number,
  excited: boolean,
): Value {
  const point = { kernelSize: 1, bias: false };
  let y = b.conv(x, { name: 'conv_a', outChannels: inner, ...point });
  y = b.relu(b.batchNorm(y, { name: 'norm_a' }));
  const depthwise = { kernelSize: 3, stride: [1, stride, stride], padding: 1, groups: inner, bias: false };
  y = b.batchNorm(b.conv(y, { name: 'conv_b', outChannels: inner, ...depthwise }), { name: 'norm_b' });
  if (excited) y = excitation(b, y);
  y = b.conv(b.silu(y), { name: 'conv_c', outChannels: channels, ...point });
  y = b.batchNorm(y, { name: 'norm_c', gain: 0.5 });
  if (stride === 1 && x.channels === channels) return b.relu(b.add(y, x));
  // Only where the number of channels changes does the shortcut have a normalisation.
  const shortcut = b.conv(x, {
    ...{ name: 'branch1_conv', outChannels: channels, kernelSize: 1 },
    ...{ stride: [1, stride, stride], bias: false },
  });
  const same = x.channels === channels;
  return b.relu(b.add(y, same ? shortcut : b.batchNorm(shortcut, { name: 'branch1_norm' })));
}

/** A factor for each channel from the averages of all: a sixteenth as many in between, in steps of 8. */
function excitation(b: Builder, x: Value): Value {
  const squeezed = Math.ceil(x.channels! / 16 / 8) * 8;
  const mean = b.globalAveragePool(x);
  const hidden = b.relu(b.conv(mean, { name: 'se.fc1', outChannels: squeezed, kernelSize: 1 }));
  const factor = b.sigmoid(b.conv(hidden, { name: 'se.fc2', outChannels: x.channels!, kernelSize: 1 }));
  return b.mul(x, factor);
}
