import type { TileSize } from '../../synth/core/nesting.js';
import type { NativeTiling } from '../native/addon.js';
import type { AxisAlgorithm, AxisForm } from './axis-algorithm.js';

/** How the tiles of an algorithm cover the outputs of an axis. */
export interface Cover {
  readonly algorithm: AxisAlgorithm;
  /** Outputs of the axis. */
  readonly extent: number;
  /** Inputs between neighbouring outputs. */
  readonly stride: number;
  /** Biggest first; the last tile may overhang. Forms that no tile uses are left out. */
  readonly runs: readonly { readonly form: AxisForm; readonly tiles: number }[];
  /** Sums over the tiles of the axis. */
  readonly totals: {
    readonly tiles: number;
    readonly inputs: number;
    readonly products: number;
    readonly outputs: number;
  };
  /** The products of the axis, sorted by how many of its tiles take them: all take the first ones. */
  readonly levels: readonly { readonly products: number; readonly tiles: number }[];
}

/**
 * Covers an axis with the fewest products; among equals with the fewest tiles.
 *
 * @param extent outputs along the axis
 * @param stride inputs between neighbouring ones
 */
export function cover(algorithm: AxisAlgorithm, extent: number, stride = 1): Cover {
  const { forms } = algorithm;
  const counts = fewestProducts(
    forms.map(({ native }) => native),
    extent,
  );
  const runs = forms.flatMap((form, i) => (counts[i]! > 0 ? [{ form, tiles: counts[i]! }] : []));
  const total = (of: (form: AxisForm) => number) =>
    runs.reduce((sum, { form, tiles }) => sum + tiles * of(form), 0);
  return {
    algorithm,
    extent,
    stride,
    runs,
    totals: {
      tiles: total(() => 1),
      inputs: total(({ native }) => native.inputs),
      products: total(({ native }) => native.products),
      outputs: total(({ native }) => native.outputs),
    },
    levels: levelsOf(runs),
  };
}

/** The forms of runs take beginnings of the products, the biggest form all of them. */
function levelsOf(runs: Cover['runs']): Cover['levels'] {
  const descending = [...runs].sort((a, b) => b.form.native.products - a.form.native.products);
  return descending
    .map(({ form }, i) => ({
      products: form.native.products - (descending[i + 1]?.form.native.products ?? 0),
      tiles: descending.slice(0, i + 1).reduce((sum, { tiles }) => sum + tiles, 0),
    }))
    .filter(({ products }) => products > 0);
}

/** The same for the engine. */
export function tilingOf({ algorithm, runs }: Cover): NativeTiling {
  const sequence = runs.flatMap(({ form, tiles }) =>
    Array<number>(tiles).fill(algorithm.forms.indexOf(form)),
  );
  return { forms: algorithm.forms.map(({ native }) => native), sequence: Int32Array.from(sequence) };
}

/**
 * `F(4, 3)`, `F(4, 3) + F(2, 3)`, `F(4, 3)/2` at stride 2, `2 padded inputs` where one tile takes the whole axis, or `3 taps as channels`.
 */
export function coverName({ algorithm, runs, stride }: Cover): string {
  if (algorithm.folded > 1) return `${algorithm.folded} taps as channels`;
  if (algorithm.wholeAxis) return `${algorithm.forms[0]!.native.inputs} padded inputs`;
  const strided = stride > 1 && algorithm.kernel.taps > 1 ? `/${stride}` : '';
  return runs.map(({ form }) => `F(${form.native.outputs}, ${algorithm.kernel.taps})${strided}`).join(' + ');
}

/** Inputs from one tile of a form to the next. */
export function stepOf({ stride }: Cover, { native }: AxisForm): number {
  return stride * native.outputs;
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

/** What covers of an axis are compared by, in this order. */
interface Price {
  readonly products: number;
  readonly tiles: number;
  /** Of the outputs of all tiles: the less, the more alike the tiles are, and the less noisy the biggest. */
  readonly squares: number;
}

/**
 * How many tiles of each size cover an axis with the fewest products, among equals with the fewest tiles, then with the
 * most equal ones: by dynamic programming over the length of the axis.
 *
 * Long axes are short ones with more tiles of the size that is cheapest per output, S, the biggest such: of any S other tiles
 * some have a total length that S divides, and could be replaced. Then fewer than S others are needed, whatever the
 * length.
 *
 * @param extent outputs along the axis
 */
export function fewestProducts(sizes: readonly TileSize[], extent: number): number[] {
  const biggest = Math.max(...sizes.map(({ outputs }) => outputs));
  const cheapest = sizes.reduce((best, each) => {
    const difference = each.products * best.outputs - best.products * each.outputs;
    return difference < 0 || (difference === 0 && each.outputs > best.outputs) ? each : best;
  });
  const others = (cheapest.outputs - 1) * biggest;
  const bulk = Math.max(0, Math.floor((extent - others) / cheapest.outputs) - 1);
  const length = extent - bulk * cheapest.outputs;
  const prices: Price[] = [{ products: 0, tiles: 0, squares: 0 }];
  const last: number[] = [];
  for (let reached = 1; reached <= length; reached++) {
    let best: Price | undefined;
    for (const [i, { outputs, products }] of sizes.entries()) {
      const before = prices[Math.max(0, reached - outputs)]!;
      const price = {
        products: before.products + products,
        tiles: before.tiles + 1,
        squares: before.squares + outputs * outputs,
      };
      if (best !== undefined && !isBelow(price, best)) continue;
      best = price;
      last[reached] = i;
    }
    prices.push(best!);
  }
  const counts = sizes.map((each) => (each === cheapest ? bulk : 0));
  for (let left = length; left > 0; left -= sizes[last[left]!]!.outputs) counts[last[left]!]!++;
  return counts;
}

function isBelow(a: Price, b: Price): boolean {
  if (a.products !== b.products) return a.products < b.products;
  return a.tiles === b.tiles ? a.squares < b.squares : a.tiles < b.tiles;
}
