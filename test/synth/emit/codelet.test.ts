import { describe, expect, it } from 'vitest';
import { matrix } from '../../../synth/algebra/matrix.js';
import { codelet } from '../../../synth/emit/codelet.js';
import { compile } from '../../../synth/program/compile.js';
import { available, compileAndRun } from './toolchain.js';

/** A vector of one float with the interface that codelets expect. */
const VECTOR = `
#include <cstddef>
#include <cstdio>
namespace {
struct V {
  float raw;
  static V load(const float* from) { return {*from}; }
  static V broadcast(float value) { return {value}; }
  void store(float* to) const { *to = raw; }
};
inline V operator+(V a, V b) { return {a.raw + b.raw}; }
inline V operator-(V a, V b) { return {a.raw - b.raw}; }
inline V operator*(V a, V b) { return {a.raw * b.raw}; }
inline V operator-(V a) { return {-a.raw}; }
inline V fma(V a, V b, V c) { return {a.raw * b.raw + c.raw}; }
inline V fnma(V a, V b, V c) { return {c.raw - a.raw * b.raw}; }
inline V fms(V a, V b, V c) { return {a.raw * b.raw - c.raw}; }
`;

/** Every kind of operation and output: copies, zeros, signs, sums of negatives, shared parts, one value stored twice. */
const rows = matrix([
  [1, 1, 2, 0],
  [1, -1, 2, 0],
  [-1, -2, 0, '-1/2'],
  [0, 0, 0, -1],
  [0, 0, 0, 0],
  [0, 0, 1, 0],
  [0, 0, 1, 0],
  [-1, -1, 0, 0],
  ['3/4', '1/2', 0, 4],
]);

describe('codelet', () => {
  it.skipIf(!available('g++', '--version'))('computes its matrix, and states its sizes', () => {
    const source = `${VECTOR}
${codelet('Sample', rows, compile(rows))}
const float matrix[9][4] = {${rows.map((row) => `{${row.map((value) => value.valueOf()).join(', ')}}`).join(', ')}};
}
int main() {
  float in[8] = {}, out[27];
  for (float& value : out) value = 99.0f;
  for (int column = 0; column < 4; column++) {
    in[2 * column] = 1.0f;
    Sample::run<V>(in, 2, out, 3);
    in[2 * column] = 0.0f;
    for (int row = 0; row < 9; row++)
      if (out[3 * row] != matrix[row][column]) return 1;
  }
  for (int i = 0; i < 27; i++)
    if (i % 3 != 0 && out[i] != 99.0f) return 2;
  std::printf("%d x %d\\n", Sample::rows, Sample::columns);
}
`;
    const compiler = {
      command: 'g++',
      language: 'c++' as const,
      flags: ['-std=c++20', '-Wno-unused-function'],
      runner: [],
    };
    expect(compileAndRun(compiler, source)).toBe('9 x 4\n');
  });

  it('writes inexact constants as the nearest float', () => {
    const third = matrix([['1/3']]);
    const text = codelet('Third', third, compile(third));
    expect(text).toContain('V::broadcast(0.33333334f)');
  });
});
