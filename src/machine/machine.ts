/** What the planner knows of the processor. */
export interface Machine {
  /** Hardware threads that this process may use. */
  readonly cores: number;
  /** Bytes of the caches that one core sees: the first two of its own, the third shared. */
  readonly caches: { readonly l1: number; readonly l2: number; readonly l3: number };
}
