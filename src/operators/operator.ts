/**
 * What a node type of a graph has to say of itself. Every operator is one file or folder of this directory and a row of
 * the list in `index.ts`; nothing else knows it by name.
 */

import type { Machine } from '../machine/machine.js';
import type { NativeKernel } from '../native/addon.js';
import type { Alternative } from '../planner/alternatives.js';
import type { Steps } from '../support/unhurried.js';
import type { Accuracy } from './convolution/accuracy.js';

/** How much a plan may cost: the cost model alone, or measurements that are remembered. */
export type Effort = 'estimate' | 'measure';

/** Number types of tensors. Kernels run on float32; all others live at compile time only, as shapes and indices do. */
export type ElementType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint64'
  | 'uint32'
  | 'uint16'
  | 'uint8'
  | 'bool';

/** What is known of a tensor before there are numbers in it. */
export interface TensorType {
  readonly type: ElementType;
  /** Sizes, slowest first; activations are N×C×spatial. */
  readonly shape: readonly number[];
}

/** A tensor whose numbers are known when the graph is compiled: weights, and whatever shapes are computed from. */
export interface Constant extends TensorType {
  /** Row-major. float32 in a Float32Array; every other type in doubles, which hold indices exactly. */
  readonly data: Float32Array | Float64Array;
}

/** Attributes of a node, by name; each operator validates its own. */
export type Attributes = Readonly<Record<string, unknown>>;

/** Where a tensor's elements lie: N×C×spatial, or N×⌈C/width⌉×spatial×width with missing channels zero. */
export type Layout = 'planar' | 'blocked';

/** A tensor in memory. */
export interface Placed extends TensorType {
  readonly layout: Layout;
  /** It never changes, though its numbers are known at run time only: a kernel makes it once. */
  readonly made?: true;
}

/** Layouts that a node takes and makes, for the pass that assigns them. */
export interface LayoutRule {
  /** Per input and output: what it may be. Absent inputs and constants are not asked. */
  readonly inputs: readonly (readonly Layout[])[];
  readonly outputs: readonly (readonly Layout[])[];
  /** All tensors of the node lie in the same layout, as elementwise functions have it. */
  readonly alike?: boolean;
}

/** What lowering may decide by. */
export interface LoweringSettings {
  readonly machine: Machine;
  /** Kernel table that will run, and the floats in its vectors. */
  readonly isa: { readonly name: string; readonly width: number };
  readonly threads: number;
  /** What plans of convolutions are held to; see `LayerOptions`. */
  readonly accuracy?: Accuracy;
  /** What the outputs of a graph are held to instead: their error relative to them, both root mean squares. */
  readonly outputAccuracy?: number;
  readonly effort?: Effort;
  /** Most bytes that constants and a run of a program may take together; by default any. */
  readonly maxMemory?: number;
  /** What a byte of constants less is worth, in flops at one core's peak; by default nothing (see `alternatives`). */
  readonly price?: number;
}

/** Something a kernel reads. */
export type Operand =
  /** An input of the node, by its index; absent if the node has none there. */
  | { readonly input: number }
  /** An earlier temporary of the same node. */
  | { readonly temporary: number }
  /** Numbers that are known now. */
  | { readonly constant: Float32Array | Int32Array }
  /** A constant that a kernel makes once, at first need and off the main thread, from constant inputs of the node. */
  | {
      readonly packed: KernelCall;
      readonly inputs: readonly number[];
      readonly key: string;
      readonly bytes: number;
    }
  | undefined;

/** A native kernel by the name of its operator and its description (see native/operators). */
export interface KernelCall {
  readonly operator: string;
  readonly description: object;
}

/** One kernel of a lowered node. */
export interface LoweredStep extends KernelCall {
  readonly inputs: readonly Operand[];
  readonly outputs: readonly ({ readonly output: number } | { readonly temporary: number })[];
  /** Estimated time in flops at one core's peak, of kernels that do not wake sleeping threads when they are short. */
  readonly work?: number;
}

/** A node as kernels in order. */
export interface Lowered {
  readonly steps: readonly LoweredStep[];
  /** Bytes of each temporary. */
  readonly temporaries?: readonly number[];
  /** The first output is the first input in other words, as a reshape's: no kernel, no copy. Then there are no steps. */
  readonly alias?: true;
  /**
   * Bytes from the start of the first output at which each input may lie, as those of a concatenation: where all of them
   * can be made there in the first place, the steps are left out.
   */
  readonly inside?: readonly number[];
  /** What will run, for people: one line. */
  readonly title: string;
  /** For a convolution, its plan, once the kernel of its step is there. */
  readonly plan?: { readonly step: number; readonly of: (kernel: NativeKernel) => object };
}

/** A node with all that lowering may know. Inputs that are constant carry their numbers. */
export interface NodeToLower {
  readonly name: string;
  readonly attributes: Attributes;
  readonly inputs: readonly (Placed | (Placed & Constant) | undefined)[];
  readonly outputs: readonly Placed[];
}

/** A row of the list of operators. */
export interface Operator {
  readonly name: string;
  /**
   * Types of the outputs.
   *
   * @param constants of the inputs, those whose numbers are known
   * @throws InputError naming the attribute or input that does not fit
   */
  infer(
    attributes: Attributes,
    inputs: readonly (TensorType | undefined)[],
    constants: readonly (Constant | undefined)[],
  ): readonly TensorType[];
  /**
   * Computes the outputs when the graph is compiled; for shape arithmetic. It is called where all inputs are constant.
   *
   * @param types of the inputs
   */
  evaluate?(
    attributes: Attributes,
    inputs: readonly (Constant | undefined)[],
    types: readonly (TensorType | undefined)[],
  ): readonly Constant[];
  /** The types of its inputs are all that `evaluate` needs, as for Shape: it is then always called. */
  readonly fromTypes?: true;
  /** Evaluating it shares the numbers of its input, as Reshape does: however many there are, it is done at once. */
  readonly shares?: true;
  /**
   * Decides in short steps, between which others may do something, what `layouts` and `lower` then find decided; where they
   * are not preceded by it, they decide at once.
   */
  prepare?(
    attributes: Attributes,
    inputs: readonly (TensorType | Constant | undefined)[],
    settings: LoweringSettings,
  ): Steps<void>;
  /** Ways to run it that take fewer bytes for more time, undominated; at a price, `lower` takes the best of them. */
  alternatives?(
    attributes: Attributes,
    inputs: readonly (TensorType | Constant | undefined)[],
    settings: LoweringSettings,
  ): Steps<readonly Alternative[]>;
  /**
   * Ways to run it within an accuracy, undominated: the amount is the variance of rounding errors relative to the results'
   * mean square. The attribute `wishes` with an accuracy that only some of them keep makes `lower` take the first that does.
   */
  precisions?(
    attributes: Attributes,
    inputs: readonly (TensorType | Constant | undefined)[],
    settings: LoweringSettings,
    accuracy: number,
  ): Steps<readonly Alternative[]>;
  /** By default planar only. Inputs that are constant carry their numbers. */
  layouts?(
    attributes: Attributes,
    inputs: readonly (TensorType | Constant | undefined)[],
    outputs: readonly TensorType[],
    settings: LoweringSettings,
  ): LayoutRule;
  /** Kernels for it; absent for what exists at compile time only, and for what a pass rewrites. */
  lower?(node: NodeToLower, settings: LoweringSettings): Lowered;
  /** A graph pass puts other nodes in its place. */
  readonly rewritten?: true;
  /** Indices of inputs that an output may overwrite, where it has their size and nobody reads them afterwards. */
  readonly inPlace?: readonly number[];
}
