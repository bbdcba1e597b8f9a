import type { Transform } from '../core/transform.js';
import type { Program } from '../program/program.js';
import { compileTransform } from '../program/programs.js';
import { headerLines } from './header.js';
import { type Dialect, discardUnused, doubleLiteral, floatLiteral, writeProgram } from './straight-line.js';
import { type Names, selfTest, tileFunctions } from './tiles.js';

/** Expressions of C; compilers contract the products and sums to fused multiply-adds. */
function scalars(type: 'float' | 'double', lane: string): Dialect {
  return {
    define: (name, expression) => `const ${type} ${name} = ${expression};`,
    load: (input) => `in[${at(input, 'in_stride', lane)}]`,
    store: (output, value) => `out[${at(output, 'out_stride', lane)}] = ${value};`,
    constant: type === 'float' ? floatLiteral : doubleLiteral,
    zero: type === 'float' ? '0.0f' : '0.0',
    add: (a, b) => `${a} + ${b}`,
    subtract: (a, b) => `${a} - ${b}`,
    multiply: (constant, a) => `${constant} * ${a}`,
    negate: (a) => `-${a}`,
    fma: (constant, a, b) => `${constant} * ${a} + ${b}`,
    fnma: (constant, a, b) => `${b} - ${constant} * ${a}`,
    fms: (constant, a, b) => `${constant} * ${a} - ${b}`,
  };
}

function at(index: number, stride: string, lane: string): string {
  const start = index === 1 ? stride : `${index} * ${stride}`;
  if (index === 0) return lane || '0';
  return lane ? `${start} + ${lane}` : start;
}

/** The kernel transform as plain C in double precision; the C++ targets use it, too. */
export function kernelFunction(program: Program, { prefix, linkage }: Names): string {
  const { constants, body } = writeProgram(program, scalars('double', ''));
  const unused = discardUnused(['in_stride', 'out_stride'], body);
  return `/* u = C g: taps lie in_stride doubles apart, products out_stride. */
${linkage} void ${prefix}kernel(const double *in, ptrdiff_t in_stride, double *out, ptrdiff_t out_stride)
{
${indent([...unused, ...constants, ...body], 2)}
}
`;
}

/** Lines with spaces in front. */
export function indent(lines: readonly string[], width: number): string {
  return lines.map((line) => ' '.repeat(width) + line).join('\n');
}

/**
 * F(S, G) as a header of portable C99: functions for one axis, for whole tiles in two and three dimensions, and a
 * self-test. Compilers vectorise the loops over lanes.
 *
 * @param name prefix of every name in the file, by default `f4x3` for F(4, 3)
 */
export function emitC(transform: Transform, name: string): string {
  const programs = compileTransform(transform);
  const names: Names = {
    prefix: `${name}_`,
    linkage: 'static inline',
    aligned: '',
    selfTest: `${name.toUpperCase()}_SELF_TEST`,
    opening: '',
  };
  const macro = name.toUpperCase();
  const { outputs, taps, products } = transform;
  const line = (part: string, what: string, program: Program) => {
    const { constants, body } = writeProgram(program, scalars('float', 'l'));
    const unused = discardUnused(['in_stride', 'out_stride'], body);
    return `/* ${what} */
static inline void ${name}_${part}(const float *restrict in, ptrdiff_t in_stride,
    float *restrict out, ptrdiff_t out_stride)
{
${indent([...unused, ...constants], 2)}
  ${macro}_INDEPENDENT
  for (ptrdiff_t l = 0; l < ${name}_lanes; l++) {
${indent(body, 4)}
  }
}
`;
  };
  return `/*
${headerLines(transform, programs, 'c')
  .map((text) => ` * ${text}`.trimEnd())
  .join('\n')}
 *
 * A value is a run of ${name}_lanes floats, such as neighbouring channels; strides are in floats. Define
 * ${macro}_LANES before including this to change their number. Compile with -O3 -march=native -ffp-contract=fast
 * (${macro}_SELF_TEST makes a program that checks itself: link with -lm).
 */
#ifndef ${macro}_H
#define ${macro}_H
#include <stddef.h>

#ifndef ${macro}_LANES
#define ${macro}_LANES 16
#endif

/* The lanes of one loop never overlap, whatever the strides. */
#if defined(__clang__)
#define ${macro}_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define ${macro}_INDEPENDENT _Pragma("GCC ivdep")
#else
#define ${macro}_INDEPENDENT
#endif

enum {
  ${name}_outputs = ${outputs},
  ${name}_taps = ${taps},
  ${name}_inputs = ${outputs + taps - 1},
  ${name}_products = ${products},
  ${name}_lanes = ${macro}_LANES
};

${line('input', `v = B d: inputs lie in_stride floats apart, products out_stride.`, programs.input)}
${line('output', `y = A m: products lie in_stride floats apart, outputs out_stride.`, programs.output)}
${kernelFunction(programs.kernel, names)}
${tileFunctions(names)}
${selfTest(transform, programs, names)}
#endif
`;
}
