import type { AxisAlgorithm } from '../catalogue/axis-algorithm.js';
import type { Cover } from '../catalogue/cover.js';
import type { Machine } from '../machine/machine.js';
import type { Axes, WeightFormat } from '../native/addon.js';
import type { Problem } from '../problem/problem.js';
import type { Cost, EngineAlgorithm, Lanes, Settled } from './choices.js';

/** The words that callers choose algorithms by; 'auto' takes whichever is estimated to be fastest. */
export type Algorithm = 'auto' | 'winograd' | 'direct' | 'gemm' | 'sparse';

/** What the planner may choose from, and for which kernels. */
export interface PlannerOptions {
  /** In order of preference at equal cost; among them one of the kind 'direct' that applies to any problem. */
  readonly algorithms: readonly AlgorithmRow[];
  readonly algorithm: Algorithm;
  /** Algorithms to combine, for each axis. */
  readonly candidates: Axes<readonly AxisAlgorithm[]>;
  /** Largest expected error, as a multiple of direct convolution's. */
  readonly errorLimit: number;
  /** The same with weights in bfloat16; by default 0, which none keeps. */
  readonly roundedErrorLimit?: number;
  /** Whether input and output are known to be planar, which one layer alone can tell; by default not. */
  readonly planar?: boolean;
  /** How many of the weights are not zero, where they are known and that has been counted. */
  readonly nonZeros?: number | undefined;
  /** By default whichever suits. */
  readonly lanes?: Lanes | undefined;
  readonly machine: Machine;
}

/** A way to solve a kind of problem, as the planner sees it: all it knows of any algorithm. */
export interface AlgorithmRow {
  readonly name: EngineAlgorithm;
  /** By which word callers ask for it. */
  readonly kind: Exclude<Algorithm, 'auto'>;
  /** What its vectors hold. */
  readonly lanes: Lanes;
  /** What the problem would need to have for it, such as `stride 1 (it is 2 × 2)`; undefined where it applies. */
  applies(problem: Problem, options: PlannerOptions): string | undefined;
  /** Whether it is worth a thought where nobody asks for it. */
  likely(problem: Problem): boolean;
  /** Every way to run the problem in weight formats that the options admit, whatever its error; fewest flops first. */
  candidates(problem: Problem, options: PlannerOptions): Iterable<Candidate>;
  cost(problem: Problem, settled: Settled, machine: Machine): Cost;
  /**
   * A rigorous bound on the rounding error of every output before bias and activation, as a multiple of
   * max|input| · max|weight|, barring overflow and underflow.
   */
  bound(problem: Problem, settled: Settled): number;
}

/** A way to run a problem, before it is settled how channels are summed. */
export interface Candidate {
  /** Only of algorithms with tiles. */
  readonly covers?: Axes<Cover>;
  readonly weightFormat: WeightFormat;
  /** Only of sparse weights. */
  readonly nonZeros?: number;
  /** Input channels to sum at a time, the fastest first; 0 for all. */
  readonly sumBlocks: readonly number[];
  /** Of its products: a bound from below on its cost on one thread. */
  readonly flops: number;
  /** Expected error, as a multiple of direct convolution's. */
  error(sumBlock: number): number;
}
