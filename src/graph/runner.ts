import { type NativeCancellation, native } from '../native/addon.js';
import type { LoweringSettings } from '../operators/operator.js';
import { BoundedMap } from '../support/bounded-map.js';
import { atOnce, unhurried } from '../support/unhurried.js';
import { ConstantStore } from './constants.js';
import type { Graph } from './graph.js';
import { optimized } from './passes/index.js';
import { type Program, programOf } from './program.js';
import { type Shapes, typed } from './typed.js';

/** Shapes of inputs that programs are kept for. */
const MAX_SHAPES = 16;

/** A graph with a program for every shape of inputs that it meets; the programs share their constants. */
export class Runner {
  readonly #programs = new BoundedMap<string, Program>(MAX_SHAPES);
  readonly #compiling = new Map<string, Promise<Program>>();

  /**
   * @param without names of graph passes to leave out
   * @param store of constants, which other runners may share whose nodes have other names or other constants
   */
  constructor(
    readonly graph: Graph,
    readonly settings: LoweringSettings,
    private readonly without: readonly string[] = [],
    private readonly store = new ConstantStore(),
  ) {}

  /**
   * The program for inputs of these shapes, compiled at first use while the caller waits.
   *
   * @throws InputError when a shape does not fit the graph
   */
  program(shapes: Shapes): Program {
    return this.#programs.getOrMake(this.#keyOf(shapes), () => atOnce(this.#compile(shapes)));
  }

  /** The same without keeping the event loop waiting. @throws the signal's reason when it is aborted meanwhile */
  async programSoon(shapes: Shapes, signal?: AbortSignal): Promise<Program> {
    const key = this.#keyOf(shapes);
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const compiling = this.#compiling.get(key) ?? unhurried(this.#compile(shapes));
    this.#compiling.set(key, compiling);
    const forget = () => this.#compiling.delete(key);
    compiling.then(forget, forget);
    // Who gives up leaves the work to those who wait for the same, or come later.
    const program = await (signal === undefined ? compiling : Promise.race([compiling, abortion(signal)]));
    return this.#programs.getOrMake(key, () => program);
  }

  *#compile(shapes: Shapes): Generator<void, Program> {
    const graph = optimized(typed(this.graph, shapes), this.without);
    return yield* programOf(graph, this.settings, this.store);
  }

  #keyOf(shapes: Shapes): string {
    return this.graph.inputs.map(({ name }) => shapes[name]?.join('×')).join();
  }
}

/**
 * Runs a program off the main thread.
 *
 * @param inputs,outputs in the engine's memory, as long as the program's tensors
 * @returns times as `NativeProgram` gives them
 * @throws the signal's reason when it is aborted meanwhile
 */
export async function runSoon(
  program: Program,
  inputs: readonly Float32Array[],
  outputs: readonly Float32Array[],
  signal?: AbortSignal,
): Promise<Float64Array> {
  if (signal === undefined) return program.native.run(inputs, outputs);
  signal.throwIfAborted();
  const cancellation: NativeCancellation = new (native().Cancellation)();
  const cancel = () => cancellation.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await program.native.run(inputs, outputs, cancellation);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** Never fulfilled; rejected with the signal's reason. */
function abortion(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
