import { expected } from '../synth/index.js';
import { native } from './native.js';
import type { Algorithm } from './planner.js';
import { type ConvolutionOptions, type Layer, type Rank, validateLayer } from './problem.js';
import { candidatesOf, type TileOptions } from './transforms.js';

/** Accepted by default: what F(4, 3) on three axes costs, about twice the error of direct convolution. */
const DEFAULT_ERROR_LIMIT = 2.5;

/** Everything a layer can be told. */
export interface LayerOptions extends ConvolutionOptions, TileOptions {
  /**
   * 'auto' (default) takes what is estimated to be fastest within `errorLimit`; 'winograd' is what `tile` and
   * `transforms` imply.
   */
  readonly algorithm?: Algorithm;
  /**
   * Largest expected error of a tile that the planner may choose, as a multiple of direct float32 convolution's;
   * default 2.5. Does not bind tiles that are given.
   */
  readonly errorLimit?: number;
  /** One of the kernel tables that `cpuInfo()` lists; by default the best, or what `WINOGRAD_ISA` forces. */
  readonly isa?: string;
}

/** A layer's options, validated, with their defaults. */
export interface Settings {
  readonly layer: Layer;
  readonly tiles: TileOptions;
  readonly algorithm: Algorithm;
  readonly errorLimit: number;
  /** The kernel table, and the floats in its vectors. */
  readonly isa: { readonly name: string; readonly width: number };
}

/**
 * Validates all options of a layer, the tiles' included.
 *
 * @throws InputError naming the option; VerificationError for a transform that is wrong
 */
export function validateOptions(options: LayerOptions, rank: Rank): Settings {
  const layer = validateLayer(options, rank);
  candidatesOf(layer, options);
  return {
    layer,
    tiles: { ...options },
    algorithm: validateAlgorithm(options),
    errorLimit: validateErrorLimit(options),
    isa: validateIsa(options.isa),
  };
}

function validateAlgorithm(options: LayerOptions): Algorithm {
  const algorithm = options.algorithm ?? 'auto';
  if (!['auto', 'winograd', 'direct'].includes(algorithm))
    throw expected('algorithm', "'auto', 'winograd' or 'direct'", algorithm);
  if (options.tile === undefined && options.transforms === undefined) return algorithm;
  if (algorithm === 'direct') throw expected('algorithm', "'auto' or 'winograd' with tiles given", algorithm);
  return 'winograd';
}

function validateErrorLimit({ errorLimit = DEFAULT_ERROR_LIMIT, ...options }: LayerOptions): number {
  if (typeof errorLimit !== 'number' || !(errorLimit > 0))
    throw expected('errorLimit', 'a positive number', errorLimit);
  return options.tile === undefined && options.transforms === undefined ? errorLimit : Infinity;
}

function validateIsa(isa: string | undefined): Settings['isa'] {
  const info = native().cpuInfo();
  const found = info.kernels.find(({ name }) => name === (isa ?? info.isa));
  if (found === undefined)
    throw expected('isa', `one of ${info.kernels.map(({ name }) => name).join(', ')}`, isa);
  return found;
}
