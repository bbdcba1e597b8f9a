import type { AxisAlgorithm, AxisForm } from './axis.js';
import type { NativeTiling } from './native.js';

/** How the tiles of an algorithm cover the outputs of an axis. */
export interface Cover {
  readonly algorithm: AxisAlgorithm;
  /** Outputs of the axis. */
  readonly extent: number;
  /** Biggest first; the last tile may overhang. Forms that no tile uses are left out. */
  readonly runs: readonly { readonly form: AxisForm; readonly tiles: number }[];
  /** Sums over the tiles of the axis. */
  readonly totals: {
    readonly tiles: number;
    readonly inputs: number;
    readonly products: number;
    readonly outputs: number;
  };
}

/**
 * Covers an axis with the fewest products; among equals with the fewest tiles.
 *
 * @param extent outputs along the axis
 */
export function cover(algorithm: AxisAlgorithm, extent: number): Cover {
  const runs = fewestProducts(algorithm.forms, extent);
  const total = (of: (form: AxisForm) => number) =>
    runs.reduce((sum, { form, tiles }) => sum + tiles * of(form), 0);
  return {
    algorithm,
    extent,
    runs,
    totals: {
      tiles: total(() => 1),
      inputs: total(({ native }) => native.inputs),
      products: total(({ native }) => native.products),
      outputs: total(({ native }) => native.outputs),
    },
  };
}

/** The same for the engine. */
export function tilingOf({ algorithm, runs }: Cover): NativeTiling {
  const sequence = runs.flatMap(({ form, tiles }) =>
    Array<number>(tiles).fill(algorithm.forms.indexOf(form)),
  );
  return { forms: algorithm.forms.map(({ native }) => native), sequence: Int32Array.from(sequence) };
}

/**
 * `F(4, 3)`, `F(4, 3) + F(2, 3)`, `2 padded inputs` where one tile takes the whole axis, or `3 taps as channels`.
 */
export function coverName({ algorithm, runs }: Cover): string {
  if (algorithm.folded > 1) return `${algorithm.folded} taps as channels`;
  if (algorithm.wholeAxis) return `${algorithm.forms[0]!.native.inputs} padded inputs`;
  return runs.map(({ form }) => `F(${form.native.outputs}, ${algorithm.kernel.taps})`).join(' + ');
}

/** Channels that the products sum over: those of the input, times the taps that are folded into them. */
export function summedChannels(inChannels: number, covers: readonly Cover[]): number {
  return covers.reduce((channels, { algorithm }) => channels * algorithm.folded, inChannels);
}

/** `14 = 3 × 4 + 2`. */
export function coverText({ extent, runs }: Cover): string {
  const parts = runs.map(({ form, tiles }) =>
    tiles === 1 ? `${form.native.outputs}` : `${tiles} × ${form.native.outputs}`,
  );
  return `${extent} = ${parts.join(' + ')}`;
}

/**
 * The biggest form is the cheapest per output (else it would not be in the family), so that all but the end is covered
 * by it, and the end by trying how many of each smaller form follow.
 */
function fewestProducts(forms: readonly AxisForm[], extent: number): Cover['runs'] {
  const [form, ...smaller] = forms as [AxisForm, ...AxisForm[]];
  const { outputs } = form.native;
  const full = Math.floor(extent / outputs);
  if (extent % outputs === 0) return full === 0 ? [] : [{ form, tiles: full }];
  const overhanging = [{ form, tiles: full + 1 }];
  if (smaller.length === 0) return overhanging;
  const mixed = [
    ...(full > 0 ? [{ form, tiles: full }] : []),
    ...fewestProducts(smaller, extent - full * outputs),
  ];
  return productsOf(mixed) < productsOf(overhanging) ? mixed : overhanging;
}

function productsOf(runs: Cover['runs']): number {
  return runs.reduce((sum, { form, tiles }) => sum + tiles * form.native.products, 0);
}
