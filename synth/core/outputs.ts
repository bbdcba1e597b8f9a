import { expected } from '../errors.js';
import { defaultProducts } from './defaults.js';
import { type ModuliInput, parseModuli } from './moduli.js';
import { degreeOf } from './nesting.js';
import { smallestTile } from './tile.js';

/** What settles S, the outputs of a tile: S itself, the moduli, or vectors to fill. */
export interface OutputsWish {
  /** S: outputs of one tile. */
  readonly outputs?: number | undefined;
  /** G: taps of the kernel. */
  readonly taps: number;
  /** The moduli of Theorem 1, whose degrees add up to S + G − 1. */
  readonly moduli?: ModuliInput | undefined;
  /** W, only where outputs and moduli are left out: the tile is the smallest that saves products and fills vectors. */
  readonly vectorWidth?: number | undefined;
  /** N, beside vectorWidth: T^N mod W = 0. Default 2. */
  readonly dims?: number | undefined;
}

const MAX_SIZE = 64;
const MAX_WIDTH = 1024;
const DIMS = 2;

/**
 * S of a tile, from whatever of these is given. For vectors of W numbers in N dimensions it follows Budden et al. 2017,
 * section 4.2: the smallest tile with S·G/T > 1 and T^N mod W = 0, where T counts the products of the default moduli
 * (D, as in the paper, up to D = 8).
 *
 * @throws InputError when a number is unusable, several things would settle S or nothing does, or no tile fills vectors
 */
export function settleOutputs({ outputs, taps, moduli, vectorWidth, dims }: OutputsWish): number {
  checkSize('taps', taps, MAX_SIZE);
  if (vectorWidth === undefined && dims !== undefined)
    throw expected('dims', 'left out without vectorWidth', dims);
  if (vectorWidth !== undefined && (outputs !== undefined || moduli !== undefined))
    throw expected('vectorWidth', 'left out where outputs or moduli are given', vectorWidth);
  if (vectorWidth !== undefined) return outputsThatFill(taps, vectorWidth, dims ?? DIMS);
  if (outputs === undefined && moduli !== undefined) {
    const settled = degreeOf(parseModuli(moduli)) - taps + 1;
    if (settled >= 1 && settled <= MAX_SIZE) return settled;
    throw expected('moduli', `of degrees that add up to ${taps} to ${taps + MAX_SIZE - 1}`, moduli);
  }
  checkSize('outputs', outputs, MAX_SIZE);
  return outputs;
}

function outputsThatFill(taps: number, vectorWidth: number, dims: number): number {
  checkSize('vectorWidth', vectorWidth, MAX_WIDTH);
  const tile = smallestTile(taps, dims, vectorWidth, defaultProducts);
  if (tile !== undefined) return tile.outputs;
  throw expected(
    'vectorWidth',
    `one that T^${dims} of some F(S, ${taps}) with default moduli is a multiple of`,
    vectorWidth,
  );
}

function checkSize(name: string, size: unknown, largest: number): asserts size is number {
  if (!Number.isInteger(size) || (size as number) < 1 || (size as number) > largest)
    throw expected(name, `an integer from 1 to ${largest}`, size);
}
