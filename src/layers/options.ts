import { expected } from '../../synth/index.js';
import { checkOptions, type OptionNames } from '../../synth/options.js';
import { candidatesOf, type TileOptions } from '../catalogue/candidates.js';
import { kernelTable } from '../machine/machine.js';
import { type Accuracy, validateAccuracy } from '../operators/convolution/accuracy.js';
import { DEFAULT_ERROR_LIMIT } from '../operators/convolution/decide.js';
import type { Effort } from '../operators/operator.js';
import type { Lanes } from '../planner/choices.js';
import type { Algorithm } from '../planner/planner.js';
import { type ConvolutionOptions, type Layer, type Rank, validateLayer } from '../problem/problem.js';
import { oneOf } from '../support/words.js';

/** Everything a layer can be told. */
export interface LayerOptions extends ConvolutionOptions, TileOptions {
  /**
   * 'auto' (default) takes what is estimated to be fastest within `errorLimit`; 'winograd' is what `tile` and
   * `transforms` imply; 'direct' convolution takes any layout; 'gemm' multiplies the weights, as they are, by the unfolded
   * input, which never exists (CONVGEMM), and is planar; 'sparse' multiplies only those weights that are not zero.
   */
  readonly algorithm?: Algorithm;
  /**
   * Largest expected error of a tile that the planner may choose, as a multiple of direct float32 convolution's;
   * default 2.5. Does not bind tiles that are given.
   */
  readonly errorLimit?: number;
  /**
   * What vectors hold in Winograd: 'channels', or 'positions' of a transformed tile, which suits layers with very few
   * channels per group, down to depthwise ones. By default whichever is estimated to be faster.
   */
  readonly lanes?: Lanes;
  /**
   * The contract on rounding errors, in place of `errorLimit` and for tiles that are given, too: 'direct' for an expected
   * error no larger than direct float32 convolution's, 'fast' for any, or a tolerance: the largest expected error of an
   * output relative to the outputs' size (root mean squares of both), such as 1e-6. Where that is enough, about 1e-2,
   * layers of few tiles may keep their weights in bfloat16, which memory delivers in half the time.
   */
  readonly accuracy?: Accuracy;
  /**
   * 'estimate' (default) plans by the cost model alone; 'measure' times the likeliest candidates once for each problem,
   * for a second or two, and remembers the winner: see `exportWisdom`.
   */
  readonly effort?: Effort;
  /** One of the kernel tables that `cpuInfo()` lists; by default the best, or what `WINOGRAD_ISA` forces. */
  readonly isa?: string;
}

const optionNames: OptionNames<LayerOptions> = {
  ...{ inChannels: true, outChannels: true, kernelSize: true, stride: true, padding: true, dilation: true },
  ...{ groups: true, activation: true, threads: true, tile: true, transforms: true, algorithm: true },
  ...{ errorLimit: true, lanes: true, accuracy: true, effort: true, isa: true },
};

/** A layer's options, validated, with their defaults. */
export interface Settings {
  readonly layer: Layer;
  readonly tiles: TileOptions;
  readonly algorithm: Algorithm;
  readonly errorLimit: number;
  readonly accuracy: Accuracy | undefined;
  readonly lanes: Lanes | undefined;
  readonly effort: Effort;
  /** The kernel table, and the floats in its vectors. */
  readonly isa: { readonly name: string; readonly width: number };
}

/**
 * Validates all options of a layer, the tiles' included.
 *
 * @throws InputError naming the option; VerificationError for a transform that is wrong
 */
export function validateOptions(options: LayerOptions, rank: Rank): Settings {
  checkOptions('a layer', options, optionNames);
  const layer = validateLayer(options, rank);
  candidatesOf(layer, options);
  return {
    layer,
    tiles: { ...options },
    algorithm: validateAlgorithm(options),
    errorLimit: validateErrorLimit(options),
    accuracy: accuracyOf(options),
    lanes: oneOf('lanes', options.lanes, ['channels', 'positions', undefined]),
    effort: oneOf('effort', options.effort ?? 'estimate', ['estimate', 'measure']),
    isa: kernelTable(options.isa),
  };
}

function validateAlgorithm(options: LayerOptions): Algorithm {
  const algorithm = oneOf('algorithm', options.algorithm ?? 'auto', [
    'auto',
    'winograd',
    'direct',
    'gemm',
    'sparse',
  ]);
  if (options.tile === undefined && options.transforms === undefined) return algorithm;
  if (algorithm !== 'auto' && algorithm !== 'winograd')
    throw expected('algorithm', "'auto' or 'winograd' with tiles given", algorithm);
  return 'winograd';
}

function accuracyOf({ accuracy, errorLimit }: LayerOptions): Accuracy | undefined {
  if (accuracy === undefined) return undefined;
  if (errorLimit !== undefined) throw expected('errorLimit', 'left out when accuracy is given', errorLimit);
  return validateAccuracy(accuracy);
}

function validateErrorLimit({ errorLimit = DEFAULT_ERROR_LIMIT, ...options }: LayerOptions): number {
  if (typeof errorLimit !== 'number' || !(errorLimit > 0))
    throw expected('errorLimit', 'a positive number', errorLimit);
  return options.tile === undefined && options.transforms === undefined ? errorLimit : Infinity;
}
