import type { Fraction } from 'fraction.js';
import type { Matrix } from '../core/transform.js';
import type { Program } from '../program/program.js';
import { describeCost } from './header.js';
import { address, type Dialect, discardUnused, floatLiteral, writeProgram } from './straight-line.js';

/** The engine's vectors: `V` is the vector type of the instruction set that includes the codelet. */
const engine: Dialect = {
  define: (name, expression) => `const V ${name} = ${expression};`,
  load: (input) => `V::load(${address('in', input, 'inStride')})`,
  store: (output, value) => `(${value}).store(${address('out', output, 'outStride')});`,
  constant: (value: Fraction) => `V::broadcast(${floatLiteral(value)})`,
  zero: 'V::broadcast(0.0f)',
  add: (a, b) => `${a} + ${b}`,
  subtract: (a, b) => `${a} - ${b}`,
  multiply: (constant, a) => `${constant} * ${a}`,
  negate: (a) => `-${a}`,
  fma: (constant, a, b) => `fma(${constant}, ${a}, ${b})`,
  fnma: (constant, a, b) => `fnma(${constant}, ${a}, ${b})`,
  fms: (constant, a, b) => `fms(${constant}, ${a}, ${b})`,
};

/**
 * A program as a struct of the native engine, whose `run` does y = M x on vectors.
 *
 * @param name a C++ identifier, by which the engine finds it
 */
export function codelet(name: string, matrix: Matrix, program: Program): string {
  const { constants, body } = writeProgram(program, engine);
  const unused = discardUnused(['inStride', 'outStride'], body);
  return `// Operations: ${describeCost(matrix, program)}.
struct ${name} {
  static constexpr int rows = ${matrix.length}, columns = ${program.inputs};
  template <class V>
  static inline __attribute__((always_inline)) void run(const float* in, std::ptrdiff_t inStride, float* out,
                                                        std::ptrdiff_t outStride) {
${[...unused, ...constants, ...body].map((line) => `    ${line}`).join('\n')}
  }
};
`;
}
