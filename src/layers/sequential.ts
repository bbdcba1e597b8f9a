import { expected } from '../../synth/errors.js';
import { checkNoMore, checkOptions } from '../../synth/options.js';
import { Network, type Stage } from '../graph/network.js';
import type { NetworkPlan } from '../graph/network-plan.js';
import { type NativeTimes, native } from '../native/addon.js';
import { inputShape, type Rank } from '../problem/problem.js';
import { BoundedMap } from '../support/bounded-map.js';
import { inEngineMemory, validateOut, validateTensor } from '../tensor/engine-memory.js';
import { checkData, type Tensor } from '../tensor/tensor.js';
import { Convolution, type RunStatistics, statisticsOf } from './convolution.js';
import { type Ready, ReadyByShape } from './results.js';

/** Shapes of input that one network keeps plans and buffers for. */
const MAX_SHAPES = 8;

/** A layer, or a layer that adds an earlier result to its own before its activation. */
export type SequentialLayer =
  | Convolution
  | {
      readonly layer: Convolution;
      /** Index of an earlier layer, counted from 0, or 'input' for the network's own. Shapes must agree. */
      readonly residual?: number | 'input';
    };

/** How a pass through a network went. */
export interface NetworkStatistics {
  /** Time within the layers. */
  readonly milliseconds: number;
  /** All layers' direct-convolution flops over time. */
  readonly effectiveGflops: number;
  /** In order. */
  readonly layers: readonly RunStatistics[];
}

/**
 * Convolution layers in a row. Between them activations stay in the engine's blocked layout, in buffers that passes
 * reuse: they are reshuffled only within the first layer's input and the last layer's output transform. Every result has
 * the bits that the layers give one by one.
 *
 * ```js
 * const block = new Sequential([stem, conv1, { layer: conv2, residual: 0 }]);
 * const y = await block.forward(x);
 * ```
 */
export class Sequential {
  /** Number of spatial axes. */
  readonly rank: Rank;
  readonly layers: readonly Convolution[];
  /** Statistics of the pass that ended last. */
  lastRun: NetworkStatistics | undefined;

  readonly #stages: readonly Stage[];
  readonly #networks = new BoundedMap<string, Network>(MAX_SHAPES);
  readonly #ready = new ReadyByShape<Network>();

  /** @throws InputError when there is no layer, or ranks, channels or residuals do not fit */
  constructor(layers: readonly SequentialLayer[], ...extra: never[]) {
    checkNoMore('Sequential', 1, extra);
    if (!Array.isArray(layers) || layers.length === 0)
      throw expected('layers', 'a non-empty array of layers', layers);
    this.#stages = Array.from(layers, stageOf);
    this.layers = this.#stages.map(({ layer }) => layer);
    this.rank = this.layers[0]!.rank;
    this.layers.forEach((layer, i) => {
      if (layer.rank !== this.rank)
        throw expected(`layer ${i}`, `of rank ${this.rank}, as layer 0`, layer.rank);
      const before = this.layers[i - 1]?.plans.settings.layer.outChannels;
      const { inChannels } = layer.plans.settings.layer;
      if (before !== undefined && before !== inChannels)
        throw expected(
          `inChannels of layer ${i}`,
          `${before}, the outChannels of layer ${i - 1}`,
          inChannels,
        );
    });
  }

  /**
   * What runs on an input of this shape, layer by layer. Plans are made once for a shape. The weights are transformed by
   * the first pass on it, or by the measurement that `effort: 'measure'` asks for.
   *
   * @param shape N×C×spatial or C×spatial
   * @throws InputError when the shape does not fit the layers, or a residual's shape differs from its layer's result
   */
  plan(shape: readonly number[]): NetworkPlan {
    return this.#networkOf(shape).plan;
  }

  /**
   * Runs all layers in order, off the main thread unless that takes less than 0.1 ms. Any number of passes may run at
   * once, each with buffers of its own. The input is treated as {@link Convolution.forward} treats it.
   *
   * @param x N×C×spatial, or C×spatial for a result without batch axis
   * @param out where to put the result, in memory of the library's own and apart from the input; by default memory that
   *   earlier results have left (see {@link memoryPool}), or else new memory
   * @returns the last layer's result
   * @throws InputError (as a rejection) when the input does not fit
   */
  async forward(x: Tensor, out?: Tensor, ...extra: never[]): Promise<Tensor> {
    checkNoMore('forward', 2, extra);
    const { ready, result } = this.#enter(x, out);
    if (ready.brief) return this.#run(ready, x, result);
    const network = ready.runs;
    const input = network.ready ? inEngineMemory(x.data) : x.clone().data;
    if (!network.ready) await network.pack();
    const { passes, giveBack } = network.borrow(input, result.data);
    try {
      return this.#leave(ready, result, await native().run(passes, network.wakes));
    } finally {
      giveBack();
    }
  }

  /** Runs all layers on the calling thread (and the layers' others) and blocks it meanwhile; see {@link forward}. */
  forwardSync(x: Tensor, out?: Tensor, ...extra: never[]): Tensor {
    checkNoMore('forwardSync', 2, extra);
    const { ready, result } = this.#enter(x, out);
    return this.#run(ready, x, result);
  }

  #enter(x: Tensor, out: Tensor | undefined): { ready: Ready<Network>; result: Tensor } {
    validateTensor(x);
    const ready = this.#ready.of(x.shape, this.rank, () => {
      const runs = this.#networkOf(x.shape);
      return { runs, outputShape: runs.plan.outputShape };
    });
    checkData(x.data, x.shape, "the input's data");
    if (out !== undefined) validateOut(out, ready.shape, [x]);
    return { ready, result: out ?? ready.result() };
  }

  #run(ready: Ready<Network>, x: Tensor, result: Tensor): Tensor {
    ready.runs.packSync();
    const { passes, giveBack } = ready.runs.borrow(x.data, result.data);
    try {
      const times = passes.map(({ kernel, inputs, outputs }) => kernel.runSync(inputs, outputs));
      return this.#leave(ready, result, times);
    } finally {
      giveBack();
    }
  }

  #leave(ready: Ready<Network>, result: Tensor, times: readonly NativeTimes[]): Tensor {
    const { plan } = ready.runs;
    const milliseconds = times.reduce((sum, { total }) => sum + total, 0);
    ready.milliseconds = milliseconds;
    this.lastRun = {
      milliseconds,
      effectiveGflops: plan.directFlops / milliseconds / 1e6,
      layers: times.map((each, i) => statisticsOf(plan.layers[i]!.plan, each)),
    };
    return result;
  }

  #networkOf(sizes: readonly number[]): Network {
    const shape = inputShape(this.layers[0]!.plans.decide(sizes).problem);
    return this.#networks.getOrMake(shape.join(), () => new Network(this.#stages, shape));
  }
}

function stageOf(value: SequentialLayer, index: number): Stage {
  if (value instanceof Convolution) return { layer: value, residual: undefined };
  if (typeof value !== 'object' || value === null || !(value.layer instanceof Convolution))
    throw expected(`layer ${index}`, 'a convolution layer or { layer, residual }', value);
  checkOptions(`layer ${index}`, value, { layer: true, residual: true });
  const { layer, residual } = value;
  if (residual === undefined) return { layer, residual };
  if (residual === 'input') return { layer, residual: 0 };
  if (!Number.isInteger(residual) || residual < 0 || residual >= index)
    throw expected(`the residual of layer ${index}`, "the index of an earlier layer or 'input'", residual);
  return { layer, residual: residual + 1 };
}
