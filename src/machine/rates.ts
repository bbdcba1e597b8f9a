/**
 * What one core does with the kernels of one table, as data: the cost model counts events, and these are their prices.
 * `winograd calibrate` measures and fits them; `microarchitectures.ts` has those of known processors.
 *
 * The unit of time is the **flop**: that of one floating-point operation at the table's FMA peak on one core, so that no
 * clock enters, and plans are the same on every machine of a kind.
 */
export interface Rates {
  /** Batched products of Winograd, U to M. */
  readonly products: {
    /** Share of the peak that a full register tile reaches. */
    readonly rate: number;
    /** Rate along an axis of which some tiles do without some products, relative to tiles of one size. */
    readonly mixedRate: number;
    /** Rate of products whose weights are widened from bfloat16, where they stay in cache. */
    readonly wideningRate: number;
    /** Flops to begin and store a register tile. */
    readonly perTile: number;
  };
  /** Of any register tile. */
  readonly registerTile: {
    /** Rate of 1, 2, … rows relative to the full one, which is the last. */
    readonly rowRate: readonly number[];
    /** Rate with one vector of two: with few rows it has too few sums to keep both pipes busy. */
    readonly halfRate: number;
  };
  /** The input's way to U. */
  readonly input: StageRates;
  /** The way of M to the output. */
  readonly output: StageRates;
  /** Winograd with vectors of positions. */
  readonly positions: {
    /** Flops for a vector instruction of a transform, by lane. */
    readonly perInstruction: number;
    /** Flops to begin and store a register tile, in steps of its inner sum. */
    readonly stepsPerSum: number;
    /** Flops to put a tile of one channel into its lane or take it out … */
    readonly perTile: number;
    /** … and for each of its rows … */
    readonly perRow: number;
    /** … and for each number. */
    readonly perNumber: number;
  };
  readonly direct: {
    /** Share of the peak that a full register tile reaches. */
    readonly rate: number;
    /** Flops to begin and store a register tile. */
    readonly perTile: number;
    /** Flops to find the taps that a line of outputs meets, for each pair of vectors of channels. */
    readonly perLine: number;
    /** Flops to copy a number of the input into blocked pixels. */
    readonly perCopied: number;
    /** Flops to bring a block of vectors of results, as many as they have lanes, into planar order. */
    readonly perBlock: number;
  };
  /** Direct convolution of groups narrower than a vector, in multiply-adds of a vector. */
  readonly grouped: {
    /** Share of the peak that the kernel reaches. */
    readonly rate: number;
    /** To load a pixel of one vector of channels … */
    readonly load: number;
    /** … to put it beside the others, for each input channel of a group where there are several … */
    readonly spread: number;
    /** … and to store one. */
    readonly store: number;
  };
  /** Convolution as a product of matrices. */
  readonly gemm: {
    /** Share of the peak that a full register tile reaches. */
    readonly rate: number;
    /** Flops to begin and store a register tile. */
    readonly perTile: number;
    /** Flops to pack a number of the unfolded input … */
    readonly perPacked: number;
    /** … and to find, for each tap, where the inputs of two vectors of outputs lie. */
    readonly perTap: number;
    /** Flops to store a number of the result, for each block of sums. */
    readonly perStored: number;
  };
  /** Convolution by sparse weights. */
  readonly sparse: {
    /** Share of the peak that products of non-zeros reach. */
    readonly rate: number;
    /** Flops to begin a row of weights on a panel … */
    readonly perRow: number;
    /** … to pack a number of the unfolded input, and to find where the inputs of a panel's outputs lie for a tap … */
    readonly perPacked: number;
    readonly perTap: number;
    /** … and to store a number of the result, for each block of sums. */
    readonly perStored: number;
  };
  /**
   * Densities below which SystemML's operators run by the non-zeros of a filter, and of an image or a gradient: beside
   * dense ones of 64 → 64 channels @ 56, 3 × 3.
   */
  readonly sparseBelow: {
    readonly filter: number;
    readonly image: number;
  };
  readonly memory: {
    /** Flops in the time in which memory delivers a byte to one core that works alone, and to each of several. */
    readonly perByte: number;
    readonly perSharedByte: number;
    /** How much faster the last level of cache delivers. */
    readonly cacheSpeed: number;
    /** Share of the shorter one of streaming weights and computing products that prefetching does not hide. */
    readonly unhidden: number;
  };
  readonly threads: {
    /** Flops to share a pass in one go between two threads, and as much for each doubling … */
    readonly perPass: number;
    /** … and to share the stages of Winograd, which leave each thread smaller register tiles. */
    readonly perStages: number;
  };
  /** Flops to start a pass. */
  readonly perPass: number;
}

/** Flops of what a transform does for one vector of channels. */
export interface StageRates {
  /** For an instruction that computes, and for a load or store that goes with it. */
  readonly perInstruction: number;
  readonly perMove: number;
  /** What each of them takes longer in transforms that no straight-line code was generated for. */
  readonly perGeneric: number;
  /** To start an inner loop over tiles side by side. */
  readonly perLoop: number;
  /** To bring a block of planar pixels, as many as a vector has lanes, into vectors or back. */
  readonly perBlock: number;
  /** To start a row of them. */
  readonly perRow: number;
  /** To store a vector of U or load one of M, whose planes lie far apart. */
  readonly perProduct: number;
  /** To fetch or store a number in memory beyond the caches. */
  readonly perNumber: number;
}
