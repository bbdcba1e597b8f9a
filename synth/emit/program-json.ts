import type { Fraction } from 'fraction.js';
import { proveTransform } from '../core/prove.js';
import { toJSON } from '../core/serialize.js';
import type { Transform } from '../core/transform.js';
import { costOf, type Program } from '../program/program.js';
import { compileTransform } from '../program/programs.js';
import { printJson } from './json.js';
import { type Dialect, writeProgram } from './straight-line.js';

/** Mathematics in plain text, such as `t2 = x3 - 9/4*x1`. */
const notation: Dialect = {
  define: (name, expression) => `${name} = ${expression}`,
  load: (input) => `in[${input}]`,
  store: (output, value) => `out[${output}] = ${value}`,
  constant: (value: Fraction) => value.toFraction(),
  inlineConstants: true,
  zero: '0',
  add: (a, b) => `${a} + ${b}`,
  subtract: (a, b) => `${a} - ${b}`,
  multiply: (constant, a) => `${constant}*${a}`,
  negate: (a) => `-${a}`,
  fma: (constant, a, b) => `${constant}*${a} + ${b}`,
  fnma: (constant, a, b) => `${b} - ${constant}*${a}`,
  fms: (constant, a, b) => `${constant}*${a} - ${b}`,
};

/** A program as text, one exact statement a line. */
export function programLines(program: Program): string[] {
  return writeProgram(program, notation).body;
}

/**
 * A transform as JSON with its straight-line programs and what they cost, for generators of other languages.
 *
 * @throws VerificationError when the algorithm is wrong
 */
export function emitJson(transform: Transform): string {
  proveTransform(transform);
  const { input, kernel, output } = compileTransform(transform);
  return printJson({
    ...toJSON(transform),
    operations: { A: costOf(output).total, B: costOf(input).total, C: costOf(kernel).total },
    programs: { A: programLines(output), B: programLines(input), C: programLines(kernel) },
  });
}
