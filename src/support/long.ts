/** How far a call that takes long has come. */
export interface Progress {
  /** What it does at the moment, in a few words: a stage, a layer, a contender. */
  readonly what: string;
  /** How much of `total` is done; it never falls within a call. */
  readonly done: number;
  /** In whatever unit the work has: plans, layers, rounds. */
  readonly total: number;
}

/** What every call that may take seconds can be told. */
export interface LongOptions {
  /** Ends the call within 50 ms; it then throws the signal's reason, and all that it worked with stays usable. */
  readonly signal?: AbortSignal;
  /** Told now and then how far the call has come. What it throws ends the call. */
  readonly onProgress?: (progress: Progress) => void;
}
