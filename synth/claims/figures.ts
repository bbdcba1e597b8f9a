import type { Matrix, Transform } from '../core/transform.js';
import { noiseGain } from '../noise/gain.js';
import { compile } from '../program/compile.js';
import { costOf } from '../program/program.js';

/** What a file may state of its transform beside the matrices. */
export interface Figures {
  /** Q, to six digits: fewer than a double's, so that machines agree on them. */
  readonly noiseGain: number;
  /** Of the programs for one axis, a fused multiply-add counted once. */
  readonly operations: Readonly<Record<'A' | 'B' | 'C', number>>;
  readonly fillsVectors: VectorFit;
}

/** For vectors of 4, 8 and 16 numbers the least N for which T^N fills them whole; null when none up to 4 does. */
export type VectorFit = Readonly<Record<4 | 8 | 16, number | null>>;

/** Digits of a stated noise gain. */
export const GAIN_DIGITS = 6;
/** Attempts at each program: those of emitted code are more thorough, and seldom an operation shorter. */
const ATTEMPTS = 2;
const MOST_DIMENSIONS = 4;

/** The figures of a transform. */
export function figuresOf(transform: Transform): Figures {
  return {
    noiseGain: Number(noiseGain(transform).toPrecision(GAIN_DIGITS)),
    operations: {
      A: operationsOf(transform.A),
      B: operationsOf(transform.B),
      C: operationsOf(transform.C),
    },
    fillsVectors: fillsVectors(transform.products),
  };
}

/** Operations of a matrix' program, found quickly. */
export function operationsOf(matrix: Matrix): number {
  return costOf(compile(matrix, { attempts: ATTEMPTS })).total;
}

/** Section 4.2 of Budden et al. 2017: the least N with T^N mod W = 0. */
export function fillsVectors(products: number): VectorFit {
  const least = (width: number) => {
    for (let n = 1; n <= MOST_DIMENSIONS; n++) if (products ** n % width === 0) return n;
    return null;
  };
  return { 4: least(4), 8: least(8), 16: least(16) };
}
