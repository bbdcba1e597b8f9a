import type { Fraction } from 'fraction.js';
import type { Transform } from '../core/transform.js';
import type { Program } from '../program/program.js';
import { compileTransform } from '../program/programs.js';
import { indent, kernelFunction } from './c.js';
import { headerLines } from './header.js';
import { address, type Dialect, discardUnused, floatLiteral, writeProgram } from './straight-line.js';
import { type Names, selfTest, tileFunctions } from './tiles.js';

/** What an instruction set calls its vectors and operations. */
interface Vectors {
  /** Floats of a vector, as an expression. */
  readonly lanes: string;
  readonly include: string;
  readonly type: string;
  /** Compiler flags, for the comment. */
  readonly flags: string;
  /** What comes before the namespace, and definitions that the functions need inside it. */
  readonly preamble?: string;
  readonly prelude?: string;
  readonly load: (address: string) => string;
  readonly store: (address: string, value: string) => string;
  readonly broadcast: (literal: string) => string;
  readonly arithmetic: Pick<Dialect, 'add' | 'subtract' | 'multiply' | 'negate' | 'fma' | 'fnma' | 'fms'>;
}

function intel(type: string, prefix: string, lanes: string, flags: string): Vectors {
  const call =
    (name: string) =>
    (...operands: string[]) =>
      `${prefix}_${name}_ps(${operands.join(', ')})`;
  return {
    lanes,
    include: '<immintrin.h>',
    type,
    flags,
    load: call('loadu'),
    store: (address, value) => `${prefix}_storeu_ps(${address}, ${value});`,
    broadcast: call('set1'),
    arithmetic: {
      add: call('add'),
      subtract: call('sub'),
      multiply: call('mul'),
      negate: (a) => `${prefix}_sub_ps(${prefix}_set1_ps(-0.0f), ${a})`,
      fma: call('fmadd'),
      fnma: call('fnmadd'),
      fms: call('fmsub'),
    },
  };
}

const operators: Vectors['arithmetic'] = {
  add: (a, b) => `${a} + ${b}`,
  subtract: (a, b) => `${a} - ${b}`,
  multiply: (constant, a) => `${constant} * ${a}`,
  negate: (a) => `-${a}`,
  fma: (constant, a, b) => `${constant} * ${a} + ${b}`,
  fnma: (constant, a, b) => `${b} - ${constant} * ${a}`,
  fms: (constant, a, b) => `${constant} * ${a} - ${b}`,
};

/** The C++ targets by the name of their instruction set. */
export const instructionSets = {
  avx2: intel('__m256', '_mm256', '8', '-mavx2 -mfma'),
  avx512: intel('__m512', '_mm512', '16', '-mavx512f'),
  neon: {
    lanes: '4',
    include: '<arm_neon.h>',
    type: 'float32x4_t',
    flags: 'none on AArch64',
    load: (address: string) => `vld1q_f32(${address})`,
    store: (address: string, value: string) => `vst1q_f32(${address}, ${value});`,
    broadcast: (literal: string) => `vdupq_n_f32(${literal})`,
    arithmetic: {
      add: (a, b) => `vaddq_f32(${a}, ${b})`,
      subtract: (a, b) => `vsubq_f32(${a}, ${b})`,
      multiply: (constant, a) => `vmulq_f32(${constant}, ${a})`,
      negate: (a) => `vnegq_f32(${a})`,
      fma: (constant, a, b) => `vfmaq_f32(${b}, ${constant}, ${a})`,
      fnma: (constant, a, b) => `vfmsq_f32(${b}, ${constant}, ${a})`,
      fms: (constant, a, b) => `vfmaq_f32(vnegq_f32(${b}), ${constant}, ${a})`,
    },
  },
  portable: {
    lanes: 'WINOGRAD_LANES',
    include: '<cstring>',
    type: 'vector',
    flags: '-march=native -ffp-contract=fast; GCC or Clang',
    preamble: `
// The widest vector of the machine that the file is compiled for.
#ifndef WINOGRAD_LANES
#if defined(__AVX512F__)
#define WINOGRAD_LANES 16
#elif defined(__AVX__)
#define WINOGRAD_LANES 8
#else
#define WINOGRAD_LANES 4
#endif
#endif
`,
    prelude: `typedef float vector __attribute__((vector_size(lanes * sizeof(float))));

static inline vector load(const float *from)
{
  vector value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

static inline void store(float *to, vector value)
{
  std::memcpy(to, &value, sizeof value);
}

static inline vector broadcast(float value)
{
  return value - vector{};
}
`,
    load: (address: string) => `load(${address})`,
    store: (address: string, value: string) => `store(${address}, ${value});`,
    broadcast: (literal: string) => `broadcast(${literal})`,
    arithmetic: operators,
  },
} satisfies Record<string, Vectors>;

export type InstructionSet = keyof typeof instructionSets;

/**
 * F(S, G) as a C++11 header for one instruction set: functions for one axis, for whole tiles in two and three
 * dimensions, and a self-test. A value is one vector, such as neighbouring channels.
 *
 * @param name namespace of the file, by default `f4x3` for F(4, 3)
 */
export function emitCpp(transform: Transform, name: string, instructionSet: InstructionSet): string {
  const programs = compileTransform(transform);
  const vectors: Vectors = instructionSets[instructionSet];
  const macro = name.toUpperCase();
  const names: Names = {
    prefix: '',
    // Internal linkage: files compiled for different instruction sets must not share a copy.
    linkage: 'static inline',
    aligned: 'alignas(64) ',
    selfTest: `${macro}_SELF_TEST`,
    opening: `using namespace ${name};\n\n`,
  };
  const { outputs, taps, products } = transform;
  const line = (part: string, what: string, program: Program) => lineFunction(part, what, program, vectors);
  const functions = [
    line('input', 'v = B d: inputs lie in_stride floats apart, products out_stride.', programs.input),
    line('output', 'y = A m: products lie in_stride floats apart, outputs out_stride.', programs.output),
    kernelFunction(programs.kernel, names),
    tileFunctions(names),
  ].join('\n');
  return `${headerLines(transform, programs, instructionSet === 'portable' ? 'cpp' : instructionSet)
    .map((text) => `// ${text}`.trimEnd())
    .join('\n')}
//
// A value is one vector of floats, such as neighbouring channels; strides are in floats and nothing need be aligned.
// Compiler flags: -O3 (${vectors.flags}). ${macro}_SELF_TEST makes a program that checks itself.
#ifndef ${macro}_H
#define ${macro}_H
#include <cstddef>
#include ${vectors.include}
${vectors.preamble ?? ''}
namespace ${name} {

using std::ptrdiff_t;

constexpr ptrdiff_t outputs = ${outputs};
constexpr ptrdiff_t taps = ${taps};
constexpr ptrdiff_t inputs = ${outputs + taps - 1};
constexpr ptrdiff_t products = ${products};
constexpr ptrdiff_t lanes = ${vectors.lanes};

${vectors.prelude ? `${vectors.prelude}\n` : ''}${functions}
}  // namespace ${name}

${selfTest(transform, programs, names)}
#endif
`;
}

function lineFunction(part: string, what: string, program: Program, vectors: Vectors): string {
  const { constants, body } = writeProgram(program, dialectOf(vectors));
  const unused = discardUnused(['in_stride', 'out_stride'], body);
  return `/* ${what} */
static inline void ${part}(const float *in, ptrdiff_t in_stride, float *out, ptrdiff_t out_stride)
{
${indent([...unused, ...constants, ...body], 2)}
}
`;
}

function dialectOf({ type, load, store, broadcast, arithmetic }: Vectors): Dialect {
  return {
    ...arithmetic,
    define: (name, expression) => `const ${type} ${name} = ${expression};`,
    load: (input) => load(address('in', input, 'in_stride')),
    store: (output, value) => store(address('out', output, 'out_stride'), value),
    constant: (value: Fraction) => broadcast(floatLiteral(value)),
    zero: broadcast('0.0f'),
  };
}
