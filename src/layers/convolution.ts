import { expected } from '../../synth/index.js';
import { checkNoMore, checkOptions } from '../../synth/options.js';
import type { Plan } from '../planner/plan.js';
import { inputShape, outputShape, type Rank, validateInput, weightShape } from '../problem/problem.js';
import { allocate, checkData, Tensor } from '../tensor/tensor.js';
import { Calls } from './calls.js';
import { ADDED, INPUT, PosedLayer } from './chain.js';
import { type LayerOptions, validateOptions } from './options.js';

/** Weights O × I/groups × kernel and one bias per output channel. They are copied: later changes have no effect. */
export interface LayerWeights {
  readonly weight: Tensor | Float32Array;
  readonly bias?: Tensor | Float32Array | null;
}

/** How a pass went. */
export interface RunStatistics {
  readonly milliseconds: number;
  /** Time in each stage, summed over threads. */
  readonly stages: { readonly input: number; readonly product: number; readonly output: number };
  /** Direct-convolution flops over time: may exceed the machine's peak, which Winograd needs fewer flops for. */
  readonly effectiveGflops: number;
}

/**
 * A convolution layer (cross-correlation, as in PyTorch) over one to three axes. The first pass on a shape plans
 * it and transforms the weights; later ones reuse both.
 */
export class Convolution {
  /** Number of spatial axes. */
  readonly rank: Rank;
  /** Statistics of the pass that ended last. */
  lastRun: RunStatistics | undefined;
  /** For chains of layers. @internal */
  readonly posed: PosedLayer;
  readonly #plain: Calls;
  /** With a residual; made at first need. */
  #adding: Calls | undefined;

  /** @throws InputError naming the option or weight that does not fit; VerificationError for a wrong transform */
  constructor(rank: Rank, options: LayerOptions, weights: LayerWeights, ...extra: never[]) {
    if (rank !== 1 && rank !== 2 && rank !== 3) throw expected('rank', '1, 2 or 3', rank);
    this.rank = rank;
    const settings = validateOptions(options, rank);
    if (typeof weights !== 'object' || weights === null || weights instanceof Tensor)
      throw expected('weights', '{ weight, bias? }', weights);
    checkOptions('the weights', weights, { weight: true, bias: true });
    checkNoMore('a layer', 2, extra);
    const weight = copyOf(weights.weight, weightShape(settings.layer), 'weight');
    const { bias = null } = weights;
    const biasData = bias === null ? null : copyOf(bias, [settings.layer.outChannels], 'bias');
    this.posed = new PosedLayer(settings, weight, biasData);
    this.#plain = this.#calls(undefined);
  }

  /**
   * What runs on an input of this shape, and why. Plans are made once for a shape. The weights are transformed by the
   * first pass on it, or by the measurement that `effort: 'measure'` asks for.
   *
   * @param inputShape N×C×spatial or C×spatial
   * @throws InputError when the shape does not fit the layer, or Winograd was asked for and does not apply
   */
  plan(inputShape: readonly number[]): Plan {
    return this.#plain.program(inputShape).nodes[0]!.plan as Plan;
  }

  /**
   * Convolves off the main thread, unless the pass takes less than 0.1 ms: the way there and back would take longer. Any
   * number of passes may run at once.
   *
   * The input is read while the pass runs: memory of the library's own (`Tensor.zeros`, results, `.npy` files) is
   * used in place and must not be written to before the promise settles; other memory is copied at the call.
   *
   * @param x N×C×spatial, or C×spatial for a result without batch axis
   * @param out where to put the result, in memory of the library's own and apart from the inputs; by default memory
   *   that earlier results have left (see {@link memoryPool}), or else new memory
   * @param residual of the result's shape; added before the activation
   * @returns N×O×spatial (O×spatial)
   * @throws InputError (as a rejection) when an input does not fit
   */
  async forward(x: Tensor, out?: Tensor, residual?: Tensor, ...extra: never[]): Promise<Tensor> {
    checkNoMore('forward', 3, extra);
    const calls = this.#callsFor(residual);
    const call = calls.enter(x, out, residual);
    return call.ready.brief ? calls.runSync(call) : calls.run(call);
  }

  /** Convolves on the calling thread (and the layer's others) and blocks it meanwhile; see {@link forward}. */
  forwardSync(x: Tensor, out?: Tensor, residual?: Tensor, ...extra: never[]): Tensor {
    checkNoMore('forwardSync', 3, extra);
    const calls = this.#callsFor(residual);
    return calls.runSync(calls.enter(x, out, residual));
  }

  #callsFor(residual: Tensor | undefined): Calls {
    if (residual === undefined) return this.#plain;
    this.#adding ??= this.#calls(ADDED);
    return this.#adding;
  }

  #calls(residual: string | undefined): Calls {
    const shapesOf = (shape: readonly number[]) => {
      const problem = validateInput(this.posed.settings.layer, shape);
      const x = inputShape(problem);
      return residual === undefined ? { [INPUT]: x } : { [INPUT]: x, [residual]: outputShape(problem) };
    };
    return new Calls([{ layer: this.posed, residual }], this.rank, shapesOf, ({ nodes }, times) => {
      this.lastRun = statisticsOf(nodes[0]!.plan as Plan, times, 0);
      return this.lastRun.milliseconds;
    });
  }
}

/** What the engine measured in a step of a program that runs a plan. */
export function statisticsOf(plan: Plan, times: Float64Array, step: number): RunStatistics {
  const at = 4 * step;
  const milliseconds = times[at]!;
  const stages = { input: times[at + 1]!, product: times[at + 2]!, output: times[at + 3]! };
  return { milliseconds, stages, effectiveGflops: plan.directFlops / milliseconds / 1e6 };
}

function copyOf(value: Tensor | Float32Array, shape: readonly number[], name: string): Float32Array {
  if (value instanceof Tensor && value.shape.join() !== shape.join())
    throw expected(`the shape of ${name}`, `[${shape.join(', ')}]`, [...value.shape]);
  const data = value instanceof Tensor ? value.data : value;
  checkData(data, shape, name);
  return inOwnMemory(data);
}

/** A copy that nobody else knows, in memory of the engine's. */
function inOwnMemory(data: Float32Array): Float32Array {
  const copy = allocate(data.length, false);
  copy.set(data);
  return copy;
}
