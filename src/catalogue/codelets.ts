/** Sizes of kernels whose transforms are compiled, commonest first: what several algorithms share is called after the first. */
export const CODELET_TAPS: readonly number[] = [3, 5, 4];

/** Larger tiles are rare, and their code would crowd the instruction cache: the engine's generic kernel serves them. */
export const MAX_CODELET_INPUTS = 12;

/** Kernels at stride 2 whose tiles are compiled, and most inputs of these: of stems, and of layers that halve the size. */
export const STRIDED_CODELETS = { stride: 2, taps: [3, 5, 7], maxInputs: 13 } as const;

/** Whether a tile of the catalogue, or one of its family, is compiled. */
export function isCompiled({
  taps,
  outputs,
  stride = 1,
}: {
  readonly taps: number;
  readonly outputs: number;
  readonly stride?: number;
}): boolean {
  if (stride === 1) return CODELET_TAPS.includes(taps) && outputs + taps - 1 <= MAX_CODELET_INPUTS;
  const { taps: kernels, maxInputs } = STRIDED_CODELETS;
  const inputs = stride * (outputs - 1) + taps;
  return stride === STRIDED_CODELETS.stride && kernels.some((each) => each === taps) && inputs <= maxInputs;
}

/** Whether the transforms that the gradient of the weights adds are compiled, too: those of the commonest kernel. */
export function hasCompiledDual(tile: Parameters<typeof isCompiled>[0]): boolean {
  return tile.taps === CODELET_TAPS[0] && (tile.stride ?? 1) === 1 && isCompiled(tile);
}
