import type { Fraction } from 'fraction.js';
import { nearestDouble } from '../algebra/nearest-double.js';
import { operandsOf, type Program, type Value } from '../program/program.js';

/** How a target language writes the pieces of a straight-line program. Operands and results are names. */
export interface Dialect {
  /** A variable defined once: `const float t0 = a + b;`. */
  define(name: string, expression: string): string;
  /** The expression that reads an input. */
  load(input: number): string;
  /** The statement that writes an output; `value` is a name or the expression `zero`. */
  store(output: number, value: string): string;
  /** The expression for a constant. */
  constant(value: Fraction): string;
  /** Writes constants where they are used instead of naming them first. */
  readonly inlineConstants?: boolean;
  readonly zero: string;
  add(a: string, b: string): string;
  subtract(a: string, b: string): string;
  multiply(constant: string, a: string): string;
  negate(a: string): string;
  /** constant · a + b */
  fma(constant: string, a: string, b: string): string;
  /** b − constant · a */
  fnma(constant: string, a: string, b: string): string;
  /** constant · a − b */
  fms(constant: string, a: string, b: string): string;
}

/**
 * Writes a program out, one statement an operation: every input is loaded right before its first use and every
 * output stored as soon as it is known. Fused operations with a constant and with its negative share it.
 *
 * @returns the definitions of the constants, and the statements after them
 */
export function writeProgram(program: Program, dialect: Dialect): { constants: string[]; body: string[] } {
  const constants = new Map<string, { name: string; line: string }>();
  const body: string[] = [];
  const names = new Map<Value, string>();
  const stores = storesOf(program);

  const constant = (value: Fraction): string => {
    if (dialect.inlineConstants) return dialect.constant(value);
    const key = value.toFraction();
    const known = constants.get(key);
    if (known) return known.name;
    const name = `k${constants.size}`;
    constants.set(key, { name, line: dialect.define(name, dialect.constant(value)) });
    return name;
  };
  const name = (value: Value): string => {
    const known = names.get(value);
    if (known) return known;
    names.set(value, `x${value}`);
    body.push(dialect.define(`x${value}`, dialect.load(value)));
    return `x${value}`;
  };
  const store = (value: Value) => {
    for (const output of stores.get(value) ?? []) body.push(dialect.store(output, name(value)));
    stores.delete(value);
  };

  program.operations.forEach((each, index) => {
    const made = program.inputs + index;
    const [a, b] = [name(each.left), each.right === undefined ? undefined : name(each.right)];
    names.set(made, `t${index}`);
    body.push(dialect.define(`t${index}`, expressionOf(each, a, b, constant, dialect)));
    for (const operand of operandsOf(each)) store(operand);
    store(made);
  });
  for (const value of [...stores.keys()]) store(value);
  program.outputs.forEach((value, output) => {
    if (value === undefined) body.push(dialect.store(output, dialect.zero));
  });
  return { constants: [...constants.values()].map(({ line }) => line), body };
}

function expressionOf(
  { factor, sign }: Program['operations'][number],
  a: string,
  b: string | undefined,
  constant: (value: Fraction) => string,
  dialect: Dialect,
): string {
  if (b === undefined) return factor.equals(-1) ? dialect.negate(a) : dialect.multiply(constant(factor), a);
  if (factor.equals(1)) return sign === 1 ? dialect.add(a, b) : dialect.subtract(a, b);
  if (sign === -1) return dialect.fms(constant(factor), a, b);
  return factor.s < 0n ? dialect.fnma(constant(factor.abs()), a, b) : dialect.fma(constant(factor), a, b);
}

function storesOf({ outputs }: Program): Map<Value, number[]> {
  const stores = new Map<Value, number[]>();
  outputs.forEach((value, output) => {
    if (value === undefined) return;
    const list = stores.get(value);
    if (list) list.push(output);
    else stores.set(value, [output]);
  });
  return stores;
}

/** A single-precision literal of C: the shortest decimal that reads back as the float nearest to the rational. */
export function floatLiteral(value: Fraction): string {
  const float = Math.fround(nearestDouble(value));
  for (let digits = 1; ; digits++) {
    const text = String(Number(float.toPrecision(digits)));
    if (Math.fround(Number(text)) === float) return `${/[.e]/.test(text) ? text : `${text}.0`}f`;
  }
}

/** A double-precision literal of C. */
export function doubleLiteral(value: Fraction): string {
  const text = String(value.valueOf());
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** The C expression for an address a multiple of a stride away. */
export function address(base: string, index: number, stride: string): string {
  return index === 0 ? base : index === 1 ? `${base} + ${stride}` : `${base} + ${index} * ${stride}`;
}

/** Statements of C that keep compilers quiet about parameters that the lines do not use. */
export function discardUnused(parameters: readonly string[], lines: readonly string[]): string[] {
  return parameters
    .filter((parameter) => !lines.some((line) => line.includes(parameter)))
    .map((parameter) => `(void)${parameter};`);
}
