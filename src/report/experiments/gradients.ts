import { Builder } from '../../graph/builder.js';
import { native } from '../../native/addon.js';
import { Network } from '../../network/network.js';
import { Tensor } from '../../tensor/tensor.js';
import { HEIGHT, WIDTH } from '../chart.js';
import { experiment } from '../experiment.js';
import { type BenchLayer, directFlopsOf, layerOf, outputOf } from '../layers.js';
import { fixed, tableOf } from '../section.js';
import { median } from '../statistics.js';

const directions = ['forward', 'data', 'weights'] as const;
type Direction = (typeof directions)[number];

interface Reading {
  readonly layer: string;
  readonly direction: Direction;
  readonly time: number;
  /** Multiple of the FMA peak. */
  readonly effective: number;
}

const QUICK = ['resnet-128@28', 'vgg-256@56', 'unet-64@32'];
const FULL = [...QUICK, 'c3d-conv2a', 'c3d-conv3b', 'c3d-conv4b', 'unet-32@64', 'resnet-64@56', '1x1-256@56'];
const ROUNDS = { quick: 5, full: 15 };

/** A layer forward, and both its gradients, with weights that change every time (Georganas et al. 2018, section II). */
export const gradientsExperiment = experiment<readonly Reading[]>({
  id: 'gradients',
  suite: 'training',
  parts: ({ quick }) =>
    (quick ? QUICK : FULL).map((name) => ({
      name,
      seconds: 2 + (3 * (quick ? ROUNDS.quick : ROUNDS.full) * directFlopsOf(layerOf(name), 1)) / 1.5e11,
    })),
  async measure(part, { quick }) {
    const layer = layerOf(part);
    const ways = directions.map((direction) => ({ direction, ...nodeOf(layer, direction) }));
    const times = ways.map((): number[] => []);
    const { isa } = native().cpuInfo();
    let peak = 0;
    for (let round = 0; round <= (quick ? ROUNDS.quick : ROUNDS.full); round++) {
      peak = Math.max(peak, native().fmaPeak(isa, 10));
      for (const [i, { network, inputs }] of ways.entries()) {
        await network.run(inputs);
        if (round > 0) times[i]!.push(network.lastRun!.milliseconds);
      }
    }
    return directions.map((direction, i) => {
      const time = median(times[i]!);
      return { layer: part, direction, time, effective: directFlopsOf(layer, 1) / time / peak / 1e6 };
    });
  },
  present(results) {
    const lines = [...results.values()].flat();
    return {
      title: 'Training: a layer and both its gradients',
      lead: 'One image, one thread, times the FMA peak; everything counted: transforms of weights that change at every step, planar tensors in and out. Direct convolution cannot pass 1.',
      chart: {
        width: WIDTH,
        height: HEIGHT,
        data: { values: lines },
        layer: [
          {
            mark: { type: 'bar' },
            encoding: {
              x: { field: 'layer', type: 'nominal', title: null, sort: null, axis: { labelAngle: -30 } },
              xOffset: { field: 'direction', sort: null },
              y: { field: 'effective', type: 'quantitative', title: 'effective GFLOP/s over FMA peak' },
              color: { field: 'direction', type: 'nominal', title: null, sort: null },
            },
          },
          { mark: { type: 'rule', strokeDash: [4, 4] }, encoding: { y: { datum: 1 } } },
        ],
      },
      table: tableOf(lines, [
        { title: 'layer', value: ({ layer }) => layer },
        {
          title: 'gradient by',
          value: ({ direction }) => (direction === 'forward' ? '(forward)' : direction),
        },
        { title: 'ms', value: ({ time }) => time, format: fixed(2) },
        { title: '× peak', value: ({ effective }) => effective, format: fixed(2) },
      ]),
    };
  },
});

/** A network of one node whose weights are an input. */
function nodeOf(layer: BenchLayer, direction: Direction) {
  const { inChannels, outChannels, kernel, stride, padding } = layer;
  const shapes = {
    x: [1, inChannels, ...layer.input],
    weight: [outChannels, inChannels, ...kernel],
    gradient: [1, outChannels, ...outputOf(layer)],
  };
  const attributes = { kernel_shape: kernel, strides: stride, pads: [...padding, ...padding] };
  const [operator, ...names] = {
    forward: ['Conv', 'x', 'weight'] as const,
    data: ['ConvTranspose', 'gradient', 'weight'] as const,
    weights: ['ConvWeightsGradient', 'x', 'gradient'] as const,
  }[direction];
  const b = new Builder();
  const values = names.map((name) => b.input(name, shapes[name]));
  const network = new Network(b.build({ result: b.node(operator, values, attributes) }), { threads: 1 });
  const inputs = Object.fromEntries(
    names.map((name, seed) => [name, Tensor.random(shapes[name], { seed: seed + 1 })]),
  );
  return { network, inputs };
}
