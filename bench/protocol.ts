import type { Contender } from '../src/support/contender.js';

/**
 * How the benchmark speaks to its contenders, each a process of its own: one JSON object a line on standard input,
 * one in answer on standard output, `{ error }` when it could not. Requests are flat, so that a contender in C++ needs
 * no JSON library.
 */

/** A convolution with its data; spatial sizes slowest first. */
export interface Job {
  readonly id: number;
  readonly batch: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  /** Zeros on each side. */
  readonly padding: readonly number[];
  readonly threads: number;
  /** Raw little-endian float32, N×C×spatial. */
  readonly inputFile: string;
  /** The same, O×I/groups×kernel. */
  readonly weightFile: string;
  /** Positions in the row-major N×O×spatial result whose values are wanted. */
  readonly samples: readonly number[];
}

/** Whether the planner estimates, or times its likeliest candidates, before anything else is timed. */
export type Effort = 'estimate' | 'measure';

/** What only our own engine is told. */
export interface EngineOptions {
  readonly algorithm: string;
  readonly isa: string;
  readonly layout: 'planar' | 'blocked';
  readonly errorLimit: number;
  readonly effort: Effort;
}

/** Prepares weights and layouts and runs one pass, none of which is timed. */
export type PrepareRequest = { readonly request: 'prepare' } & Job & Partial<EngineOptions>;

/** One pass that is not timed, then `passes` that are; `cold` sweeps the caches before each (0 or 1). */
export interface RunRequest {
  readonly request: 'run';
  readonly id: number;
  readonly passes: number;
  readonly cold: 0 | 1;
}

export interface ReleaseRequest {
  readonly request: 'release';
  readonly id: number;
}

/** Only our own engine answers: GFLOP/s of FMAs alone on one core. */
export interface PeakRequest {
  readonly request: 'peak';
  readonly milliseconds: number;
}

export type Request = PrepareRequest | RunRequest | ReleaseRequest | PeakRequest;

/** What our own engine adds to `Prepared`. */
export interface PlanDetails {
  /** What 'auto' became. */
  readonly runs: string;
  readonly tile: readonly number[];
  readonly block: { readonly tiles: number; readonly outChannels: number; readonly inChannels: number };
  readonly codelets: readonly string[];
  readonly workspaceBytes: number;
  readonly weightBytes: number;
  readonly expectedError: number;
  /** Scalar products over those of direct convolution. */
  readonly productShare: number;
}

export interface Prepared {
  readonly values: readonly number[];
  /** Name and version. */
  readonly library: string;
  /** What another library runs, where it may choose; direct convolution otherwise. */
  readonly algorithm?: string;
  readonly plan?: PlanDetails;
}

/** Milliseconds summed over threads, as the engine measures its stages. */
export interface Stages {
  readonly input: number;
  readonly product: number;
  readonly output: number;
}

export interface Ran {
  /** Of each pass. */
  readonly ms: readonly number[];
  readonly stages?: readonly Stages[];
}

export interface Released {
  /** The same passes without the way into the library, if it can tell. */
  readonly kernelMs?: readonly number[];
}

/** A library that convolves layers. */
export type LayerContender = Contender<Request, Answers>;

export interface Answers {
  readonly prepare: Prepared;
  readonly run: Ran;
  readonly release: Released;
  readonly peak: { readonly gflops: number };
}
