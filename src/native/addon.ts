/**
 * The whole native surface in one place: the only module that loads the addon.
 * Everything here is trusted to be validated by its callers (`problem.ts`, `planner.ts`), yet the
 * addon checks sizes once more, so that no input from JavaScript can crash the process.
 */
import { createRequire } from 'node:module';
import { InputError } from '../../synth/errors.js';
import { packageRoot } from '../support/package.js';

export type * from './convolution.js';

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
  /** Fills an array with its bytes from a position on; makes it, on the calling thread, where no run has yet. */
  copy(array: Uint8Array, offset: number): void;
  /** Lets it go now; it is of no use any more, but programs and constants that were made with it stay as they are. */
  release(): void;
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
  /** Measures in GB/s how fast one core reads 1024 numbers or more again and again, from the cache that holds them or from memory. */
  readRate(isa: string, data: Float32Array, milliseconds: number): number;
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

/** The file of the engine; undefined where there is none. */
export function enginePath(): string | undefined {
  const { require, root, options } = binding();
  return require('pkg-prebuilds').resolve(root, options, false, false) ?? undefined;
}

function binding() {
  const require = createRequire(import.meta.url);
  const root = packageRoot();
  return { require, root, options: require(`${root}/binding-options.cjs`) as object };
}

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
  const { require, root, options } = binding();
  let addon: Addon;
  try {
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
