import type { Cover } from '../catalogue/cover.js';
import type { Axes, WeightFormat } from '../native/addon.js';
import type { Tuning } from '../wisdom/wisdom.js';

/** Algorithms of the engine. 'grouped' is direct convolution of groups narrower than a vector. */
export type EngineAlgorithm = 'winograd' | 'positions' | 'direct' | 'grouped' | 'gemm' | 'sparse';

/** What vectors hold: channels, or positions of a transformed tile (Algorithm 2 of Budden et al. 2017). */
export type Lanes = 'channels' | 'positions';

/** The parts of a pass, in flops at one core's peak (see `Rates`). */
export interface Stages {
  readonly input: number;
  readonly product: number;
  readonly output: number;
}

/** Where the estimated time goes, in flops at one core's peak. */
export interface Cost {
  /** Summed over threads. */
  readonly stages: Stages;
  /** All of them. */
  readonly work: number;
  /** Those that have work, of the problem's. */
  readonly threads: number;
  /** On these threads, with the streaming of the weights. */
  readonly total: number;
}

/** What an algorithm leaves open, settled. */
export interface Settled {
  /** Only of algorithms with tiles. */
  readonly covers?: Axes<Cover>;
  /** Of the prepared weights. */
  readonly weightFormat: WeightFormat;
  /** Input channels summed before the partial sum is added to memory; 0 for all. */
  readonly sumBlock: number;
  /** Only of sparse weights: how many are not zero. */
  readonly nonZeros?: number;
}

/** One way to run a problem, with what it is expected to cost. */
export interface Choice extends Settled {
  /** Name of the algorithm's row. */
  readonly algorithm: EngineAlgorithm;
  /** Expected error as a multiple of direct convolution's, both root mean squares over the outputs. */
  readonly error: number;
  readonly cost: Cost;
  /** Set by measurement. */
  readonly tuning?: Tuning;
}

/** What rounded weights must save to be worth their error; estimates promise up to several per cent too much. */
const WORTH_ROUNDING = { measured: 1.03, estimated: 1.1 } as const;

/** By how much longer than it takes a choice counts as taking. */
export function handicap(
  { weightFormat }: Pick<Settled, 'weightFormat'>,
  by: keyof typeof WORTH_ROUNDING,
): number {
  return weightFormat === 'float32' ? 1 : WORTH_ROUNDING[by];
}
