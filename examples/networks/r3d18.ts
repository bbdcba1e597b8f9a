import { Builder, type Graph, type Value } from '../../src/index.js';
import type { VideoOptions } from './options.js';

/**
 * R3D-18: a residual network of 3 × 3 × 3 convolutions. Tran et al., *A Closer Look at Spatiotemporal Convolutions for
 * Action Recognition*, CVPR 2018, as torchvision's `r3d_18` has it: 33,371,472 parameters.
 */
export function r3d18(options: VideoOptions = {}): Graph {
  return videoResNet(options, {
    stem: (b, x) => b.conv(x, { name: 'stem.0', ...first, outChannels: 64, kernelSize: [3, 7, 7] }),
    conv: (b, x, outChannels, stride, name) =>
      b.conv(x, { name, outChannels, kernelSize: 3, stride, padding: 1, bias: false }),
  });
}

/**
 * R(2+1)D-18: R3D-18 with each convolution as one over space and one over time, between which there are as many
 * channels as keep the number of parameters. The same paper; torchvision's `r2plus1d_18`: 31,505,325 parameters.
 */
export function r2plus1d18(options: VideoOptions = {}): Graph {
  return videoResNet(options, {
    stem(b, x) {
      const space = b.conv(x, {
        name: 'stem.0',
        ...first,
        outChannels: 45,
        kernelSize: [1, 7, 7],
        padding: [0, 3, 3],
      });
      const middle = b.relu(b.batchNorm(space, { name: 'stem.1' }));
      const time = { kernelSize: [3, 1, 1], padding: [1, 0, 0], bias: false };
      return b.conv(middle, { name: 'stem.3', outChannels: 64, ...time });
    },
    conv(b, x, outChannels, stride, name, middleChannels) {
      const space = { kernelSize: [1, 3, 3], stride: [1, stride, stride], padding: [0, 1, 1], bias: false };
      const time = { kernelSize: [3, 1, 1], stride: [stride, 1, 1], padding: [1, 0, 0], bias: false };
      const middle = b.conv(x, { name: `${name}.0`, outChannels: middleChannels, ...space });
      const active = b.relu(b.batchNorm(middle, { name: `${name}.1` }));
      return b.conv(active, { name: `${name}.3`, outChannels, ...time });
    },
  });
}

const first = { stride: [1, 2, 2], padding: [1, 3, 3], bias: false };

/** How the two differ. */
interface Kind {
  stem(b: Builder, x: Value): Value;
  conv(b: Builder, x: Value, outChannels: number, stride: number, name: string, middle: number): Value;
}

function videoResNet(options: VideoOptions, { stem, conv }: Kind): Graph {
  const { frames = 16, size = 112, classes = 400, ...weights } = options;
  const b = new Builder(weights);
  let x = stem(b, b.input('clip', [1, 3, frames, size, size]));
  x = b.relu(b.batchNorm(x, { name: 'stem.norm' }));
  for (const [i, channels] of [64, 128, 256, 512].entries())
    for (const j of [0, 1]) {
      const stride = i > 0 && j === 0 ? 2 : 1;
      x = b.scope(`layer${i + 1}.${j}`, () => block(b, x, channels, stride, conv));
    }
  x = b.flatten(b.globalAveragePool(x));
  return b.build({ logits: b.linear(x, { name: 'fc', outFeatures: classes }) });
}

function block(b: Builder, x: Value, channels: number, stride: number, conv: Kind['conv']): Value {
  const inputs = x.channels!;
  const middle = Math.floor((inputs * channels * 27) / (inputs * 9 + 3 * channels));
  const inner = b.relu(b.batchNorm(conv(b, x, channels, stride, 'conv1.0', middle), { name: 'conv1.1' }));
  // Both convolutions of a block have as many channels between space and time.
  const outer = conv(b, inner, channels, 1, 'conv2.0', middle);
  const y = b.batchNorm(outer, { name: 'conv2.1', gain: 0.3 });
  if (stride === 1 && inputs === channels) return b.relu(b.add(y, x));
  const shortcut = b.conv(x, {
    name: 'downsample.0',
    outChannels: channels,
    kernelSize: 1,
    stride,
    bias: false,
  });
  return b.relu(b.add(y, b.batchNorm(shortcut, { name: 'downsample.1' })));
}
