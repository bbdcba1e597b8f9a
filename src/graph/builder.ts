import { expected } from '../../synth/errors.js';
import type { Attributes, Constant, ElementType } from '../operators/operator.js';
import type { PerAxis } from '../problem/problem.js';
import { elementCount } from '../tensor/shape.js';
import {
  axesOf,
  type ConvOptions,
  channelsOf,
  checkCount,
  checkMethod,
  dilationOf,
  type Named,
  type NormOptions,
  type PoolOptions,
  type Value,
  windowOf,
} from './builder-options.js';
import { type Graph, type GraphInput, type Node, ordered, type Size } from './graph.js';
import { floatConstant, integerConstant } from './literal.js';
import { type Spread, Weights, type WeightsOptions } from './weights.js';

/**
 * Writes a network down, operator by operator: each method adds nodes in ONNX's terms and gives their result.
 *
 * Weights are those given under the names that PyTorch would use (`layer1.0.conv1.weight`); without any, they are
 * random of He's scale, which keeps activations through layers with ReLUs as large as they are, the same for the same
 * seed and name.
 *
 * ```js
 * const b = new Builder({ seed: 1 });
 * let x = b.input('image', [1, 3, 224, 224]);
 * x = b.relu(b.conv(x, { outChannels: 64, kernelSize: 7, stride: 2, padding: 3 }));
 * x = b.linear(b.flatten(b.globalAveragePool(x)), { outFeatures: 10 });
 * const graph = b.build({ logits: x });
 * ```
 *
 * Methods throw an InputError where channels or options do not fit; sizes are checked when the graph is compiled.
 */
export class Builder {
  readonly #weights: Weights;
  readonly #inputs: GraphInput[] = [];
  readonly #nodes: Node[] = [];
  readonly #constants = new Map<string, Constant>();
  readonly #names = new Set<string>();
  #scope = '';

  constructor(options: WeightsOptions = {}) {
    this.#weights = new Weights(options);
  }

  /** An input of N×C×spatial, or of any other shape; a size may be a name, to be chosen at each run. */
  input(name: string, shape: readonly Size[], type: ElementType = 'float32'): Value {
    this.#inputs.push({ name: this.#take(name), type, shape });
    const channels = typeof shape[1] === 'number' ? shape[1] : undefined;
    return { name, channels, rank: shape.length - 2 };
  }

  /** Puts `NAME.` before all names that are given meanwhile. @returns what the function does */
  scope<T>(name: string, within: () => T): T {
    const outer = this.#scope;
    this.#scope = `${outer}${name}.`;
    try {
      return within();
    } finally {
      this.#scope = outer;
    }
  }

  /** A tensor of constant numbers. */
  constant(constant: Constant, name?: string): Value {
    const unique = this.#claim(name, 'constant');
    this.#constants.set(unique, constant);
    return { name: unique, channels: constant.shape[1], rank: constant.shape.length - 2 };
  }

  /**
   * Any operator of ONNX.
   *
   * @param about its name, and what the builder shall know of the result
   */
  node(
    operator: string,
    inputs: readonly (Value | undefined)[],
    attributes: Attributes = {},
    about: Partial<Value> = {},
  ): Value {
    const name = this.#claim(about.name, operator.toLowerCase());
    return this.#emit(operator, inputs, attributes, { ...about, name });
  }

  /** Convolution; weights `NAME.weight` (O × I/groups × kernel) and `NAME.bias`. */
  conv(x: Value, options: ConvOptions): Value {
    checkMethod('conv', options);
    const { outChannels, groups = 1, gain = 1 } = options;
    checkCount('outChannels', outChannels);
    const name = this.#claim(options.name, 'conv');
    const kernel = axesOf('kernelSize', options.kernelSize, x);
    const taps = [channelsOf(x, groups), ...kernel];
    const deviation = gain * Math.sqrt(2 / elementCount(taps));
    const inputs = [x, this.#weight(`${name}.weight`, [outChannels, ...taps], { deviation })];
    if (options.bias ?? true) inputs.push(this.#weight(`${name}.bias`, [outChannels], shift));
    const attributes = { ...windowOf(options, x, 1), ...dilationOf(options, x), group: groups };
    return this.#emit('Conv', inputs, attributes, { name, channels: outChannels, rank: x.rank });
  }

  /** Transposed convolution; weights `NAME.weight` (I × O/groups × kernel) and `NAME.bias`. */
  convTranspose(x: Value, options: ConvOptions): Value {
    checkMethod('convTranspose', options);
    const { outChannels, groups = 1, gain = 1 } = options;
    checkCount('outChannels', outChannels);
    const name = this.#claim(options.name, 'convtranspose');
    const kernel = axesOf('kernelSize', options.kernelSize, x);
    const stride = axesOf('stride', options.stride ?? 1, x);
    const shape = [channelsOf(x), outChannels / groups, ...kernel];
    // Of a kernel's taps, one in every stride falls onto an output.
    const deviation =
      gain * Math.sqrt((2 * elementCount(stride)) / (channelsOf(x, groups) * elementCount(kernel)));
    const inputs = [x, this.#weight(`${name}.weight`, shape, { deviation })];
    if (options.bias ?? true) inputs.push(this.#weight(`${name}.bias`, [outChannels], shift));
    const attributes = { ...windowOf(options, x, 1), ...dilationOf(options, x), group: groups };
    return this.#emit('ConvTranspose', inputs, attributes, { name, channels: outChannels, rank: x.rank });
  }

  /** Dense layer on a matrix; weights `NAME.weight` (O × I) and `NAME.bias`. @param options.inFeatures where unknown */
  linear(
    x: Value,
    options: Named & { outFeatures: number; inFeatures?: number; bias?: boolean; gain?: number },
  ): Value {
    checkMethod('linear', options);
    const { outFeatures, inFeatures = x.channels, gain = 1 } = options;
    if (inFeatures === undefined) throw expected('inFeatures', 'given, for nothing tells it', inFeatures);
    checkCount('inFeatures', inFeatures);
    checkCount('outFeatures', outFeatures);
    const name = this.#claim(options.name, 'linear');
    const deviation = gain * Math.sqrt(2 / inFeatures);
    const inputs = [x, this.#weight(`${name}.weight`, [outFeatures, inFeatures], { deviation })];
    if (options.bias ?? true) inputs.push(this.#weight(`${name}.bias`, [outFeatures], shift));
    return this.#emit('Gemm', inputs, { transB: 1 }, { name, channels: outFeatures, rank: 0 });
  }

  /** Batch normalisation by `NAME.running_mean` and `NAME.running_var`, then `NAME.weight` and `NAME.bias`. */
  batchNorm(x: Value, options: NormOptions = {}): Value {
    checkMethod('batchNorm', options);
    const name = this.#claim(options.name, 'batchnorm');
    const [scale, bias] = this.#affine(name, x, options);
    const inputs = [
      ...[x, scale, bias],
      this.#weight(`${name}.running_mean`, [channelsOf(x)], shift),
      this.#weight(`${name}.running_var`, [channelsOf(x)], around(1)),
    ];
    return this.#emit('BatchNormalization', inputs, epsilonOf(options), { ...x, name });
  }

  /** Normalisation of each channel of each sample, then `NAME.weight` and `NAME.bias`. */
  instanceNorm(x: Value, options: NormOptions = {}): Value {
    checkMethod('instanceNorm', options);
    const name = this.#claim(options.name, 'instancenorm');
    const inputs = [x, ...this.#affine(name, x, options)];
    return this.#emit('InstanceNormalization', inputs, epsilonOf(options), { ...x, name });
  }

  /** Normalisation of each group of channels of each sample, then `NAME.weight` and `NAME.bias`. */
  groupNorm(x: Value, options: NormOptions & { groups: number }): Value {
    checkMethod('groupNorm', options);
    const name = this.#claim(options.name, 'groupnorm');
    const inputs = [x, ...this.#affine(name, x, options)];
    const attributes = { ...epsilonOf(options), num_groups: options.groups };
    return this.#emit('GroupNormalization', inputs, attributes, { ...x, name });
  }

  relu(x: Value, options: Named = {}): Value {
    checkMethod('relu', options);
    return this.#like('Relu', [x], {}, options);
  }

  /** @param options.slope of negative numbers, default 0.01 */
  leakyRelu(x: Value, options: Named & { slope?: number } = {}): Value {
    checkMethod('leakyRelu', options);
    return this.#like('LeakyRelu', [x], { alpha: options.slope ?? 0.01 }, options);
  }

  /** A slope for negative numbers of each channel, `NAME.weight`. */
  prelu(x: Value, options: Named = {}): Value {
    checkMethod('prelu', options);
    const name = this.#claim(options.name, 'prelu');
    const shape = [channelsOf(x), ...Array<number>(x.rank ?? 0).fill(1)];
    const slope = this.#weight(`${name}.weight`, [channelsOf(x)], { from: 0.2, to: 0.3 }, shape);
    return this.#emit('PRelu', [x, slope], {}, { ...x, name });
  }

  sigmoid(x: Value, options: Named = {}): Value {
    checkMethod('sigmoid', options);
    return this.#like('Sigmoid', [x], {}, options);
  }

  /** x · sigmoid(x), which ONNX writes as these two. */
  silu(x: Value, options: Named = {}): Value {
    checkMethod('silu', options);
    return this.#like('Mul', [x, this.sigmoid(x)], {}, options);
  }

  tanh(x: Value, options: Named = {}): Value {
    checkMethod('tanh', options);
    return this.#like('Tanh', [x], {}, options);
  }

  /** @param options.axis default 1, that of channels */
  softmax(x: Value, options: Named & { axis?: number } = {}): Value {
    checkMethod('softmax', options);
    return this.#like('Softmax', [x], { axis: options.axis ?? 1 }, options);
  }

  /** Sum, the smaller spread out over the larger as NumPy does. */
  add(a: Value, b: Value, options: Named = {}): Value {
    checkMethod('add', options);
    return this.#like('Add', [a, b], {}, options);
  }

  /** Product, the smaller spread out over the larger as NumPy does. */
  mul(a: Value, b: Value, options: Named = {}): Value {
    checkMethod('mul', options);
    return this.#like('Mul', [a, b], {}, options);
  }

  /** Product with a number. */
  scale(x: Value, factor: number, options: Named = {}): Value {
    checkMethod('scale', options);
    return this.mul(x, this.constant(floatConstant(factor)), options);
  }

  /** Channels behind channels. */
  concat(parts: readonly Value[], options: Named = {}): Value {
    checkMethod('concat', options);
    const channels = parts.reduce((sum, part) => sum + channelsOf(part), 0);
    return this.node('Concat', parts, { axis: 1 }, { ...options, rank: parts[0]?.rank, channels });
  }

  maxPool(x: Value, options: PoolOptions): Value {
    checkMethod('maxPool', options);
    const attributes = { ...windowOf(options, x), ceil_mode: Number(options.ceilMode ?? false) };
    return this.#like('MaxPool', [x], attributes, options);
  }

  averagePool(x: Value, options: PoolOptions): Value {
    checkMethod('averagePool', options);
    const count_include_pad = Number(options.countIncludePad ?? true);
    const ceil_mode = Number(options.ceilMode ?? false);
    return this.#like('AveragePool', [x], { ...windowOf(options, x), ceil_mode, count_include_pad }, options);
  }

  globalAveragePool(x: Value, options: Named = {}): Value {
    checkMethod('globalAveragePool', options);
    return { ...this.#like('GlobalAveragePool', [x], {}, options), pooled: true };
  }

  /** A matrix of a row for each sample. */
  flatten(x: Value, options: Named = {}): Value {
    checkMethod('flatten', options);
    return this.node(
      'Flatten',
      [x],
      { axis: 1 },
      { ...options, channels: x.pooled ? x.channels : undefined, rank: 0 },
    );
  }

  /** Other sizes for the same numbers; 0 keeps one, -1 stands for what is left. */
  reshape(x: Value, shape: readonly number[], options: Named = {}): Value {
    checkMethod('reshape', options);
    const sizes = this.constant(integerConstant(shape));
    const channels = shape[1] === 0 ? x.channels : shape[1] === -1 ? undefined : shape[1];
    return this.node('Reshape', [x, sizes], {}, { ...options, channels, rank: shape.length - 2 });
  }

  /** Spatial axes times a number each, positions as PyTorch has them without aligned corners. */
  upsample(x: Value, options: Named & { factor: PerAxis; mode?: 'nearest' | 'linear' }): Value {
    checkMethod('upsample', options);
    const { mode = 'nearest' } = options;
    const scales = this.constant(floatConstant([1, 1, ...axesOf('factor', options.factor, x)]));
    const how = mode === 'nearest' ? ['asymmetric', 'floor'] : ['half_pixel', 'round_prefer_floor'];
    const attributes = { mode, coordinate_transformation_mode: how[0], nearest_mode: how[1] };
    return this.#like('Resize', [x, undefined, scales], attributes, options);
  }

  /** Pixel shuffle in two dimensions: r² channels become r × r pixels. */
  pixelShuffle(x: Value, options: Named & { factor: number }): Value {
    checkMethod('pixelShuffle', options);
    const channels = channelsOf(x, options.factor ** 2);
    const attributes = { blocksize: options.factor, mode: 'CRD' };
    return this.node('DepthToSpace', [x], attributes, { ...options, channels, rank: x.rank });
  }

  /** Local response normalisation over channels. Defaults as PyTorch's: alpha 1e-4, beta 0.75, bias 1. */
  lrn(x: Value, options: Named & { size: number; alpha?: number; beta?: number; bias?: number }): Value {
    checkMethod('lrn', options);
    const { size, alpha = 1e-4, beta = 0.75, bias = 1 } = options;
    return this.#like('LRN', [x], { size, alpha, beta, bias }, options);
  }

  /** Does nothing when the network runs. @param options.ratio of what training would drop, default 0.5 */
  dropout(x: Value, options: Named & { ratio?: number } = {}): Value {
    checkMethod('dropout', options);
    return this.#like('Dropout', [x, this.constant(floatConstant(options.ratio ?? 0.5))], {}, options);
  }

  /**
   * The graph with these results.
   *
   * @param outputs values by the names that the results shall have
   * @throws InputError where a name is taken
   */
  build(outputs: Readonly<Record<string, Value>>): Graph {
    const results: Node[] = [];
    const renamed = new Map<string, string>();
    const made = new Set(this.#nodes.flatMap((node) => node.outputs));
    for (const [name, value] of Object.entries(outputs)) {
      if (name === value.name) continue;
      if (made.has(value.name) && !renamed.has(value.name) && !Object.hasOwn(outputs, value.name)) {
        renamed.set(value.name, name);
        continue;
      }
      const inputs = [value.name];
      results.push({ operator: 'Identity', name, inputs, outputs: [name], attributes: {} });
    }
    const nameNow = (name: string) => renamed.get(name) ?? name;
    const nodes = [...this.#nodes, ...results].map((node) => ({
      ...node,
      inputs: node.inputs.map(nameNow),
      outputs: node.outputs.map(nameNow),
    }));
    return ordered({
      inputs: [...this.#inputs],
      outputs: Object.keys(outputs),
      nodes,
      constants: new Map(this.#constants),
    });
  }

  /** A node of which all but the name is like its first input. */
  #like(operator: string, inputs: readonly (Value | undefined)[], attributes: Attributes, { name }: Named) {
    const { channels, rank } = inputs[0]!;
    return this.node(operator, inputs, attributes, { ...(name && { name }), channels, rank });
  }

  /** A node whose name is claimed already. */
  #emit(
    operator: string,
    inputs: readonly (Value | undefined)[],
    attributes: Attributes,
    result: Value,
  ): Value {
    const names = inputs.map((input) => input?.name ?? '');
    this.#nodes.push({ operator, name: result.name, inputs: names, outputs: [result.name], attributes });
    return result;
  }

  /** A name within the scope: the one that is wished, or the first free number of a kind. */
  #claim(wished: string | undefined, kind: string): string {
    if (wished !== undefined) return this.#take(this.#scope + wished);
    let number = 1;
    while (this.#names.has(`${this.#scope}${kind}${number}`)) number++;
    return this.#take(`${this.#scope}${kind}${number}`);
  }

  #take(name: string): string {
    if (this.#names.has(name)) throw expected(`name ${name}`, 'given once', 'a second use');
    this.#names.add(name);
    return name;
  }

  /** @param place what a PyTorch weight is in ONNX, where its shape differs there */
  #weight(name: string, shape: readonly number[], spread: Spread, place = shape): Value {
    const { data } = this.#weights.get(name, shape, spread);
    this.#constants.set(this.#take(name), { type: 'float32', shape: place, data });
    return { name };
  }

  #affine(name: string, x: Value, { gain = 1 }: NormOptions): [Value, Value] {
    return [
      this.#weight(`${name}.weight`, [channelsOf(x)], around(gain)),
      this.#weight(`${name}.bias`, [channelsOf(x)], shift),
    ];
  }
}

/** Random shifts: small beside activations. */
const shift: Spread = { deviation: 0.05 };

/** Random scales: none like the other, and their mean square nearly that of the middle. */
function around(middle: number): Spread {
  return { from: 0.9 * middle, to: 1.1 * middle };
}

function epsilonOf({ epsilon = 1e-5 }: NormOptions) {
  return { epsilon };
}
