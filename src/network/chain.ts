/**
 * A network of which parts run in onnxruntime: a program, a session, and what is left of the graph, which goes on as a
 * network of its own with their results as inputs. Most networks are one program and nothing else.
 *
 * What follows a session is compiled once its results are there, for the shapes that they have: some operators, such as
 * NonZero, tell them only then. Tensors are handed over planar.
 */
import { expected, InputError } from '../../synth/errors.js';
import type { Sensitivity } from '../graph/accuracy.js';
import { ConstantStore } from '../graph/constants.js';
import type { Executable } from '../graph/executable.js';
import { type Graph, ordered } from '../graph/graph.js';
import type { Program } from '../graph/program.js';
import { Runner, readySoon, runSoon } from '../graph/runner.js';
import { type Foreign, pruned, type Shapes, typedAsFar } from '../graph/typed.js';
import { OPSET } from '../onnx/options.js';
import type { Constant, LoweringSettings, TensorType } from '../operators/operator.js';
import { BoundedMap } from '../support/bounded-map.js';
import type { LongOptions } from '../support/long.js';
import { unlessAborted } from '../support/unless-aborted.js';
import { inEngineMemory } from '../tensor/engine-memory.js';
import { elementCount } from '../tensor/shape.js';
import { allocate } from '../tensor/tensor.js';
import type { ModelCache, Outline } from './cache/cache.js';
import type { NetworkRun } from './network.js';
import { findOnnxruntime, INSTALLATION, Session } from './onnxruntime.js';
import { joined, named, type Planned, plannedSession, zeros } from './planned.js';
import { constantPart, split } from './split.js';

/** Shapes of inputs that stages are kept for. */
const MAX_SHAPES = 16;

/** Tensors with their numbers, by name. */
export type Values = ReadonlyMap<string, Constant>;

/** What a run has made. */
export interface ChainRun {
  /** By name; numbers of other types than float32 are converted. */
  readonly results: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
  /** Kernels and sessions in order. */
  readonly steps: NetworkRun['steps'];
}

/** Nodes that run in onnxruntime. */
interface ForeignPart {
  readonly session: Session;
  readonly graph: Graph;
}

/** Where programs come from. */
interface Programs {
  /** What runs for inputs of these shapes. */
  executable(shapes: Shapes, long: LongOptions): Promise<Executable>;
  /** The same with all that is known of it. */
  program(shapes: Shapes, long: LongOptions): Promise<Program>;
  sensitivity(shapes: Shapes): Promise<Sensitivity>;
  /** To be told once it has run. */
  ran?(shapes: Shapes): Promise<void>;
}

/** What runs first for inputs of some shapes. */
interface Stage {
  /** Absent where no node runs here before the session. */
  readonly native: Programs | undefined;
  /** Absent where the program is all there is. */
  readonly foreign: ForeignPart | undefined;
  /** What goes on with all the results; undefined where that was all. */
  rest(results: Values): Chain | undefined;
}

/** See above. */
export class Chain {
  readonly #stages = new BoundedMap<string, Promise<Stage>>(MAX_SHAPES);
  /** Of all that the outputs need: where nothing is foreign, its programs are all that runs. */
  #whole: Runner | undefined;
  #graph: Promise<Graph> | undefined;

  /**
   * @param graph or what is known of one that the cache has yet to read
   * @param without names of graph passes to leave out
   * @param cache of programs, where nothing is foreign
   * @param owned whether nobody else has the graph's numbers
   * @param store of constants, which all parts share
   */
  constructor(
    readonly graph: Graph | Outline,
    readonly settings: LoweringSettings,
    private readonly without: readonly string[] = [],
    private readonly cache?: ModelCache,
    private readonly owned = false,
    private readonly store = new ConstantStore(),
  ) {}

  /**
   * Runs it off the main thread. A session that is under way when the signal is aborted ends by itself, later.
   *
   * @param inputs of the graph
   * @param place where an output of a shape goes, in the engine's memory
   * @returns the graph's outputs, and times
   * @throws InputError where inputs do not fit, or a node neither runs here nor there; the signal's reason
   */
  async run(
    inputs: Values,
    place: (output: string, shape: readonly number[]) => Float32Array,
    long: LongOptions = {},
  ): Promise<ChainRun> {
    const { signal } = long;
    const steps: NetworkRun['steps'][number][] = [];
    const values = new Map(inputs);
    const results = new Map<string, TensorType & { readonly data: Float32Array }>();
    const deliver = (name: string, { type, shape, data }: Constant) => {
      const to = place(name, shape);
      to.set(data);
      results.set(name, { type, shape, data: to });
    };
    const isResult = (name: string) => this.graph.outputs.includes(name);
    for (let chain: Chain | undefined = this; chain !== undefined; ) {
      const shapes = shapesOf(chain.graph, values);
      const stage: Stage = await chain.#stage(shapes);
      signal?.throwIfAborted();
      if (stage.native !== undefined) {
        const program = await stage.native.executable(shapes, long);
        const given = program.inputs.map(({ name }) => inEngineMemory(asFloats(values.get(name)!.data)));
        const made = program.outputs.map(({ name, shape }) =>
          isResult(name) ? place(name, shape) : allocate(elementCount(shape), false),
        );
        const times = await runSoon(program, given, made, signal);
        // Nobody waits for it, and what goes wrong is a warning.
        void stage.native.ran?.(shapes);
        steps.push(...program.steps.map((step, i) => ({ ...step, milliseconds: times[4 * i]! })));
        for (const [i, { name, type, shape }] of program.outputs.entries()) {
          const value = { type, shape, data: made[i]! };
          values.set(name, value);
          if (isResult(name)) results.set(name, value);
        }
      }
      if (stage.foreign !== undefined) {
        const { session, graph } = stage.foreign;
        const start = performance.now();
        const made = await unlessAborted(session.run(only(graph.inputs, values)), signal);
        const milliseconds = performance.now() - start;
        steps.push({ node: named(graph.nodes), operator: 'onnxruntime', milliseconds });
        for (const [name, value] of made) {
          values.set(name, value);
          if (isResult(name)) deliver(name, value);
        }
      }
      chain = stage.rest(values);
    }
    return { results, steps };
  }

  /**
   * What runs for inputs of these shapes. Sessions run once on zeros, for what shapes their results have.
   *
   * @param each is done to the programs in order, before the sessions that follow on them run
   * @throws InputError as `run` does; the signal's reason
   */
  async plan(
    shapes: Shapes,
    long: LongOptions = {},
    each: (program: Program) => Promise<void> = async () => {},
  ): Promise<Planned> {
    const parts: Planned[] = [];
    const values = new Map<string, Constant>();
    let chain: Chain | undefined = this;
    let next = shapes;
    while (chain !== undefined) {
      const stage: Stage = await chain.#stage(next);
      if (stage.native !== undefined) {
        const program = await stage.native.program(next, long);
        await each(program);
        if (stage.foreign === undefined && chain === this)
          return { ...program, sensitivity: await stage.native.sensitivity(next) };
        parts.push(program);
        for (const { name, ...type } of [...program.inputs, ...program.outputs])
          values.set(name, zeros(type));
      }
      if (stage.foreign !== undefined) {
        const { session, graph } = stage.foreign;
        for (const { name, type, shape } of graph.inputs)
          if (!values.has(name)) values.set(name, zeros({ type, shape: shape as number[] }));
        const made = await unlessAborted(session.run(only(graph.inputs, values)), long.signal);
        for (const [name, value] of made) values.set(name, value);
        parts.push(plannedSession(graph, made));
      }
      chain = stage.rest(values);
      if (chain !== undefined) next = shapesOf(chain.graph, values);
    }
    return joined(this.graph, values, parts);
  }

  /** Makes weights ready for inputs of these shapes. @throws InputError as `run` does; the signal's reason */
  async prepare(shapes: Shapes, long: LongOptions = {}): Promise<void> {
    const { native, foreign } = await this.#stage(shapes);
    if (foreign !== undefined || native === undefined) {
      await this.plan(shapes, long, (program) => readySoon(program, long.signal));
      return;
    }
    const executable = await native.executable(shapes, long);
    await readySoon(executable, long.signal);
    await native.ran?.(shapes);
  }

  /** @throws InputError of the first foreign node, where onnxruntime is missing or refuses it, too */
  #stage(shapes: Shapes): Promise<Stage> {
    const key = this.graph.inputs.map(({ name }) => shapes[name]?.join('×')).join();
    return this.#stages.getOrMake(key, () => this.#stageOf(shapes));
  }

  async #stageOf(shapes: Shapes): Promise<Stage> {
    const kept = await this.cache?.find(shapes);
    if (kept === undefined) return this.#stageOfGraph(shapes);
    // Once: what is compiled may take the graph's numbers along.
    let described: Promise<Programs> | undefined;
    const whole = () => {
      described ??= this.#stageOfGraph(shapes).then((stage) => stage.native!);
      return described;
    };
    const native: Programs = {
      executable: async () => kept,
      program: async (asked, long) => (await whole()).program(asked, long),
      sensitivity: async (asked) => (await whole()).sensitivity(asked),
    };
    return { native, foreign: undefined, rest: () => undefined };
  }

  async #stageOfGraph(shapes: Shapes): Promise<Stage> {
    const { settings, without, store } = this;
    const whole = pruned(ordered(await this.#read()));
    let graph = whole;
    let typing = typedAsFar(graph, shapes);
    for (;;) {
      const part = constantPart(typing, graph.opset);
      if (part === undefined) break;
      const { session } = await this.#session(part, typing.foreign);
      const constants = new Map([...graph.constants, ...(await session.run(new Map()))]);
      const done = new Set(part.nodes);
      graph = { ...graph, constants, nodes: graph.nodes.filter((node) => !done.has(node)) };
      typing = typedAsFar(graph, shapes);
    }
    if (typing.foreign.length === 0) {
      const own = () => new Runner(graph, settings, without, store, this.owned);
      if (graph !== whole) return { native: this.#kept(own()), foreign: undefined, rest: () => undefined };
      this.#whole ??= own();
      return { native: this.#kept(this.#whole), foreign: undefined, rest: () => undefined };
    }
    const nodes = named(typing.foreign.map(({ node }) => node));
    const { maxMemory, outputAccuracy } = settings;
    if (maxMemory !== undefined)
      throw expected(
        'maxMemory',
        `left out, for onnxruntime-node runs ${nodes} in memory of its own`,
        maxMemory,
      );
    if (outputAccuracy !== undefined)
      throw expected(
        'accuracy',
        `'direct' or 'fast', for onnxruntime-node runs ${nodes} with errors of its own`,
        outputAccuracy,
      );
    const parts = split(graph, typing);
    const foreign = await this.#session(parts.foreign, typing.foreign);
    const native =
      parts.native.outputs.length > 0
        ? programsOf(new Runner(parts.native, settings, without, store))
        : undefined;
    let rest: Chain | undefined;
    return {
      ...{ native, foreign },
      rest(results) {
        const types = new Map([...results].map(([name, { type }]) => [name, type]));
        rest ??= new Chain(parts.rest(types), settings, without, undefined, false, store);
        return rest.graph.outputs.length > 0 ? rest : undefined;
      },
    };
  }

  /** The graph, read at first need. */
  #read(): Promise<Graph> {
    this.#graph ??= 'nodes' in this.graph ? Promise.resolve(this.graph) : this.cache!.read();
    return this.#graph;
  }

  /** Programs that go to the cache once they have run. */
  #kept(runner: Runner): Programs {
    const { cache, graph } = this;
    if (cache === undefined) return programsOf(runner);
    const ran = async (shapes: Shapes) => cache.keep(shapes, graph, await runner.programSoon(shapes));
    return { ...programsOf(runner), ran };
  }

  async #session(graph: Graph, foreign: readonly Foreign[]): Promise<ForeignPart> {
    const { reason } = foreign.find(({ node }) => graph.nodes.includes(node))!;
    const found = findOnnxruntime();
    if (found === undefined)
      throw new InputError(
        `${reason.message}; \`${INSTALLATION}\` lets nodes of operator set ${graph.opset ?? OPSET} run there that cannot run here`,
        { cause: reason },
      );
    try {
      return { session: await Session.create(found.ort, graph, this.settings.threads), graph };
    } catch (cause) {
      const told = (cause as Error).message;
      throw new InputError(`${reason.message}; onnxruntime-node refuses it, too: ${told}`, { cause });
    }
  }
}

function programsOf(runner: Runner): Programs {
  const program = (shapes: Shapes, long: LongOptions) => runner.programSoon(shapes, long);
  return { executable: program, program, sensitivity: (shapes) => runner.sensitivity(shapes) };
}

function shapesOf({ inputs }: Outline, values: Values): Shapes {
  return Object.fromEntries(
    inputs.flatMap(({ name }) => (values.has(name) ? [[name, values.get(name)!.shape]] : [])),
  );
}

function only(inputs: Graph['inputs'], values: Values): Values {
  return new Map(inputs.map(({ name, type }) => [name, { ...values.get(name)!, type }]));
}

function asFloats(data: Constant['data']): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data);
}
