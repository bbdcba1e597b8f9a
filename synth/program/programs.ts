import type { Bilinear, Matrix, Transform } from '../core/transform.js';
import { type CompileOptions, compile } from './compile.js';
import type { Program } from './program.js';
import type { ErrorWeights } from './rounding.js';

/** The three linear maps of an algorithm as programs, each proved equal to its matrix. */
export interface Programs {
  /** B: input tile to products, D → T. */
  readonly input: Program;
  /** C: kernel to products, G → T. */
  readonly kernel: Program;
  /** A: products to outputs, T → S. */
  readonly output: Program;
}

/** Compiles A, B and C, each so that the error of the whole algorithm's outputs is small; see {@link errorWeights}. */
export function compileTransform(transform: Transform, options: CompileOptions = {}): Programs {
  const weights = errorWeights(transform);
  return {
    input: compile(transform.B, { ...weights.input, ...options }),
    kernel: compile(transform.C, options),
    output: compile(transform.A, { ...weights.output, ...options }),
  };
}

/**
 * How errors within an algorithm reach its outputs, for independent inputs and taps of standard deviation one: an
 * error in row t of B d is multiplied by (C g)ₜ, whose power is ‖Cₜ‖², and spread by column t of A; the products
 * that enter A have the size ‖Bₜ‖ ‖Cₜ‖, and all outputs matter alike.
 */
export function errorWeights({ A, B, C }: Bilinear): { input: ErrorWeights; output: ErrorWeights } {
  const column = (t: number) => A.map((row) => row[t]!);
  return {
    input: { weights: B.map((_, t) => (norm(column(t)) * norm(C[t]!)) ** 2) },
    output: { sizes: B.map((row, t) => norm(row) * norm(C[t]!)), weights: A.map(() => 1) },
  };
}

function norm(row: Matrix[number]): number {
  return Math.hypot(...row.map((entry) => entry.valueOf()));
}
