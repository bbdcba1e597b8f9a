import { type NativeCancellation, native } from '../native/addon.js';
import type { Constant, LoweringSettings } from '../operators/operator.js';
import { BoundedMap } from '../support/bounded-map.js';
import type { LongOptions, Progress } from '../support/long.js';
import { atOnce, type Steps, unhurried } from '../support/unhurried.js';
import { unlessAborted } from '../support/unless-aborted.js';
import { type Sensitivity, sensitivityOf, withAccuracyShared } from './accuracy.js';
import { programWithin } from './budget.js';
import { withColdWeights } from './cold-weights.js';
import { ConstantStore } from './constants.js';
import type { Executable } from './executable.js';
import type { Graph } from './graph.js';
import { optimized } from './passes/index.js';
import { type Program, programOf } from './program.js';
import { type Shapes, typed } from './typed.js';

/** Shapes of inputs that programs are kept for. */
const MAX_SHAPES = 16;

/** A program in the making, and who wants to hear how far it has come. */
interface Compiling {
  readonly program: Promise<Program>;
  readonly listeners: Set<(progress: Progress) => void>;
}

/** A graph with a program for every shape of inputs that it meets; the programs share their constants. */
export class Runner {
  readonly #programs = new BoundedMap<string, Program>(MAX_SHAPES);
  readonly #compiling = new Map<string, Compiling>();
  readonly #consumes: boolean;
  /** As it was while the numbers were there. */
  #sensitivity: Sensitivity | undefined;

  /**
   * @param without names of graph passes to leave out
   * @param store of constants, which other runners may share whose nodes have other names or other constants
   * @param owned whether nobody else has the graph's numbers: where its inputs leave no sizes open, one program is all that there
   *   will be, and the numbers go once that has them
   */
  constructor(
    readonly graph: Graph,
    readonly settings: LoweringSettings,
    private readonly without: readonly string[] = [],
    private readonly store = new ConstantStore(),
    owned = false,
  ) {
    this.#consumes =
      owned && graph.inputs.every(({ shape }) => shape?.every((size) => typeof size === 'number'));
  }

  /**
   * The program for inputs of these shapes, compiled at first use while the caller waits.
   *
   * @throws InputError when a shape does not fit the graph
   */
  program(shapes: Shapes): Program {
    return this.#programs.getOrMake(this.#keyOf(shapes), () => atOnce(this.#compile(shapes)));
  }

  /**
   * The same without keeping the event loop waiting. Who gives up leaves the work to those who wait for the same, or come
   * later.
   *
   * @throws the signal's reason when it is aborted meanwhile; what `onProgress` throws
   */
  async programSoon(shapes: Shapes, { signal, onProgress }: LongOptions = {}): Promise<Program> {
    const key = this.#keyOf(shapes);
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const compiling = this.#compiling.get(key) ?? this.#compileSoon(key, shapes);
    const deaf = new AbortController();
    const hear = (progress: Progress) => {
      try {
        onProgress?.(progress);
      } catch (error) {
        deaf.abort(error);
      }
    };
    compiling.listeners.add(hear);
    const leaving = AbortSignal.any(signal === undefined ? [deaf.signal] : [signal, deaf.signal]);
    const program = await unlessAborted(compiling.program, leaving).finally(() =>
      compiling.listeners.delete(hear),
    );
    return this.#programs.getOrMake(key, () => program);
  }

  /** How the outputs see rounding errors, for inputs of these shapes. @throws InputError when a shape does not fit */
  async sensitivity(shapes: Shapes): Promise<Sensitivity> {
    return this.#sensitivity ?? unhurried(sensitivityOf(typed(this.graph, shapes)));
  }

  #compileSoon(key: string, shapes: Shapes): Compiling {
    const listeners: Compiling['listeners'] = new Set();
    const onProgress = (progress: Progress) => {
      for (const hear of listeners) hear(progress);
    };
    // Later, for then whoever asked for it listens.
    const program = Promise.resolve().then(() => unhurried(this.#compile(shapes), { onProgress }));
    const forget = () => this.#compiling.delete(key);
    program.then(forget, forget);
    const compiling = { program, listeners };
    this.#compiling.set(key, compiling);
    return compiling;
  }

  *#compile(shapes: Shapes): Steps<Program> {
    const whole = typed(this.graph, shapes);
    const plain = yield* optimized(whole, this.without);
    const { store } = this;
    const settings = withColdWeights(plain, this.settings);
    const { maxMemory, outputAccuracy } = settings;
    const seen = outputAccuracy !== undefined || this.#consumes ? yield* sensitivityOf(whole) : undefined;
    const graph =
      outputAccuracy === undefined
        ? plain
        : yield* withAccuracyShared(plain, seen!, outputAccuracy, settings);
    const program = yield* maxMemory === undefined
      ? programOf(graph, settings, store)
      : programWithin(maxMemory, graph, settings, store);
    if (this.#consumes) this.#sensitivity = seen;
    const all = [...graph.constants.values(), ...whole.constants.values()];
    letGo(all, this.#consumes ? [] : [...whole.constants.values()], program, store);
    return program;
  }

  #keyOf(shapes: Shapes): string {
    return this.graph.inputs.map(({ name }) => shapes[name]?.join('×')).join();
  }
}

/**
 * Numbers that passes have made are the engine's alone once a program is there: it frees them as soon as weights are made
 * of them, while the collector would hold them for as long as it likes.
 *
 * @param kept those that stay
 */
function letGo(
  constants: readonly Constant[],
  kept: readonly Constant[],
  program: Program,
  store: ConstantStore,
): void {
  const known = new Set(kept.map(({ data }) => data));
  for (const { data } of constants)
    if (data instanceof Float32Array && !known.has(data)) {
      store.letGo(data, program.constants);
      native().dispose(data);
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
  program: Executable,
  inputs: readonly Float32Array[],
  outputs: readonly Float32Array[],
  signal?: AbortSignal,
): Promise<Float64Array> {
  return cancellable(signal, (cancellation) => program.native.run(inputs, outputs, cancellation));
}

/** Makes the constants of a program off the main thread. @throws the signal's reason when it is aborted meanwhile */
export async function readySoon({ native }: Executable, signal?: AbortSignal): Promise<void> {
  return cancellable(signal, (cancellation) => native.prepare(cancellation));
}

async function cancellable<T>(
  signal: AbortSignal | undefined,
  run: (cancellation?: NativeCancellation) => Promise<T>,
): Promise<T> {
  if (signal === undefined) return run();
  signal.throwIfAborted();
  const cancellation: NativeCancellation = new (native().Cancellation)();
  const cancel = () => cancellation.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await run(cancellation);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
