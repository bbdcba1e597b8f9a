import type { BenchLayer } from '../src/report/layers.js';
import type { EngineOptions, LayerContender, Prepared, Stages } from './protocol.js';

/** One thing to time on a layer: a library, how it is asked to run, and on how many threads. */
export interface Entry {
  readonly contender: LayerContender;
  readonly threads: number;
  readonly cold: boolean;
  /** Only for our own engine. */
  readonly engine?: EngineOptions;
}

/** What is timed together, pass about pass. */
export interface Group {
  readonly layer: BenchLayer;
  readonly batch: number;
  readonly entries: readonly Entry[];
}

/** An entry at work. */
export interface Measured {
  readonly entry: Entry;
  readonly id: number;
  readonly prepared: Prepared;
  /** Root mean square error over that of sequential direct convolution in float32. */
  readonly errorOverDirect: number;
  readonly ms: number[];
  readonly stages: Stages[];
  /** Without the way into the library, where it can tell. */
  kernelMs: readonly number[];
}
