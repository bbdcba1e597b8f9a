/** Sizes of kernels whose transforms are compiled, commonest first: what several algorithms share is called after the first. */
export const CODELET_TAPS: readonly number[] = [3, 5, 4];

/** Larger tiles are rare, and their code would crowd the instruction cache: the engine's generic kernel serves them. */
export const MAX_CODELET_INPUTS = 12;

/** Whether a shipped transform, or one of its family, is compiled. */
export function isCompiled({ taps, outputs }: { readonly taps: number; readonly outputs: number }): boolean {
  return CODELET_TAPS.includes(taps) && outputs + taps - 1 <= MAX_CODELET_INPUTS;
}
