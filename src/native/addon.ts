/**
 * The whole native surface in one place: the only module that loads the addon.
 * Everything here is trusted to be validated by its callers (`problem.ts`, `planner.ts`), yet the
 * addon checks sizes once more, so that no input from JavaScript can crash the process.
 */
import { createRequire } from 'node:module';
import { InputError } from '../../synth/errors.js';
import type { PairedArrays } from '../../synth/program/paired.js';
import { packageRoot } from '../support/package.js';

/** Three numbers, one per axis: depth, height, width. 1-D and 2-D problems have leading ones. */
export type Axes<T = number> = readonly [T, T, T];

/** The part of one axis' algorithm that the prepared weights depend on; matrices are row-major, in double precision. */
export interface NativeKernelTransform {
  readonly taps: number;
  readonly products: number;
  /** products × taps. */
  readonly C: Float64Array;
}

/** A matrix that the engine applies along an axis: its codelet, or a program; neither for the identity, 1 × 1, alone. */
export interface NativeTransform {
  /** One of `codelets()`, of the matrix' size. */
  readonly codelet?: string;
  /** For the generic kernel. */
  readonly program?: PairedArrays;
}

/**
 * One kind of tile along an axis: y = A[(C g) ⊙ (B d)]. Forms of one axis share its kernel transform, so
 * that tiles of several sizes run with one set of weights; a small form uses the first `products` rows of C.
 */
export interface NativeForm {
  /** Outputs of one tile. */
  readonly outputs: number;
  /** Inputs that a tile reads: the columns of B. */
  readonly inputs: number;
  /** Where they start, counted from the first input (padding included) under the tile's first output: 0 but for algorithms of short padded axes. */
  readonly offset: number;
  /** How many of the axis' products this form uses, counted from the first. */
  readonly products: number;
  /** outputs × products. */
  readonly A: NativeTransform;
  /** products × inputs. */
  readonly B: NativeTransform;
}

/** How one axis is covered: the form of each tile in order; the last may overhang the output. */
export interface NativeTiling {
  readonly forms: readonly NativeForm[];
  readonly sequence: Int32Array;
}

/** How transformed weights are stored: `bfloat16` keeps 8 of the 24 significant bits, in half the memory. */
export type WeightFormat = 'float32' | 'bfloat16';

/**
 * Where activations lie. planar: N×C×D×H×W. blocked: N×⌈C/width⌉×D×H×W×width with the width of the kernel table,
 * missing channels zero; what a network keeps between its layers.
 */
export type NativeLayout = 'planar' | 'blocked';

/** v = sum + bias + residual; v < 0 is multiplied by `slope`; then `low` ≤ v ≤ `high`. None: 1, −∞, ∞. ReLU: 0, −∞, ∞. */
export interface NativeActivation {
  readonly slope: number;
  readonly low: number;
  readonly high: number;
}

/** Of elements; the engine knows no other yet. */
export type NativeType = 'float32';

/** A convolution: geometry and types, no decision. */
export interface NativeProblem {
  /** What is computed: y, or the gradient of the weights from x and the gradient of y. */
  readonly direction: 'forward' | 'backwardWeights';
  readonly batch: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  readonly input: Axes;
  readonly kernel: Axes;
  readonly stride: Axes;
  readonly dilation: Axes;
  readonly padBegin: Axes;
  readonly padEnd: Axes;
  /** Whether there is one value for each output channel to be added, and a tensor of the result's shape. */
  readonly bias: boolean;
  readonly residual: boolean;
  readonly activation: NativeActivation;
  readonly types: Readonly<Record<'input' | 'weight' | 'accumulate' | 'output', NativeType>>;
}

/** What the schedules of all algorithms say. */
interface CommonSchedule {
  /** Name of a kernel table that `cpuInfo().kernels` lists. */
  readonly isa: string;
  readonly threads: number;
  /** Whether sleeping threads are woken for it: that takes longer than a short pass gains by them. */
  readonly wake: boolean;
  /** Blocked only where the algorithm takes it. */
  readonly layouts: {
    readonly input: NativeLayout;
    readonly output: NativeLayout;
    /** Of what is added to the result. */
    readonly residual: NativeLayout;
    /**
     * Phases of the result's pixels along each axis: output channel phase · C + c of the problem is channel c of C at those
     * pixels that are the phase modulo the number of phases (sub-pixel convolution). Only direct convolution takes them.
     */
    readonly phases?: Axes;
  };
  /** Whether results are stored past the caches. */
  readonly streamOutput: boolean;
}

/** How blocks of tiles pass through Winograd's stages. Sizes in floats. */
export interface WinogradBlocks {
  /** Most tiles that pass through the stages together. */
  readonly tileBlock: number;
  /** Output channels that are transformed back together: whole pairs of vectors. */
  readonly channelGroup: number;
  /** Input channels summed in registers before the sum is added to memory, whole vectors; 0 for all in one sum. */
  readonly sumBlock: number;
  /** How threads share the work: each its own blocks of tiles, or all the same block and each its own output channels. */
  readonly split: 'tiles' | 'channels';
  /** Most tiles of a strip, which stays in the first two levels of cache. */
  readonly longestRun: number;
  /** A slice of a strip, which stays in the first. */
  readonly slice: number;
  /** Most of a blocked copy of planes of a planar input; 0: inputs are read where they lie. */
  readonly slab: number;
}

/** Winograd whose vectors hold channels; of one group. */
export interface WinogradSchedule extends CommonSchedule, WinogradBlocks {
  readonly algorithm: 'winograd';
  /** One per axis; F(1, 1) for an axis that is not convolved. */
  readonly transforms: Axes<NativeKernelTransform>;
  readonly tilings: Axes<NativeTiling>;
  /**
   * Axes whose taps are summed like channels, in the inner dimension of the products, instead of being transformed; such
   * an axis has the transform and the form F(1, 1). The way of layers with few channels. Never the last axis.
   */
  readonly fold: Axes<boolean>;
  readonly weightFormat: WeightFormat;
}

/** Winograd whose vectors hold positions of a tile (Algorithm 2), for very few channels per group; one form an axis. */
export interface PositionsSchedule extends CommonSchedule {
  readonly algorithm: 'positions';
  readonly transforms: Axes<NativeKernelTransform>;
  readonly tilings: Axes<NativeTiling>;
}

/** How direct convolution goes through its outputs. */
export interface DirectBlocks {
  /** Whether threads copy the rows that they are about to read, with their padding, and how pixels lie in the copies. */
  readonly copyInput: 'none' | NativeLayout;
  /** Most rows of a register tile. */
  readonly tileRows: number;
  /** Parts of the outputs, whose inputs stay in cache from panel to panel of weights. */
  readonly chunks: number;
  /** Whether chunks end with lines of outputs; else with register tiles. */
  readonly wholeLines: boolean;
  /** Parts of all the work, for threads to share. */
  readonly items: number;
}

/** Direct convolution, of anything. */
export interface DirectSchedule extends CommonSchedule, DirectBlocks {
  readonly algorithm: 'direct';
}

/** Direct convolution whose vectors hold neighbouring output channels, whatever their groups. */
export interface GroupedSchedule extends CommonSchedule {
  readonly algorithm: 'grouped';
  /** Most outputs along each axis that are made from one copy of their inputs. */
  readonly band: Axes;
}

/** Every decision; the engine obeys it, or refuses one that it can't obey. */
export type NativeSchedule = WinogradSchedule | PositionsSchedule | DirectSchedule | GroupedSchedule;

/** What kernels for convolution, and for packing its weights, are made of. */
export interface ConvolutionDescription {
  readonly problem: NativeProblem;
  readonly schedule: NativeSchedule;
}

/** How blocks of tiles pass through the stages of Winograd's gradient of the weights. */
export interface WeightGradientBlocks {
  /** Most tiles that pass through the stages together. */
  readonly tileBlock: number;
  /** Most tiles whose products are summed in registers before the sum is added to memory. */
  readonly sumBlock: number;
  /** Channels of the rows' and of the lanes' side that are transformed back together: whole vectors. */
  readonly rowGroup: number;
  readonly laneGroup: number;
  /** Most tiles of a strip, and floats of a slice of it, as in {@link WinogradBlocks}. */
  readonly longestRun: number;
  readonly slice: number;
}

/** The gradient of the weights by outer products of pixels or of tiles. */
export type WeightGradientSchedule = CommonSchedule & {
  /** Whose channels lie in vectors; those of the other side are the rows of register tiles. */
  readonly lanes: 'inputs' | 'outputs';
} & (
    | { readonly algorithm: 'direct' }
    | ({
        readonly algorithm: 'winograd';
        readonly transforms: Axes<NativeKernelTransform>;
        readonly tilings: Axes<NativeTiling>;
        /** For each axis and form: products × outputs, the transposed A. */
        readonly gradients: Axes<readonly NativeTransform[]>;
        /** For each axis: taps × products, the transposed C. */
        readonly back: Axes<NativeTransform>;
      } & WeightGradientBlocks)
  );

/** Time of one pass in milliseconds; stages are summed over threads, and zero where there are none. */
export interface NativeTimes {
  readonly total: number;
  readonly input: number;
  readonly product: number;
  readonly output: number;
}

/** An array, or null for an input that has no bytes. */
export type NativeArrays = readonly (Float32Array | null)[];

/** A kernel prepared for one problem by one schedule; any number of passes may run at once. */
export interface NativeKernel {
  /** Bytes of each input and output, in order. */
  readonly inputBytes: readonly number[];
  readonly outputBytes: readonly number[];
  /** Bytes that a pass allocates. */
  readonly workspaceBytes: number;
  readonly threads: number;
  /** Names of the generated codelets in use; a transform without one runs on the generic kernel. */
  readonly codelets: readonly string[];
  /** Runs on the calling thread, and the kernel's others; outputs lie apart from inputs. */
  runSync(inputs: NativeArrays, outputs: NativeArrays): NativeTimes;
}

/** What programs read and never write: given numbers, or made once by a kernel from other constants. */
export interface NativeConstant {
  readonly bytes: number;
}

/** Where an operand of a kernel lies: in an input, output or constant by its index, or in the arena; bytes from its start. */
export interface NativePlace {
  readonly in: 'nowhere' | 'input' | 'output' | 'arena' | 'constant';
  readonly index?: number;
  readonly offset?: number;
  readonly bytes?: number;
}

/** A compiled network, but for its kernels and constants. */
export interface NativeProgramParts {
  readonly arenaBytes: number;
  readonly inputBytes: readonly number[];
  readonly outputBytes: readonly number[];
  /** Whether sleeping threads are woken, though no kernel is long enough for that by itself. */
  readonly wakes?: boolean;
  readonly steps: readonly {
    readonly inputs: readonly NativePlace[];
    readonly outputs: readonly NativePlace[];
  }[];
}

/** Asks runs to stop; a run that was given it rejects with an error of code `ABORT_ERR` within milliseconds. */
export interface NativeCancellation {
  cancel(): void;
}

/**
 * A compiled network. Times come step by step, four numbers each: total, and the stages input, product, output, which are
 * summed over threads; in milliseconds.
 */
export interface NativeProgram {
  /** Bytes of the arena and workspace that a run allocates. */
  readonly runBytes: number;
  readonly constantBytes: number;
  /** Blocks the calling thread. */
  runSync(inputs: readonly Float32Array[], outputs: readonly Float32Array[]): Float64Array;
  /** Runs off the main thread; all arrays must come from `alloc`. */
  run(
    inputs: readonly Float32Array[],
    outputs: readonly Float32Array[],
    cancellation?: NativeCancellation | undefined,
  ): Promise<Float64Array>;
  /** Makes all constants off the main thread. */
  prepare(cancellation?: NativeCancellation | undefined): Promise<void>;
}

/** What the machine and the build offer. */
export interface CpuInfo {
  /** The processor's name for people. */
  readonly model: string;
  /** As CPUID tells them; of ARM the implementer, 0 and the part number. Empty or 0 where nothing tells. */
  readonly vendor: string;
  readonly family: number;
  readonly modelNumber: number;
  /** Hardware threads that this process may use. */
  readonly cores: number;
  /** Bytes of the caches of data, the third level as cores share it; 0 where nothing tells. */
  readonly caches: { readonly l1: number; readonly l2: number; readonly l3: number };
  /** Kernel tables this machine can run, best first. */
  readonly kernels: readonly {
    readonly name: string;
    /** Floats in a vector. */
    readonly width: number;
    /** Most rows of a register tile, and most kernels of one of positions. */
    readonly gemmRows: number;
    readonly positionKernels: number;
    readonly outerVectors: number;
  }[];
  /** The table in use: the best, or the one that `WINOGRAD_ISA` forces. */
  readonly isa: string;
}

interface Addon {
  cpuInfo(): CpuInfo;
  /** Names of the matrices that straight-line code was generated for, as `codeletName` gives them. */
  codelets(): readonly string[];
  /**
   * 64-byte aligned memory that stays alive while a pass runs on it, at most 2³⁰ floats. Zero-filled unless `zeroed`
   * is false: then it comes from a pool, with undefined contents, and is for results that will be written in full.
   * Throws when there is none left.
   */
  alloc(floats: number, zeroed?: boolean): Float32Array;
  /** Memory as `alloc(floats, false)` gives, but only if the pool has some idle or gets it back within the time. */
  reuse(floats: number, microseconds: number): Float32Array | undefined;
  /** Prepares memory for a later `alloc(floats, false)`, in the background. */
  reserve(floats: number): void;
  /** Detaches an array whose memory came from `alloc` and gives it back to the pool, once no pass uses it. */
  dispose(array: Float32Array): void;
  /** True for arrays whose memory came from `alloc` (and is not detached). */
  owns(array: Float32Array): boolean;
  /** Bytes that lie idle in the pool. */
  poolIdleBytes(): number;
  /** The most bytes that may lie idle; sets it if `bytes` is given. */
  poolLimit(bytes?: number): number;
  /** Gives all that lies idle back to the system. */
  poolRelease(): void;
  /** Measures the FMA peak of one core in GFLOP/s. */
  fmaPeak(isa: string, milliseconds: number): number;
  /** @throws Error naming what the engine can't run, or a schedule that it can't obey */
  Kernel: new (
    operator: string,
    description: object,
  ) => NativeKernel;
  Constant: {
    /** Numbers; memory of `alloc` is shared and must not change any more, other memory is copied. */
    new (data: Float32Array | Int32Array): NativeConstant;
    new (kernel: NativeKernel, inputs: readonly (NativeConstant | null)[]): NativeConstant;
  };
  Program: new (
    parts: NativeProgramParts,
    kernels: readonly NativeKernel[],
    constants: readonly NativeConstant[],
  ) => NativeProgram;
  Cancellation: new () => NativeCancellation;
}

let loaded: Addon | undefined;

/**
 * The native engine, loaded at first use so that synthesis alone never needs it.
 *
 * @throws InputError when no build of the addon can be loaded, with what to run; or when WINOGRAD_ISA names no kernel table
 */
export function native(): Addon {
  loaded ??= load();
  return loaded;
}

function load(): Addon {
  const require = createRequire(import.meta.url);
  const root = packageRoot();
  let addon: Addon;
  try {
    const options = require(`${root}/binding-options.cjs`);
    addon = require('pkg-prebuilds')(root, options) as Addon;
  } catch (cause) {
    const command = root.includes('node_modules') ? 'npm rebuild winograd-nd' : 'npm run build:native';
    throw new InputError(
      `Expected the native engine of winograd-nd to be built for ${process.platform}-${process.arch} but it cannot be ` +
        `loaded; with cmake 3.20 or later and a C++20 compiler installed, \`${command}\` builds it ` +
        `(${(cause as Error).message.split('\n')[0]})`,
      { cause },
    );
  }
  try {
    addon.cpuInfo();
  } catch (cause) {
    throw new InputError((cause as Error).message, { cause });
  }
  return addon;
}
