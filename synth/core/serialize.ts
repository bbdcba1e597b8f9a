import { Fraction } from 'fraction.js';
import { parseRational } from '../algebra/parse.js';
import { expected, InputError } from '../errors.js';
import type { Form } from '../forms/form.js';
import { checkTransform } from './check.js';
import type { Matrix, Transform } from './transform.js';

/** A transform as JSON; entries are exact, such as `"-5/2"`. Files may carry further fields beside these. */
export interface TransformJson {
  readonly outputs: number;
  readonly taps: number;
  readonly products: number;
  readonly moduli: readonly string[];
  readonly A: readonly (readonly string[])[];
  readonly B: readonly (readonly string[])[];
  readonly C: readonly (readonly string[])[];
}

/**
 * The transform as plain data, ready for JSON.stringify.
 *
 * @throws InputError when it is no transform
 */
export function toJSON(transform: Transform): TransformJson {
  checkTransform(transform);
  const { outputs, taps, products, moduli, A, B, C } = transform;
  return { outputs, taps, products, moduli, A: toStrings(A), B: toStrings(B), C: toStrings(C) };
}

/** A form as JSON: what it computes and its sizes and matrices. */
export interface FormJson extends Omit<TransformJson, 'moduli'> {
  readonly name: string;
  readonly formula: string;
  readonly inputs: number;
}

/** The form as plain data. */
export function formToJSON({ name, formula, outputs, taps, inputs, products, A, B, C }: Form): FormJson {
  const matrices = { A: toStrings(A), B: toStrings(B), C: toStrings(C) };
  return { name, formula, outputs, taps, inputs, products, ...matrices };
}

/**
 * Reads what `toJSON` gives; further fields are ignored, integers may be numbers, and `moduli` may be missing, since
 * other programs' algorithms need not come from any. Shapes are checked, the identity is not: see `verify`.
 *
 * @throws InputError naming the field that is missing or malformed
 */
export function fromJSON(value: unknown): Transform {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw expected('a transform', 'an object with outputs, taps, products, A, B and C', value);
  }
  const fields = value as Record<string, unknown>;
  const [outputs, taps, products] = (['outputs', 'taps', 'products'] as const).map((name) =>
    readSize(name, fields[name]),
  ) as [number, number, number];
  return {
    outputs,
    taps,
    products,
    moduli: readModuli(fields.moduli ?? []),
    A: readMatrix('A', fields.A, outputs, products),
    B: readMatrix('B', fields.B, products, outputs + taps - 1),
    C: readMatrix('C', fields.C, products, taps),
  };
}

/** A matrix as exact texts, such as `"-5/2"`. */
export function toStrings(matrix: Matrix): string[][] {
  return matrix.map((row) => row.map((entry) => entry.toFraction()));
}

function readSize(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw expected(name, 'a positive integer', value);
}

function readModuli(value: unknown): string[] {
  if (Array.isArray(value) && value.every((modulus) => typeof modulus === 'string')) return value;
  throw expected('moduli', 'an array of strings', value);
}

function readMatrix(name: string, value: unknown, rows: number, columns: number): Matrix {
  if (!Array.isArray(value)) throw expected(name, `an array of ${rows} rows`, value);
  if (value.length !== rows)
    throw new InputError(`Expected ${name} to have ${rows} rows but received ${value.length}`);
  return value.map((row, i) => {
    if (!Array.isArray(row)) throw expected(`row ${i} of ${name}`, `an array of ${columns} entries`, row);
    if (row.length !== columns) {
      throw new InputError(
        `Expected row ${i} of ${name} to have ${columns} entries but received ${row.length}`,
      );
    }
    return row.map((entry, j) => readEntry(`${name}[${i}][${j}]`, entry));
  });
}

function readEntry(name: string, value: unknown): Fraction {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return new Fraction(value);
  const entry = typeof value === 'string' ? parseRational(value) : undefined;
  if (entry === undefined) throw expected(name, 'a rational such as "-5/2"', value);
  return entry;
}
