import { expected } from '../../synth/errors.js';
import { checkNoMore, checkOptions } from '../../synth/options.js';
import type { Program } from '../graph/program.js';
import type { Shapes } from '../graph/typed.js';
import { inputShape, outputShape, type Rank, validateInput } from '../problem/problem.js';
import type { Tensor } from '../tensor/tensor.js';
import { Calls } from './calls.js';
import { INPUT, resultOf } from './chain.js';
import { Convolution, type RunStatistics, statisticsOf } from './convolution.js';
import { SequentialPlan } from './sequential-plan.js';

/** A layer in its row. Tensors are numbered: 0 is the input, t the result of the t-th layer counted from one. */
interface Stage {
  readonly layer: Convolution;
  /** Number of the tensor that is added to the result before the activation. */
  readonly residual: number | undefined;
}

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
  readonly #calls: Calls;
  readonly #plans = new WeakMap<Program, SequentialPlan>();

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
      const before = this.layers[i - 1]?.posed.settings.layer.outChannels;
      const { inChannels } = layer.posed.settings.layer;
      if (before !== undefined && before !== inChannels)
        throw expected(
          `inChannels of layer ${i}`,
          `${before}, the outChannels of layer ${i - 1}`,
          inChannels,
        );
    });
    this.#calls = new Calls(
      this.#stages.map(({ layer, residual }) => ({
        layer: layer.posed,
        residual: residual === undefined ? undefined : nameOf(residual),
      })),
      this.rank,
      (shape) => this.#shapesOf(shape),
      (program, times) => this.#ended(program, times),
    );
  }

  /**
   * What runs on an input of this shape, layer by layer. Plans are made once for a shape. The weights are transformed by
   * the first pass on it, or by the measurement that `effort: 'measure'` asks for.
   *
   * @param shape N×C×spatial or C×spatial
   * @throws InputError when the shape does not fit the layers, or a residual's shape differs from its layer's result
   */
  plan(shape: readonly number[]): SequentialPlan {
    return this.#planOf(this.#calls.program(shape));
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
    const call = this.#calls.enter(x, out);
    return call.ready.brief ? this.#calls.runSync(call) : this.#calls.run(call);
  }

  /** Runs all layers on the calling thread (and the layers' others) and blocks it meanwhile; see {@link forward}. */
  forwardSync(x: Tensor, out?: Tensor, ...extra: never[]): Tensor {
    checkNoMore('forwardSync', 2, extra);
    return this.#calls.runSync(this.#calls.enter(x, out));
  }

  #ended(program: Program, times: Float64Array): number {
    const plan = this.#planOf(program);
    const milliseconds = program.steps.reduce((sum, _, step) => sum + times[4 * step]!, 0);
    this.lastRun = {
      milliseconds,
      effectiveGflops: plan.directFlops / milliseconds / 1e6,
      layers: program.nodes.map(({ planned }, i) => statisticsOf(plan.layers[i]!.plan, times, planned)),
    };
    return milliseconds;
  }

  #planOf(program: Program): SequentialPlan {
    let plan = this.#plans.get(program);
    if (plan === undefined) {
      plan = new SequentialPlan(
        program,
        this.#stages.map(({ residual }) => residual),
      );
      this.#plans.set(program, plan);
    }
    return plan;
  }

  /** Follows the shapes from layer to layer, for messages that speak of layers. */
  #shapesOf(shape: readonly number[]): Shapes {
    const shapes: (readonly number[])[] = [];
    this.#stages.forEach(({ layer, residual }, i) => {
      const problem = validateInput(layer.posed.settings.layer, shapes[i] ?? shape);
      if (i === 0) shapes.push(inputShape(problem));
      const own = outputShape(problem);
      shapes.push(own);
      const other = shapes[residual ?? i + 1]!;
      if (own.join() === other.join()) return;
      const source = residual === 0 ? 'the input' : `the result of layer ${residual! - 1}`;
      throw expected(`the residual of layer ${i}, ${source},`, `of shape [${own.join(', ')}]`, [...other]);
    });
    return { [INPUT]: shapes[0]! };
  }
}

/** Name of a tensor in the chain. */
function nameOf(tensor: number): string {
  return tensor === 0 ? INPUT : resultOf(tensor - 1);
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
