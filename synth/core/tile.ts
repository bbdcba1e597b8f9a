import { sparsity } from '../algebra/matrix.js';
import { combinations } from '../combinations.js';
import { expected } from '../errors.js';
import { checkTransform } from './check.js';
import type { Transform } from './transform.js';

/** The sizes of one axis' F(S, G). */
export interface Tile {
  /** S. */
  readonly outputs: number;
  /** G. */
  readonly taps: number;
  /** D = S + G − 1. */
  readonly inputs: number;
  /** T, the scalar products; D unless moduli of higher degree are used. */
  readonly products: number;
}

const MAX_DIMS = 16;
const MAX_SIZE = 1024;

/** T of F(S, G). */
export type ProductCount = (outputs: number, taps: number) => number;

/** T = D, as with linear moduli. */
export const linearProducts: ProductCount = (outputs, taps) => outputs + taps - 1;

/**
 * The AVX-aware tile choice of Budden et al. 2017, section 4.2: the smallest tile, alike along N axes of G taps, that
 * saves products, S·G/T > 1, and whose element-wise stage fills vectors of W numbers, T^N mod W = 0. The paper has
 * linear moduli, T = D. With one tap nothing can be saved, and S only has to fill the vectors.
 *
 * @param dims N
 * @param width W
 * @returns undefined when no tile up to D = G + 2 W has such a T, which cannot be with T = D
 * @throws InputError when an argument is not a positive integer, or far beyond any use
 */
export function smallestTile(
  taps: number,
  dims: number,
  width: number,
  products: ProductCount = linearProducts,
): Tile | undefined {
  checkSize('dims', dims, MAX_DIMS);
  return axisTiles(taps, width, products).find((tile) => fills(Array(dims).fill(tile), width));
}

/**
 * The same choice with an own F(S, G) along every axis: the tile with the fewest products T₁ × … × T_N; of equal
 * ones, that with the most outputs, then with the smaller tiles along the first axes.
 *
 * @param taps G of every axis; 1 for one that is not convolved
 * @param width W
 * @returns one tile per axis; undefined as for `smallestTile`
 * @throws InputError when an argument is not a positive integer or far beyond any use, or there are no taps
 */
export function smallestTilePerAxis(
  taps: readonly number[],
  width: number,
  products: ProductCount = linearProducts,
): readonly Tile[] | undefined {
  if (taps.length === 0 || taps.length > MAX_DIMS) {
    throw expected('taps', `1 to ${MAX_DIMS} sizes, one for every axis`, taps);
  }
  // Only its common factor with W decides what a T adds to the product's, so the smallest tile for each will do.
  const axes = taps.map((each) => {
    const tiles = axisTiles(each, width, products);
    const factors = divisors(width).map((factor) => tiles.find((tile) => tile.products % factor === 0));
    return [...new Set(factors)].filter((tile) => tile !== undefined);
  });
  return combinations(axes)
    .filter((tiles) => fills(tiles, width))
    .reduce<readonly Tile[] | undefined>(
      (best, tiles) => (best && !isBetter(tiles, best) ? best : tiles),
      undefined,
    );
}

/** Tiles that save products, smallest first. */
function axisTiles(taps: number, width: number, products: ProductCount): Tile[] {
  checkSize('taps', taps, MAX_SIZE);
  checkSize('width', width, MAX_SIZE);
  return Array.from({ length: 2 * width + 1 }, (_, i) => {
    const outputs = i + 1;
    return { outputs, taps, inputs: outputs + taps - 1, products: products(outputs, taps) };
  }).filter((tile) => taps === 1 || tile.outputs * taps > tile.products);
}

/** T₁ × … × T_N mod W = 0, reduced at every step, so that numbers stay exact. */
function fills(tiles: readonly Tile[], width: number): boolean {
  return tiles.reduce((rest, { products }) => (rest * products) % width, 1 % width) === 0;
}

function isBetter(tiles: readonly Tile[], best: readonly Tile[]): boolean {
  const fewer = volume(best, 'products') - volume(tiles, 'products');
  return fewer > 0 || (fewer === 0 && volume(tiles, 'outputs') > volume(best, 'outputs'));
}

function volume(tiles: readonly Tile[], side: keyof Tile): number {
  return tiles.reduce((product, tile) => product * tile[side], 1);
}

function divisors(value: number): number[] {
  return Array.from({ length: value }, (_, i) => i + 1).filter((factor) => value % factor === 0);
}

function checkSize(name: string, value: number, largest: number): void {
  if (!Number.isSafeInteger(value) || value < 1 || value > largest) {
    throw expected(name, `an integer from 1 to ${largest}`, value);
  }
}

/** One row of Table 1 (Budden et al. 2017). */
export interface TileStatistics extends Tile {
  /** Shares of zeros. */
  readonly sparsity: { readonly A: number; readonly B: number; readonly C: number };
  /** Fewer products than direct convolution by these factors, (S·G/T)^N for N = 2 and 3. */
  readonly speedup: { readonly '2D': number; readonly '3D': number };
}

/**
 * Size, sparsities and algorithmic speed-up of a transform, as in Table 1 of Budden et al. 2017.
 *
 * @throws InputError when it is no transform
 */
export function tileStatistics(transform: Transform): TileStatistics {
  checkTransform(transform);
  const { outputs, taps, products, A, B, C } = transform;
  const saving = (outputs * taps) / products;
  return {
    outputs,
    taps,
    inputs: outputs + taps - 1,
    products,
    sparsity: { A: sparsity(A), B: sparsity(B), C: sparsity(C) },
    speedup: { '2D': saving ** 2, '3D': saving ** 3 },
  };
}

/**
 * Table 1 as Budden et al. 2017 print it, for vectors of W = 8 numbers and N = 2. Its third column of sparsities is
 * labelled D there, but holds those of C: recomputed, they agree, and D is data that no algorithm makes sparse.
 */
export const PUBLISHED_TABLE_1: readonly TileStatistics[] = [
  published(4, 2, 3, [0.33, 0.5, 0.25], [2.25, 3.38]),
  published(4, 3, 2, [0.25, 0.5, 0.33], [2.25, 3.38]),
  published(8, 4, 5, [0.2, 0.31, 0.19], [6.25, 15.63]),
  published(8, 5, 4, [0.19, 0.31, 0.2], [6.25, 15.63]),
  published(8, 6, 3, [0.17, 0.31, 0.21], [5.06, 11.39]),
];

function published(
  inputs: number,
  taps: number,
  outputs: number,
  [A, B, C]: readonly [number, number, number],
  [square, cube]: readonly [number, number],
): TileStatistics {
  return {
    outputs,
    taps,
    inputs,
    products: inputs,
    sparsity: { A, B, C },
    speedup: { '2D': square, '3D': cube },
  };
}
