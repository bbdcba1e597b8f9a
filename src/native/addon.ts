/**
 * The whole native surface in one place: the only module that loads the addon.
 * Everything here is trusted to be validated by its callers (`problem.ts`, `planner.ts`), yet the
 * addon checks sizes once more, so that no input from JavaScript can crash the process.
 */
import { createRequire } from 'node:module';
import { InputError } from '../../synth/errors.js';
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
  readonly A: Float64Array;
  /** products × inputs. */
  readonly B: Float64Array;
}

/** How one axis is covered: the form of each tile in order; the last may overhang the output. */
export interface NativeTiling {
  readonly forms: readonly NativeForm[];
  readonly sequence: Int32Array;
}

/** How transformed weights are stored: `bfloat16` keeps 8 of the 24 significant bits, in half the memory. */
export type WeightFormat = 'float32' | 'bfloat16';

/** A convolution layer without its input size: what its prepared weights depend on. */
export interface NativeLayer {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  readonly kernel: Axes;
  /**
   * winograd: vectors hold channels. positions: Winograd whose vectors hold positions of a tile (Algorithm 2), for very few
   * channels per group; one form an axis. direct: anything.
   */
  readonly algorithm: 'winograd' | 'positions' | 'direct';
  /** One per axis; F(1, 1) for an axis that is not convolved. Only for `algorithm: 'winograd'`. */
  readonly transforms?: Axes<NativeKernelTransform>;
  /**
   * For Winograd: axes whose taps are summed like channels, in the inner dimension of the products, instead of being
   * transformed; such an axis has the transform and the form F(1, 1). The way of layers with few channels. Never the
   * last axis.
   */
  readonly fold?: Axes<boolean>;
  /** By default float32; bfloat16 only for `algorithm: 'winograd'`. */
  readonly weightFormat?: WeightFormat;
  /** Name of a kernel table that `cpuInfo().kernels` lists. */
  readonly isa: string;
}

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

/** The rest of the problem: everything a plan needs beyond the layer. */
export interface NativeProblem {
  readonly batch: number;
  readonly input: Axes;
  readonly stride: Axes;
  readonly dilation: Axes;
  readonly padBegin: Axes;
  readonly padEnd: Axes;
  readonly activation: NativeActivation;
  /** Default planar; blocked only where `acceptsBlocked` says so. */
  readonly inputLayout?: NativeLayout;
  readonly outputLayout?: NativeLayout;
  /** Of what is added to the result; by default as the output. */
  readonly residualLayout?: NativeLayout;
  readonly threads: number;
  /** Flops that take as long as a pass at one core's peak, about: a short one wakes no sleeping thread. Default: wake. */
  readonly work?: number;
  /** How each axis is covered by tiles. Only for `algorithm: 'winograd'`. */
  readonly tiling?: Axes<NativeTiling>;
  /** Tiles that pass through the stages together; 0 lets the engine choose. */
  readonly tileBlock?: number;
  /** Output channels transformed back together; 0 lets the engine choose. */
  readonly channelGroup?: number;
  /**
   * How threads share a Winograd layer: each its own blocks of tiles, or all the same block and each its own output
   * channels. By default tiles where there are enough.
   */
  readonly split?: 'tiles' | 'channels';
  /** Input channels summed before the partial sum is added to memory; 0 for all in one sum. */
  readonly sumBlock?: number;
}

/** Time of one forward pass in milliseconds; stages are summed over threads. */
export interface NativeTimes {
  readonly total: number;
  readonly input: number;
  readonly product: number;
  readonly output: number;
}

/** Weights transformed and packed for one algorithm; immutable and shared by plans. */
export interface NativeWeights {
  readonly bytes: number;
}

/** A layer prepared for one input shape. */
export interface NativePlan {
  /** Name of the kernel table that runs. */
  readonly isa: string;
  readonly split: 'tiles' | 'channels';
  readonly workspaceBytes: number;
  readonly outputShape: Axes;
  /** Floats of the input and of the output, in the problem's layouts. */
  readonly inputLength: number;
  readonly outputLength: number;
  readonly tileBlock: number;
  readonly channelGroup: number;
  readonly sumBlock: number;
  /** Names of the generated codelets in use; a transform without one runs on the generic kernel. */
  readonly codelets: readonly string[];
  /** `residual` has the shape of the output. */
  forwardSync(input: Float32Array, output: Float32Array, residual?: Float32Array | undefined): NativeTimes;
}

/** A plan and what it runs on; `residual` has the shape of the output. */
export interface NativePass {
  readonly plan: NativePlan;
  readonly input: Float32Array;
  readonly output: Float32Array;
  readonly residual?: Float32Array | undefined;
}

/** A prepared kernel of an operator (see native/operators). */
export interface NativeKernel {
  readonly threads: number;
  readonly workspaceBytes: number;
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
  readonly model: string;
  readonly cores: number;
  /** Kernel tables this machine can run, best first. */
  readonly kernels: readonly { readonly name: string; readonly width: number }[];
  /** The table in use: the best, or the one that `WINOGRAD_ISA` forces. */
  readonly isa: string;
}

interface Addon {
  cpuInfo(): CpuInfo;
  /**
   * 64-byte aligned memory that stays alive while a pass runs on it, at most 2³⁰ floats. Zero-filled unless `zeroed`
   * is false: then it comes from a pool, with undefined contents, and is for results that will be written in full.
   * Throws when there is none left.
   */
  alloc(floats: number, zeroed?: boolean): Float32Array;
  /** True for arrays whose memory came from `alloc` (and is not detached). */
  owns(array: Float32Array): boolean;
  /** Runs passes one after the other off the main thread; all arrays must come from `alloc`. */
  forward(passes: readonly NativePass[]): Promise<readonly NativeTimes[]>;
  /** Whether a layer can read a blocked input, and write a blocked output or add to it what is blocked. */
  acceptsBlocked(layer: NativeLayer): { readonly input: boolean; readonly output: boolean };
  /** Measures the FMA peak of one core in GFLOP/s. */
  fmaPeak(isa: string, milliseconds: number): number;
  Kernel: new (operator: string, description: object) => NativeKernel;
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
  Weights: new (layer: NativeLayer, weight: Float32Array, bias: Float32Array | null) => NativeWeights;
  Plan: new (problem: NativeProblem, weights: NativeWeights) => NativePlan;
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
