import { expected } from '../synth/index.js';
import { BoundedMap } from './bounded.js';
import type { Choice } from './choices.js';
import { nativeLayer, nativeProblem } from './lower.js';
import { type NativePlan, type NativeTimes, type NativeWeights, native } from './native.js';
import { Plan } from './plan.js';
import { type Algorithm, choose } from './planner.js';
import {
  type ConvolutionOptions,
  type Layer,
  type Rank,
  validateInput,
  validateLayer,
  weightShape,
} from './problem.js';
import { elementCount } from './shape.js';
import { allocate, checkData, Tensor } from './tensor.js';
import { candidatesOf, type TileOptions } from './transforms.js';

/** Plans that one layer remembers, one for each shape of input. */
const MAX_PLANS = 32;

/** Accepted by default: what F(4, 3) on three axes costs, about twice the error of direct convolution. */
const DEFAULT_ERROR_LIMIT = 2.5;

/** Everything a layer can be told. */
export interface LayerOptions extends ConvolutionOptions, TileOptions {
  /**
   * 'auto' (default) takes what is estimated to be fastest within `errorLimit`; 'winograd' is what `tile` and
   * `transforms` imply.
   */
  readonly algorithm?: Algorithm;
  /**
   * Largest expected error of a tile that the planner may choose, as a multiple of direct float32 convolution's;
   * default 2.5. Does not bind tiles that are given.
   */
  readonly errorLimit?: number;
  /** One of the kernel tables that `cpuInfo()` lists; by default the best, or what `WINOGRAD_ISA` forces. */
  readonly isa?: string;
}

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

interface Prepared {
  readonly plan: Plan;
  readonly native: NativePlan;
  /** Kept alive for other shapes to share. */
  readonly weights: NativeWeights;
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

  readonly #layer: Layer;
  readonly #wishes: TileOptions;
  readonly #algorithm: Algorithm;
  readonly #errorLimit: number;
  readonly #isa: { readonly name: string; readonly width: number };
  readonly #weight: Float32Array;
  readonly #bias: Float32Array | null;
  readonly #plans = new BoundedMap<string, Prepared>(MAX_PLANS);
  /** Prepared weights by algorithm, for as long as a plan uses them. */
  readonly #weights = new Map<string, WeakRef<NativeWeights>>();

  /** @throws InputError naming the option or weight that does not fit; VerificationError for a wrong transform */
  constructor(rank: Rank, options: LayerOptions, weights: LayerWeights) {
    this.rank = rank;
    this.#layer = validateLayer(options, rank);
    this.#algorithm = validateAlgorithm(options);
    this.#errorLimit = validateErrorLimit(options);
    this.#isa = validateIsa(options.isa);
    this.#wishes = { ...options };
    candidatesOf(this.#layer, options);
    if (typeof weights !== 'object' || weights === null)
      throw expected('weights', '{ weight, bias? }', weights);
    this.#weight = copyOf(weights.weight, weightShape(this.#layer), 'weight');
    this.#bias = weights.bias ? copyOf(weights.bias, [this.#layer.outChannels], 'bias') : null;
  }

  /**
   * What runs on an input of this shape, and why. Plans are made once; making one transforms the weights.
   *
   * @param inputShape N×C×spatial or C×spatial
   * @throws InputError when the shape does not fit the layer, or Winograd was asked for and does not apply
   */
  plan(inputShape: readonly number[]): Plan {
    return this.#prepare(inputShape).plan;
  }

  /**
   * Convolves off the main thread. Any number of passes may run at once.
   *
   * The input is read while the pass runs: memory of the library's own (`Tensor.zeros`, results, `.npy` files) is
   * used in place and must not be written to before the promise settles; other memory is copied at the call.
   *
   * @param x N×C×spatial, or C×spatial for a result without batch axis
   * @param out where to put the result, in memory of the library's own and apart from the input; by default new
   *   memory, whose first use costs the system time
   * @returns N×O×spatial (O×spatial)
   * @throws InputError (as a rejection) when the input does not fit
   */
  async forward(x: Tensor, out?: Tensor): Promise<Tensor> {
    const { prepared, result } = this.#enter(x, out);
    const times = await prepared.native.forward(inEngineMemory(x.data), result.data);
    return this.#leave(prepared.plan, result, times);
  }

  /** Convolves on the calling thread (and the layer's others) and blocks it meanwhile; see {@link forward}. */
  forwardSync(x: Tensor, out?: Tensor): Tensor {
    const { prepared, result } = this.#enter(x, out);
    const times = prepared.native.forwardSync(x.data, result.data);
    return this.#leave(prepared.plan, result, times);
  }

  #enter(x: Tensor, out: Tensor | undefined): { prepared: Prepared; result: Tensor } {
    if (!(x instanceof Tensor)) throw expected('the input', 'a Tensor', x);
    const prepared = this.#prepare(x.shape);
    checkData(x.data, x.shape, "the input's data");
    const { outputShape } = prepared.plan;
    const shape = x.rank === this.rank + 1 ? outputShape.slice(1) : outputShape;
    if (out !== undefined) checkOut(out, shape, x);
    return { prepared, result: out ?? new Tensor(allocate(elementCount(shape), false), shape) };
  }

  #leave(plan: Plan, result: Tensor, { total, ...stages }: NativeTimes): Tensor {
    this.lastRun = { milliseconds: total, stages, effectiveGflops: plan.directFlops / total / 1e6 };
    return result;
  }

  #prepare(inputShape: readonly number[]): Prepared {
    const problem = validateInput(this.#layer, inputShape);
    return this.#plans.getOrMake([problem.batch, ...problem.input].join(), () => {
      const decision = choose(problem, {
        algorithm: this.#algorithm,
        candidates: candidatesOf(problem, this.#wishes),
        errorLimit: this.#errorLimit,
        width: this.#isa.width,
      });
      const weights = this.#prepareWeights(decision.choice);
      const nativePlan = new (native().Plan)(nativeProblem(problem, decision.choice), weights);
      return {
        plan: new Plan(problem, decision, weights, nativePlan),
        native: nativePlan,
        weights,
      };
    });
  }

  #prepareWeights(choice: Choice): NativeWeights {
    const key = choice.covers ? choice.covers.map(({ algorithm }) => algorithm.key).join(' | ') : 'direct';
    const found = this.#weights.get(key)?.deref();
    if (found !== undefined) return found;
    const layer = nativeLayer(this.#layer, choice, this.#isa.name);
    const weights = new (native().Weights)(layer, this.#weight, this.#bias);
    this.#weights.set(key, new WeakRef(weights));
    return weights;
  }
}

/** The array itself if the engine owns its memory, which a pass then keeps alive; else a copy that it does own. */
function inEngineMemory(data: Float32Array): Float32Array {
  if (native().owns(data)) return data;
  const copy = allocate(data.length, false);
  copy.set(data);
  return copy;
}

function checkOut(out: unknown, shape: readonly number[], { data }: Tensor): void {
  if (!(out instanceof Tensor) || out.shape.join() !== shape.join())
    throw expected(
      'out',
      `a Tensor of shape [${shape.join(', ')}]`,
      out instanceof Tensor ? [...out.shape] : out,
    );
  checkData(out.data, shape, "out's data");
  if (!native().owns(out.data)) throw expected('out', "in memory of the library's own", out);
  const { byteOffset, byteLength } = out.data;
  const apart = byteOffset >= data.byteOffset + data.byteLength || byteOffset + byteLength <= data.byteOffset;
  if (out.data.buffer === data.buffer && !apart) throw expected('out', 'apart from the input', out);
}

function copyOf(value: Tensor | Float32Array, shape: readonly number[], name: string): Float32Array {
  if (value instanceof Tensor && value.shape.join() !== shape.join())
    throw expected(`the shape of ${name}`, `[${shape.join(', ')}]`, [...value.shape]);
  const data = value instanceof Tensor ? value.data : value;
  checkData(data, shape, name);
  return data.slice();
}

function validateAlgorithm(options: LayerOptions): Algorithm {
  const algorithm = options.algorithm ?? 'auto';
  if (!['auto', 'winograd', 'direct'].includes(algorithm))
    throw expected('algorithm', "'auto', 'winograd' or 'direct'", algorithm);
  if (options.tile === undefined && options.transforms === undefined) return algorithm;
  if (algorithm === 'direct') throw expected('algorithm', "'auto' or 'winograd' with tiles given", algorithm);
  return 'winograd';
}

function validateErrorLimit({ errorLimit = DEFAULT_ERROR_LIMIT, ...options }: LayerOptions): number {
  if (typeof errorLimit !== 'number' || !(errorLimit > 0))
    throw expected('errorLimit', 'a positive number', errorLimit);
  return options.tile === undefined && options.transforms === undefined ? errorLimit : Infinity;
}

function validateIsa(isa: string | undefined): { readonly name: string; readonly width: number } {
  const info = native().cpuInfo();
  const found = info.kernels.find(({ name }) => name === (isa ?? info.isa));
  if (found === undefined)
    throw expected('isa', `one of ${info.kernels.map(({ name }) => name).join(', ')}`, isa);
  return found;
}
