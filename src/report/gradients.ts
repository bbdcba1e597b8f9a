import { Builder } from '../graph/builder.js';
import { native } from '../native/addon.js';
import { Network } from '../network/network.js';
import { problemOf } from '../operators/convolution/geometry.js';
import { byInputOf } from '../operators/gradients/convolution.js';
import { Tensor } from '../tensor/tensor.js';
import { type BenchLayer, directFlopsOf, outputOf } from './layers.js';
import { median } from './statistics.js';

/** A layer, and its gradients by its data and by its weights. */
export const directions = ['forward', 'data', 'weights'] as const;
export type Direction = (typeof directions)[number];

/** How long one direction of a layer takes. */
export interface DirectionTime {
  readonly direction: Direction;
  /** Milliseconds. */
  readonly time: number;
  /** Multiple of the FMA peak, by direct convolution's operations. */
  readonly effective: number;
  /** As a multiple of direct convolution's error; undefined for plans that state none. */
  readonly expected: number | undefined;
}

/** A layer in every direction, in turns on one thread, with weights that change at every run and planar tensors. */
export async function directionTimes(layer: BenchLayer, rounds: number): Promise<DirectionTime[]> {
  const ways = directions.map((direction) => ({ direction, ...nodeOf(layer, direction) }));
  const times = ways.map((): number[] => []);
  const { isa } = native().cpuInfo();
  let peak = 0;
  for (let round = 0; round <= rounds; round++) {
    peak = Math.max(peak, native().fmaPeak(isa, 10));
    for (const [i, { network, inputs }] of ways.entries()) {
      await network.run(inputs);
      if (round > 0) times[i]!.push(network.lastRun!.milliseconds);
    }
  }
  const plans = await Promise.all(ways.map(({ network }) => network.plan()));
  for (const { network } of ways) network.dispose();
  return directions.map((direction, i) => {
    const time = median(times[i]!);
    const expected = plans[i]!.nodes[0]?.plan?.expectedError;
    return { direction, time, effective: directFlopsOf(layer, 1) / time / peak / 1e6, expected };
  });
}

/** A network of one node whose weights are an input. */
function nodeOf(layer: BenchLayer, direction: Direction) {
  const { inChannels, outChannels, kernel, stride, padding } = layer;
  const shapes = {
    x: [1, inChannels, ...layer.input],
    weight: [outChannels, inChannels, ...kernel],
    gradient: [1, outChannels, ...outputOf(layer)],
  };
  const window = { kernel_shape: kernel, strides: stride, pads: [...padding, ...padding] };
  const typed = (shape: readonly number[]) => ({ type: 'float32' as const, shape });
  const attributes =
    direction === 'data' ? byInputOf(problemOf(window, typed(shapes.x), typed(shapes.weight), 1)) : window;
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
