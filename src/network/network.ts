import { expected } from '../../synth/errors.js';
import { checkOptions, type OptionNames } from '../../synth/options.js';
import { checkGraph, type Graph } from '../graph/graph.js';
import type { Shapes } from '../graph/typed.js';
import { kernelTable, machineOf } from '../machine/machine.js';
import { readOnnx } from '../onnx/onnx.js';
import { type Accuracy, validateAccuracy } from '../operators/convolution/accuracy.js';
import type { Effort, LoweringSettings } from '../operators/operator.js';
import { validateThreads } from '../problem/problem.js';
import type { LongOptions } from '../support/long.js';
import { oneOf } from '../support/words.js';
import { validateOut } from '../tensor/engine-memory.js';
import { elementCount } from '../tensor/shape.js';
import { allocate, checkData, Tensor } from '../tensor/tensor.js';
import { ModelCache } from './cache/cache.js';
import { type CacheOptions, validateCache } from './cache/options.js';
import { Chain } from './chain.js';
import { NetworkPlan } from './plan.js';

/** How a network runs. */
export interface NetworkOptions {
  /** Threads of a run. Default: as many as the system grants this process. */
  readonly threads?: number;
  /**
   * The contract on rounding errors. A number: those of the results relative to them, both root mean squares, as they are expected
   * with a margin; the planner shares them out over the convolutions where that costs least time. 'direct': no
   * convolution errs more than by its definition in float32; 'fast': whatever is fastest; by default no more than 2.5 times
   * direct's error.
   */
  readonly accuracy?: Accuracy;
  /** 'estimate' (default) plans by the cost model; 'measure' times the likeliest plans and remembers the winners. */
  readonly effort?: Effort;
  /**
   * Most bytes that weights made ready and a run may take together; by default any. Convolutions then take tiles with fewer
   * weights, those first whose time it costs least. What cannot be kept is refused when it is planned, with the least that
   * would do. Runs at the same time take a run's memory each; nodes that run in onnxruntime-node are refused.
   */
  readonly maxMemory?: number;
  /** One of the kernel tables that `cpuInfo()` lists; by default the best. */
  readonly isa?: string;
  /** Names of graph passes to leave out, for comparisons. */
  readonly withoutPasses?: readonly string[];
}

const optionNames: OptionNames<NetworkOptions> = {
  ...{ threads: true, accuracy: true, effort: true, maxMemory: true, isa: true, withoutPasses: true },
};

/** How a network that is read from a file runs. */
export interface LoadOptions extends NetworkOptions {
  /**
   * Whether, and where, the network is kept ready to run, so that later loads neither plan nor transform weights; by default it
   * is not. A file is written for inputs of each shape after the first run on such, or by `prepare`; it goes by the model's bytes and
   * by all that plans depend on. Networks of which parts run in onnxruntime-node are not kept.
   */
  readonly cache?: boolean | CacheOptions;
}

/** What a run may be told. Progress is that of planning, which the first run on inputs of a shape does. */
export interface RunOptions extends LongOptions {
  /** Where to put results, by name, in memory of the library's own and apart from the inputs. */
  readonly out?: Readonly<Record<string, Tensor>>;
}

/** What stands for a graph that is yet to be read. */
const NO_GRAPH: Graph = { inputs: [], outputs: [], nodes: [], constants: new Map() };

/** How a run went. */
export interface NetworkRun {
  readonly milliseconds: number;
  /** Kernels in order, by the node that they belong to; and sessions of onnxruntime, by their nodes. */
  readonly steps: readonly {
    readonly node: string;
    readonly operator: string;
    readonly milliseconds: number;
  }[];
}

/**
 * A whole network: a graph, compiled for every shape of input that it meets. Activations stay in the engine's memory and
 * layout from node to node; weights are made ready once, off the main thread. Nodes that cannot run here run in
 * onnxruntime-node where it is installed, as its plan says; without it they are refused.
 *
 * ```js
 * const model = await Network.load('r3d.onnx', { threads: 2 });
 * const { logits } = await model.run({ clip });
 * ```
 */
export class Network {
  /** The run that ended last. */
  lastRun: NetworkRun | undefined;

  #chain: Chain | undefined;

  /**
   * @param graph a network as data: from `Builder`, or from a file
   * @throws InputError naming the option that does not fit
   */
  constructor(
    graph: Graph,
    readonly options: NetworkOptions = {},
  ) {
    checkOptions('a network', options, optionNames);
    this.#chain = new Chain(checkGraph(graph), settingsOf(options), options.withoutPasses);
  }

  /**
   * Reads a network from an ONNX file.
   *
   * @throws InputError when the file is none, or an option does not fit; the system's error when it cannot be read
   */
  static async load(path: string, options: LoadOptions = {}): Promise<Network> {
    checkOptions('a network that is loaded', options, { ...optionNames, cache: true });
    const { cache: wanted, ...own } = options;
    const cacheOptions = validateCache(wanted);
    const settings = settingsOf(own);
    const cache =
      cacheOptions && (await ModelCache.of(path, settings, own.withoutPasses ?? [], cacheOptions));
    const graph = (await cache?.outline()) ?? (await (cache?.read() ?? readOnnx(path)));
    const network = new Network(NO_GRAPH, own);
    network.#chain = new Chain(graph, settings, own.withoutPasses, cache, true);
    return network;
  }

  /** Threads of a run. */
  get threads(): number {
    return this.#living().settings.threads;
  }

  /** Names, types and sizes of the inputs; sizes with a name are each run's to choose. */
  get inputs(): Graph['inputs'] {
    return this.#living().graph.inputs;
  }

  /** Names of the results. */
  get outputs(): readonly string[] {
    return this.#living().graph.outputs;
  }

  /**
   * What runs on inputs of these shapes, node by node.
   *
   * @param shapes by name; inputs of fixed shape may be left out
   * @throws InputError when a shape does not fit; the signal's reason when it was aborted
   */
  async plan(shapes: Shapes = {}, long: LongOptions = {}): Promise<NetworkPlan> {
    long.signal?.throwIfAborted();
    const chain = this.#living();
    return new NetworkPlan(await chain.plan(completed(chain.graph, shapes), long));
  }

  /**
   * Plans for inputs of these shapes and makes the weights ready, as the first run would; and writes the cache, where there is
   * one, before it returns.
   *
   * @param shapes by name; inputs of fixed shape may be left out
   * @throws InputError when a shape does not fit; the signal's reason when it was aborted
   */
  async prepare(shapes: Shapes = {}, long: LongOptions = {}): Promise<void> {
    long.signal?.throwIfAborted();
    const chain = this.#living();
    await chain.prepare(completed(chain.graph, shapes), long);
  }

  /**
   * Runs the network off the main thread. Any number of runs may go on at once. Inputs are treated as those of
   * `Convolution.forward`.
   *
   * @param inputs by name
   * @returns results by name
   * @throws InputError when an input does not fit; the signal's reason when it was aborted
   */
  async run(
    inputs: Readonly<Record<string, Tensor>>,
    { out = {}, ...long }: RunOptions = {},
  ): Promise<Record<string, Tensor>> {
    long.signal?.throwIfAborted();
    const given = Object.entries(inputs);
    for (const [name, tensor] of given) {
      if (!(tensor instanceof Tensor)) throw expected(`input ${name}`, 'a Tensor', tensor);
      checkData(tensor.data, tensor.shape, `the data of input ${name}`);
    }
    const chain = this.#living();
    const types = new Map(chain.graph.inputs.map(({ name, type }) => [name, type]));
    for (const name of Object.keys(inputs))
      if (!types.has(name)) throw expected('an input', `one of ${[...types.keys()].join(', ')}`, name);
    const missing = chain.graph.inputs.find(({ name }) => !(name in inputs));
    if (missing !== undefined) throw expected(`input ${missing.name}`, 'given, a Tensor', undefined);
    const values = given.map(
      ([name, { shape, data }]) => [name, { type: types.get(name)!, shape, data }] as const,
    );
    const place = (name: string, shape: readonly number[]) => {
      if (out[name] !== undefined) validateOut(out[name], shape, Object.values(inputs));
      return out[name]?.data ?? allocate(elementCount(shape), false);
    };
    const { results, steps } = await chain.run(new Map(values), place, long);
    this.lastRun = { milliseconds: steps.reduce((sum, step) => sum + step.milliseconds, 0), steps };
    return Object.fromEntries(
      chain.graph.outputs.map((name) => {
        const { data, shape } = results.get(name)!;
        return [name, out[name] ?? new Tensor(data, shape)];
      }),
    );
  }

  /** Lets weights and programs go; later calls are refused. */
  dispose(): void {
    this.#chain = undefined;
  }

  #living(): Chain {
    if (this.#chain === undefined) throw expected('the network', 'in use', 'a disposed one');
    return this.#chain;
  }
}

function settingsOf({ threads, isa, accuracy, effort, maxMemory }: NetworkOptions): LoweringSettings {
  const table = kernelTable(isa);
  return {
    machine: machineOf(table.name),
    isa: table,
    threads: validateThreads(threads),
    ...(accuracy !== undefined && accuracyOf(validateAccuracy(accuracy))),
    ...(maxMemory !== undefined && { maxMemory: bytesOf(maxMemory) }),
    ...(effort !== undefined && { effort: oneOf('effort', effort, ['estimate', 'measure']) }),
  };
}

/** With the sizes of those inputs that leave nothing open: what is asked for by less is the same as by all. */
function completed({ inputs }: Pick<Graph, 'inputs'>, shapes: Shapes): Shapes {
  const fixed = inputs.flatMap(({ name, shape }) =>
    shape?.every((size) => typeof size === 'number') ? [[name, shape as number[]]] : [],
  );
  return { ...Object.fromEntries(fixed), ...shapes };
}

function accuracyOf(accuracy: Accuracy): Pick<LoweringSettings, 'accuracy' | 'outputAccuracy'> {
  return typeof accuracy === 'number' ? { outputAccuracy: accuracy } : { accuracy };
}

function bytesOf(maxMemory: unknown): number {
  if (typeof maxMemory === 'number' && Number.isSafeInteger(maxMemory) && maxMemory > 0) return maxMemory;
  throw expected('maxMemory', 'a positive number of bytes', maxMemory);
}
