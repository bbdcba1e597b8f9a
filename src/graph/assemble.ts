import { lowerCopy } from '../operators/copy.js';
import { operatorOf } from '../operators/index.js';
import { floatsOf } from '../operators/movement.js';
import type {
  Constant,
  KernelCall,
  Layout,
  Lowered,
  LoweredStep,
  LoweringSettings,
  Operand,
  Placed,
  TensorType,
} from '../operators/operator.js';
import { lowerReorder } from '../operators/reorder.js';
import type { Steps } from '../support/unhurried.js';
import type { Node } from './graph.js';
import { chooseLayouts, type Layouts } from './layouts.js';
import { Storage } from './storage.js';
import { describeNode, type TypedGraph } from './typed.js';

/** How a constant of a program comes to be: from numbers, or made once by a kernel from other constants. */
export type ConstantSource =
  | { readonly data: Float32Array | Int32Array | Float64Array }
  | {
      readonly call: KernelCall;
      readonly key: string;
      readonly inputs: readonly (ConstantSource | undefined)[];
    };

/** One kernel of a program. */
export interface AssembledStep extends KernelCall {
  readonly node: Node;
  readonly inputs: readonly (Storage | undefined)[];
  readonly outputs: readonly Storage[];
  /** Inputs that the first output may overwrite. */
  readonly inPlace: readonly number[];
  readonly work?: number;
}

/** What became of a node, for people. */
export interface AssembledNode {
  readonly node: Node;
  readonly title: string;
  /** Of a convolution: its plan, from the kernel that `planned` is. */
  readonly plan?: NonNullable<Lowered['plan']>;
  /** Index of the kernel that the plan is of, else of its first one. */
  readonly planned: number;
  /** How it reads its inputs; undefined for those that are left out. */
  readonly inputLayouts: readonly (Layout | undefined)[];
  /** Of its first result. */
  readonly type: TensorType;
  readonly layout: Layout;
}

/** A graph as kernels on storages that do not lie anywhere yet. */
export interface Assembly {
  readonly steps: readonly AssembledStep[];
  readonly constants: readonly ConstantSource[];
  readonly nodes: readonly AssembledNode[];
}

/**
 * Lowers all nodes, with reshuffles between those that want other layouts. Yields after each node: planning a network may
 * take long, and whoever drives this may do other things in between.
 */
export function assemble(graph: TypedGraph, settings: LoweringSettings): Steps<Assembly> {
  return new Assembler(graph, settings).run();
}

const F32 = Float32Array.BYTES_PER_ELEMENT;

class Assembler {
  #layouts!: Layouts;
  readonly #steps: AssembledStep[] = [];
  readonly #nodes: AssembledNode[] = [];
  readonly #constants: ConstantSource[] = [];
  /** By tensor, then by layout. */
  readonly #storages = new Map<string, Map<Layout, Storage>>();
  /** Tensors that kernels make once from constants alone. */
  readonly #made = new Map<string, ConstantSource>();
  readonly #constantStorages = new Map<ConstantSource | ArrayLike<number>, Storage>();

  constructor(
    readonly graph: TypedGraph,
    readonly settings: LoweringSettings,
  ) {}

  *run(): Steps<Assembly> {
    this.#layouts = yield* chooseLayouts(this.graph, this.settings);
    this.graph.inputs.forEach((name, index) => {
      const bytes = F32 * floatsOf(this.graph.types.get(name)!.shape, 'planar', this.settings.isa.width);
      this.#put(name, 'planar', new Storage(bytes, 'input', index));
    });
    for (const node of this.graph.nodes) {
      this.#lower(node);
      yield;
    }
    for (const [index, name] of this.graph.outputs.entries()) this.#deliver(name, index);
    this.#overwrite();
    return { steps: this.#steps, constants: this.#constants, nodes: this.#nodes };
  }

  #lower(node: Node): void {
    const { graph, settings } = this;
    const row = operatorOf(node.operator);
    const rule = this.#layouts.rules.get(node)!;
    const layoutOf = (name: string, allowed: readonly Layout[]): Layout => {
      const wanted = this.#layouts.of.get(rule.alike === true ? node.outputs[0]! : name)!;
      return allowed.includes(wanted) ? wanted : allowed[0]!;
    };
    const placed = (name: string, allowed: readonly Layout[] = ['planar']): Placed | undefined => {
      if (name === '') return undefined;
      const constant = graph.constants.get(name);
      if (constant !== undefined) return { ...constant, layout: 'planar' };
      const type = graph.types.get(name)!;
      if (this.#made.has(name)) return { ...type, layout: 'planar', made: true };
      return { ...type, layout: layoutOf(name, allowed) };
    };
    const inputs = node.inputs.map((name, i) => placed(name, rule.inputs[i]));
    const outputs = node.outputs.map((name, i) => ({
      ...graph.types.get(name)!,
      layout: layoutOf(name, rule.outputs[i] ?? ['planar']),
    }));
    if (row.lower === undefined)
      throw new Error(
        `Expected ${describeNode(node)} to be computed when the graph is compiled but its inputs are not constant`,
      );
    const lowered = row.lower({ name: node.name, attributes: node.attributes, inputs, outputs }, settings);
    if (this.#makeOnce(node, lowered)) return;
    const { title, plan } = lowered;
    // Weights that are packed are no part of the program: their memory goes once they are packed.
    const from = inputs.map((input, i) =>
      input && reads(lowered, i) ? this.#fetch(node.inputs[i]!, input.layout) : undefined,
    );
    const to = outputs.map(
      (output) => new Storage(F32 * floatsOf(output.shape, output.layout, settings.isa.width)),
    );
    if (lowered.alias === true) to[0]!.moveInto(from[0]!, 0);
    else if (!liesInside(lowered, from, to[0]!)) this.#emit(node, lowered, from, to, row.inPlace ?? []);
    const type = graph.types.get(node.outputs[0]!)!;
    const planned = this.#steps.length - lowered.steps.length + (plan?.step ?? 0);
    this.#nodes.push({
      ...{ node, title, ...(plan && { plan }), planned, type },
      inputLayouts: inputs.map((input) => input?.layout),
      layout: outputs[0]!.layout,
    });
    outputs.forEach(({ layout }, i) => {
      if (node.outputs[i] !== '') this.#put(node.outputs[i]!, layout, to[i]!);
    });
  }

  /** Nodes of one kernel that read constants alone become constants. */
  #makeOnce(node: Node, { steps, temporaries = [], alias }: Lowered): boolean {
    const sources = node.inputs.map((name) => this.#sourceOf(name));
    const constant =
      node.inputs.length > 0 && node.inputs.every((name, i) => name === '' || sources[i] !== undefined);
    const simple =
      alias !== true && steps.length === 1 && temporaries.length === 0 && node.outputs.length === 1;
    if (!constant || !simple || this.graph.outputs.includes(node.outputs[0]!)) return false;
    const [step] = steps as [LoweredStep];
    const inputs = step.inputs.map((operand) => this.#constantOf(operand, sources));
    this.#made.set(node.outputs[0]!, { call: step, key: `${node.name} ${node.outputs[0]}`, inputs });
    return true;
  }

  #sourceOf(name: string): ConstantSource | undefined {
    const constant = this.graph.constants.get(name);
    return constant === undefined ? this.#made.get(name) : sourceOf(constant);
  }

  #constantOf(
    operand: Operand,
    sources: readonly (ConstantSource | undefined)[],
  ): ConstantSource | undefined {
    if (operand === undefined) return undefined;
    if ('input' in operand) return sources[operand.input];
    if ('constant' in operand) return { data: operand.constant };
    if ('packed' in operand)
      return {
        call: operand.packed,
        key: operand.key,
        inputs: operand.inputs.map((input) => sources[input]),
      };
    throw new Error('Expected a kernel that makes a constant to have no temporaries');
  }

  #emit(
    node: Node,
    { steps, temporaries = [] }: Lowered,
    from: readonly (Storage | undefined)[],
    to: readonly Storage[],
    inPlace: readonly number[],
  ): void {
    const between = temporaries.map((bytes) => new Storage(bytes));
    const sources = node.inputs.map((name) => this.#sourceOf(name));
    for (const step of steps) {
      const inputs = step.inputs.map((operand) => {
        if (operand === undefined) return undefined;
        if ('input' in operand) return from[operand.input];
        if ('temporary' in operand) return between[operand.temporary];
        if ('constant' in operand) return this.#constantStorage({ data: operand.constant });
        return this.#constantStorage(this.#constantOf(operand, sources)!);
      });
      const outputs = step.outputs.map((each) =>
        'output' in each ? to[each.output]! : between[each.temporary]!,
      );
      this.#push(node, step, inputs, outputs, steps.length === 1 ? inPlace : []);
    }
  }

  #push(
    node: Node,
    { operator, description, work }: KernelCall & Pick<LoweredStep, 'work'>,
    inputs: readonly (Storage | undefined)[],
    outputs: readonly Storage[],
    inPlace: readonly number[] = [],
  ): void {
    for (const storage of [...inputs, ...outputs]) storage?.touch(this.#steps.length);
    this.#steps.push({
      ...{ node, operator, description, inputs, outputs, inPlace },
      ...(work !== undefined && { work }),
    });
  }

  /** The storage of a tensor in a layout, reshuffled from another one at first need. */
  #fetch(name: string, layout: Layout): Storage {
    const source = this.#sourceOf(name);
    if (source !== undefined) return this.#constantStorage(source);
    const found = this.#storages.get(name)!;
    const there = found.get(layout);
    if (there !== undefined) return there;
    const type = this.graph.types.get(name)!;
    const storage = new Storage(F32 * floatsOf(type.shape, layout, this.settings.isa.width));
    const [from] = found.values();
    const node = {
      operator: 'Reorder',
      name: `${name} as ${layout}`,
      inputs: [name],
      outputs: [name],
      attributes: {},
    };
    this.#push(node, lowerReorder(type, layout, this.settings), [from], [storage]);
    this.#put(name, layout, storage);
    return storage;
  }

  #put(name: string, layout: Layout, storage: Storage): void {
    if (!this.#storages.has(name)) this.#storages.set(name, new Map());
    this.#storages.get(name)!.set(layout, storage);
  }

  #constantStorage(source: ConstantSource): Storage {
    const key = 'data' in source ? source.data : source;
    const known = this.#constantStorages.get(key);
    if (known !== undefined) return known;
    const storage = new Storage(0, 'constant', this.#constants.length);
    this.#constants.push(source);
    this.#constantStorages.set(key, storage);
    return storage;
  }

  /** Lets an output of the graph be written where the caller wants it, or copies it there at the end. */
  #deliver(name: string, index: number): void {
    const storage = this.#fetch(name, 'planar');
    const { root, offset } = storage.place;
    if (root.isRoot && offset === 0 && root.bytes === storage.bytes) {
      root.kind = 'output';
      root.index = index;
      return;
    }
    const type = this.graph.types.get(name)!;
    const node = {
      operator: 'Copy',
      name: `${name} to its place`,
      inputs: [name],
      outputs: [name],
      attributes: {},
    };
    this.#push(
      node,
      lowerCopy(type, this.settings),
      [storage],
      [new Storage(storage.bytes, 'output', index)],
    );
  }

  /** Results of kernels that may write over an input do so where nobody reads that input any more. */
  #overwrite(): void {
    this.#steps.forEach(({ inputs, outputs, inPlace }, step) => {
      const [output] = outputs;
      if (output === undefined || !output.isRoot) return;
      const input = inPlace
        .map((i) => inputs[i])
        .find((candidate) => {
          if (candidate === undefined || candidate.bytes !== output.bytes) return false;
          const { root } = candidate.place;
          return root.isRoot && root !== output && root.last === step && root.bytes === output.bytes;
        });
      if (input !== undefined) output.moveInto(input.place.root, 0);
    });
  }
}

/** Whether anything reads an input as it is. */
function reads({ steps, alias, inside }: Lowered, input: number): boolean {
  if (alias === true || inside !== undefined) return true;
  return steps.some(({ inputs }) =>
    inputs.some((operand) => operand !== undefined && 'input' in operand && operand.input === input),
  );
}

/** Puts what a node joins into its result, if every part can be made there. */
function liesInside({ inside }: Lowered, from: readonly (Storage | undefined)[], to: Storage): boolean {
  if (inside === undefined || new Set(from).size !== from.length) return false;
  if (!from.every((part) => part?.isRoot === true)) return false;
  for (const [i, part] of from.entries()) part!.moveInto(to, inside[i]!);
  return true;
}

const sources = new WeakMap<object, ConstantSource>();

/** One object for one array of numbers, so that constants are told apart by identity. */
function sourceOf({ data }: Constant): ConstantSource {
  const known = sources.get(data) ?? { data };
  sources.set(data, known);
  return known;
}
