import type { Fraction } from 'fraction.js';
import { expected } from '../errors.js';
import type { Bilinear, Matrix, Transform } from './transform.js';

/**
 * The border check of every public function that takes a transform: sizes that are positive integers, moduli that are
 * texts, and matrices of fractions, A S × T, B T × D and C T × G. Whether it computes a correlation is for `verify`.
 *
 * @throws InputError naming the part that is not so
 */
export function checkTransform(value: unknown): asserts value is Transform {
  const fields = fieldsOf(value, 'outputs, taps, products, moduli, A, B and C');
  const { outputs, taps, products, moduli } = fields;
  for (const [name, size] of Object.entries({ outputs, taps, products })) {
    if (!isSize(size)) throw expected(`${name} of the transform`, 'a positive integer', size);
  }
  if (!Array.isArray(moduli) || !moduli.every((modulus) => typeof modulus === 'string'))
    throw expected('moduli of the transform', 'an array of strings', moduli);
  const [S, G, T] = [outputs, taps, products] as [number, number, number];
  checkMatrix('A', fields.A, S, T);
  checkMatrix('B', fields.B, T, S + G - 1);
  checkMatrix('C', fields.C, T, G);
}

/**
 * The same for an algorithm of which only the matrices matter: A, B and C of fractions that agree on the number of
 * products.
 *
 * @throws InputError naming the matrix that is none, or does not fit
 */
export function checkBilinear(value: unknown): asserts value is Bilinear {
  const { A, B, C } = fieldsOf(value, 'the matrices A, B and C');
  const [outputs, products] = Array.isArray(A) && Array.isArray(A[0]) ? [A.length, A[0].length] : [1, 1];
  const columns = (matrix: unknown) =>
    Array.isArray(matrix) && Array.isArray(matrix[0]) ? Math.max(1, matrix[0].length) : 1;
  checkMatrix('A', A, outputs, Math.max(1, products));
  checkMatrix('B', B, products, columns(B));
  checkMatrix('C', C, products, columns(C));
}

/**
 * Checks that a value is a matrix of fractions with so many rows and columns.
 *
 * @throws InputError with its name
 */
export function checkMatrix(
  name: string,
  value: unknown,
  rows: number,
  columns: number,
): asserts value is Matrix {
  const wanted = `a matrix of ${rows} × ${columns}`;
  if (!Array.isArray(value) || !value.every(Array.isArray)) throw expected(name, wanted, value);
  const widths = new Set(value.map((row) => row.length));
  if (value.length !== rows || widths.size !== 1 || !widths.has(columns))
    throw expected(name, wanted, `${value.length} × ${[...widths].join(' or ')}`);
  for (const [i, row] of value.entries()) {
    // By index, for an array may have holes.
    for (let j = 0; j < columns; j++) {
      if (!isFraction(row[j])) throw expected(`${name}[${i}][${j}]`, 'a Fraction', row[j]);
    }
  }
}

function fieldsOf(value: unknown, parts: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw expected('the transform', `an object with ${parts}`, value);
}

function isSize(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

/** By its parts: an instance of another copy of the class is as good. */
function isFraction(value: unknown): value is Fraction {
  const { s, n, d } = (value ?? {}) as Partial<Fraction>;
  return typeof s === 'bigint' && typeof n === 'bigint' && typeof d === 'bigint';
}
