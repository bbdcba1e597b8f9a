/** How convolutions are described to the engine: geometry, and every decision. Types alone. */
import type { PairedArrays } from '../../synth/program/paired.js';

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
  /** What is computed: y, the gradient of x from that of y, or that of the weights from x and the gradient of y. */
  readonly direction: 'forward' | 'backwardData' | 'backwardWeights';
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

/** Blocks of the five loops around the micro-kernel of products of matrices, and how threads share them. */
export interface ProductBlocks {
  /** Rows of A and columns of B that are multiplied together, and the sums that are taken at once. */
  readonly rowBlock: number;
  readonly columnBlock: number;
  readonly sumBlock: number;
  /** Each thread takes blocks of columns and packs its own, or all pack together and each takes blocks of rows. */
  readonly shared: 'columns' | 'rows';
}

/** Convolution as a product of matrices whose second factor, the unfolded input, is packed from the input; planar. */
export interface GemmSchedule extends CommonSchedule, ProductBlocks {
  readonly algorithm: 'gemm';
}

/** How panels of the unfolded input are multiplied by sparse weights. */
export interface SparseBlocks {
  /** Rows of the unfolded input that are multiplied together. */
  readonly sumBlock: number;
  /** Parts of the output channels, for threads to share. */
  readonly rowParts: number;
}

/** Convolution by weights most of which are zero; planar. */
export interface SparseSchedule extends CommonSchedule, SparseBlocks {
  readonly algorithm: 'sparse';
  /** Numbers other than zero among the weights. */
  readonly nonZeros: number;
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
export type NativeSchedule =
  | WinogradSchedule
  | PositionsSchedule
  | DirectSchedule
  | GroupedSchedule
  | GemmSchedule
  | SparseSchedule;

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

/** The gradient of the weights by outer products of pixels or of tiles, or as a product of matrices. */
export type WeightGradientSchedule = GemmSchedule | OuterSchedule;

type OuterSchedule = CommonSchedule & {
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

/** The gradient of the input as a product of matrices, whose columns are added to where they belong block by block; planar. */
export interface InputGradientSchedule extends GemmSchedule {
  readonly shared: 'columns';
  /** Input channels whose columns are made together. */
  readonly channelBlock: number;
}
