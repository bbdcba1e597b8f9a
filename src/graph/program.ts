import type { NativeConstant, NativePlace } from '../native/addon.js';
import type { LoweringSettings } from '../operators/operator.js';
import { WORTH_WAKING } from '../planner/schedule.js';
import type { Steps } from '../support/unhurried.js';
import { type AssembledNode, type Assembly, assemble } from './assemble.js';
import type { ConstantStore } from './constants.js';
import { type Executable, instantiated, kernelsOf, type Recipe } from './executable.js';
import { colour, type Lifetime, leastBytes } from './memory.js';
import type { Storage } from './storage.js';
import type { TypedGraph } from './typed.js';

/** A graph compiled for one set of input shapes. */
export interface Program extends Executable {
  readonly recipe: Recipe;
  /** What became of the nodes; of convolutions with their plans. */
  readonly nodes: readonly (Omit<AssembledNode, 'plan'> & { readonly plan?: object })[];
  /** Held, so that other programs find them in the store. */
  readonly constants: ReadonlySet<NativeConstant>;
  /** Bytes of constants, weights made ready included; of the arena, that no arena could do without; of a run in all. */
  readonly memory: {
    readonly constants: number;
    readonly arena: number;
    readonly leastArena: number;
    readonly run: number;
  };
}

/**
 * Compiles a graph whose passes are done, in steps (see {@link assemble}). Weights are made ready by the first run, or
 * by `native.prepare`.
 */
export function* programOf(
  graph: TypedGraph,
  settings: LoweringSettings,
  store: ConstantStore,
): Steps<Program> {
  const assembly = yield* assemble(graph, settings);
  const { lifetimes, place } = placesOf(assembly);
  const arena = colour(lifetimes);
  const constants: NativeConstant[] = [];
  for (const source of assembly.constants) {
    constants.push(store.of(source));
    yield; // The engine has copied what may be many megabytes.
  }
  const calls = assembly.steps.map(({ node, operator, description }) => {
    return { node: node.name, operator, description };
  });
  const kernels = kernelsOf(calls);
  const shared = assembly.steps.filter((_, i) => kernels[i]!.threads > 1);
  const named = (name: string) => ({ name, ...graph.types.get(name)! });
  const bytesOf = (name: string) =>
    4 * graph.types.get(name)!.shape.reduce((product, size) => product * size, 1);
  const at = (storage: Storage | undefined): NativePlace => place(storage, arena.offsets, constants);
  const recipe: Recipe = {
    inputs: graph.inputs.map(named),
    outputs: graph.outputs.map(named),
    calls,
    parts: {
      arenaBytes: arena.bytes,
      inputBytes: graph.inputs.map(bytesOf),
      outputBytes: graph.outputs.map(bytesOf),
      // What is too short to wake threads for by itself may not be in a row.
      wakes: shared.reduce((sum, { work = 0 }) => sum + work, 0) >= WORTH_WAKING,
      steps: assembly.steps.map(({ inputs, outputs }) => ({
        inputs: inputs.map(at),
        outputs: outputs.map(at),
      })),
    },
  };
  const executable = instantiated(recipe, kernels, constants);
  const held = new Set(constants);
  return {
    ...executable,
    recipe,
    nodes: assembly.nodes.map(({ plan, ...node }) => ({
      ...node,
      ...(plan && { plan: plan.of(kernels[node.planned]!) }),
    })),
    constants: held,
    memory: {
      constants: [...held].reduce((sum, { bytes }) => sum + bytes, 0),
      arena: arena.bytes,
      leastArena: leastBytes(lifetimes),
      run: executable.native.runBytes,
    },
  };
}

/** How long everything in the arena lives, and where a storage lies once the arena is coloured. */
function placesOf({ steps }: Assembly) {
  const indices = new Map<Storage, number>();
  const lifetimes: Lifetime[] = [];
  for (const { inputs, outputs } of steps)
    for (const storage of [...inputs, ...outputs]) {
      const root = storage?.place.root;
      if (root === undefined || root.kind !== 'arena' || indices.has(root)) continue;
      indices.set(root, lifetimes.length);
      lifetimes.push({ bytes: root.bytes, first: root.first, last: root.last });
    }
  const place = (
    storage: Storage | undefined,
    offsets: readonly number[],
    constants: readonly { readonly bytes: number }[],
  ): NativePlace => {
    if (storage === undefined) return { in: 'nowhere' };
    const { root, offset } = storage.place;
    if (root.kind === 'arena')
      return { in: 'arena', offset: offsets[indices.get(root)!]! + offset, bytes: storage.bytes };
    const bytes = root.kind === 'constant' ? constants[root.index]!.bytes : storage.bytes;
    return { in: root.kind, index: root.index, offset, bytes };
  };
  return { lifetimes, place };
}
