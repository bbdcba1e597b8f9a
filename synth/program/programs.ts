import type { Matrix, Transform } from '../transform.js';
import { type CompileOptions, compile } from './compile.js';
import type { Program } from './program.js';

/** The three linear maps of an algorithm as programs, each proved equal to its matrix. */
export interface Programs {
  /** B: input tile to products, D → T. */
  readonly input: Program;
  /** C: kernel to products, G → T. */
  readonly kernel: Program;
  /** A: products to outputs, T → S. */
  readonly output: Program;
}

/**
 * Compiles A, B and C. The additions of A are ordered for products of the sizes that independent inputs and taps
 * of size one would give.
 */
export function compileTransform(transform: Transform, options: CompileOptions = {}): Programs {
  const { A, B, C } = transform;
  return {
    input: compile(B, options),
    kernel: compile(C, options),
    output: compile(A, { ...options, sizes: productSizes(B, C) }),
  };
}

/** Standard deviation of each product for independent inputs and taps of standard deviation one. */
export function productSizes(B: Matrix, C: Matrix): number[] {
  return B.map((row, product) => norm(row) * norm(C[product]!));
}

function norm(row: Matrix[number]): number {
  return Math.hypot(...row.map((entry) => entry.valueOf()));
}
