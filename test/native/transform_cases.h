#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "operators/conv/transform/line_transform.h"
#include "programs.h"

/// Transforms along lines against the product with their matrix, on integers, where every sum is exact: any number of
/// rows, columns and lines.
namespace transform_cases {

using programs::Matrix;
using winograd::KernelTable;
using winograd::LineProgram;
using winograd::RowPair;

inline int upTo(int most, std::mt19937& generator) {
  return 1 + static_cast<int>(generator() % most);
}

inline float coefficient(std::mt19937& generator) {
  return static_cast<float>(static_cast<int>(generator() % 9) - 4);
}

/// Rows of any number, in any of the four places of a pair, and as many pairs of columns as the kernel has code for.
inline LineProgram anyProgram(std::mt19937& generator) {
  LineProgram program{upTo(24, generator), upTo(24, generator), {}, {}};
  winograd::PairedProgram& paired = program.paired;
  paired.crossed = generator() % 2 == 0;
  std::vector<int> rows(static_cast<std::size_t>(program.rows));
  std::iota(rows.begin(), rows.end(), 0);
  std::shuffle(rows.begin(), rows.end(), generator);
  int RowPair::*const places[] = {&RowPair::even, &RowPair::odd, &RowPair::sum, &RowPair::difference};
  for (const int row : rows) {
    int RowPair::*const place = places[generator() % 4];
    if (paired.rows.empty() || paired.rows.back().*place >= 0) paired.rows.emplace_back();
    paired.rows.back().*place = row;
  }
  const auto anyColumn = [&] { return static_cast<int>(generator() % static_cast<unsigned>(program.columns)); };
  paired.columns.resize(generator() % (winograd::kMaxColumnPairs + 1));
  for (auto& [first, second] : paired.columns) first = anyColumn(), second = anyColumn();
  for (std::size_t half = 0; half < 2 * paired.rows.size(); half++) {
    for (std::size_t k = 0; k < paired.columns.size(); k++) paired.coefficients.push_back(coefficient(generator));
    for (std::size_t terms = generator() % 4; terms > 0; terms--) {
      paired.termColumns.push_back(anyColumn());
      paired.termCoefficients.push_back(coefficient(generator));
    }
    paired.termEnds.push_back(static_cast<int>(paired.termColumns.size()));
  }
  return program;
}

/// Calls check(holds, what) for one transform, whose matrix is given, over random lines.
template <class Check>
void runLines(const KernelTable& kernels, const LineProgram& program, const Matrix& matrix, std::mt19937& generator,
              const Check& check) {
  const int rows = program.rows, columns = program.columns;
  const winograd::LineTransform transform(kernels, program);

  const std::ptrdiff_t counts[] = {upTo(generator() % 4 == 0 ? 80 : 12, generator), upTo(3, generator),
                                   upTo(2, generator)};
  // Lines lie side by side or with a gap, in memory of the same shape: loop by loop, column by column.
  winograd::LineArgs args{};
  std::ptrdiff_t inSize = kernels.width, outSize = kernels.width;
  for (int a = 0; a < 3; a++) {
    args.loops[a] = {counts[a], inSize * upTo(2, generator), outSize * upTo(2, generator)};
    inSize = args.loops[a].count * args.loops[a].inStep;
    outSize = args.loops[a].count * args.loops[a].outStep;
  }
  args.inStride = inSize;
  args.outStride = outSize;
  std::vector<float> in(inSize * columns), out(outSize * rows, NAN), expected = out;
  for (float& value : in) value = static_cast<float>(static_cast<int>(generator() % 7) - 3);
  args.in = in.data();
  args.out = out.data();
  transform.run(args);

  for (std::ptrdiff_t line = 0; line < counts[0] * counts[1] * counts[2]; line++) {
    const std::ptrdiff_t at[] = {line % counts[0], line / counts[0] % counts[1], line / counts[0] / counts[1]};
    const float* from = in.data();
    float* to = expected.data();
    for (int a = 0; a < 3; a++) {
      from += at[a] * args.loops[a].inStep;
      to += at[a] * args.loops[a].outStep;
    }
    for (int r = 0; r < rows; r++) {
      for (int lane = 0; lane < kernels.width; lane++) {
        double sum = 0;
        for (int c = 0; c < columns; c++) sum += matrix[r][c] * from[c * args.inStride + lane];
        to[r * args.outStride + lane] = static_cast<float>(sum);
      }
    }
  }
  bool right = true;
  for (std::size_t i = 0; i < out.size(); i++)
    right = right && (out[i] == expected[i] || (std::isnan(out[i]) && std::isnan(expected[i])));
  check(right, std::string(kernels.name) + " transform " + std::to_string(rows) + " x " + std::to_string(columns) +
                   ", lines " + std::to_string(counts[0]));
}

/// The same for a program that is random, too.
template <class Check>
void run(const KernelTable& kernels, std::mt19937& generator, const Check& check) {
  const LineProgram program = anyProgram(generator);
  runLines(kernels, program, programs::matrixOf(program), generator, check);
}

/// The codelets of F(2, 3), which all tables have.
template <class Check>
void runCodelets(const KernelTable& kernels, std::mt19937& generator, const Check& check) {
  const Matrix B{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}}, A{{1, 1, 1, 0}, {0, 1, -1, -1}};
  runLines(kernels, {4, 4, "input_4x4_4a3d011bff9e", {}}, B, generator, check);
  runLines(kernels, {2, 4, "output_2x4_c47563eff06f", {}}, A, generator, check);
  bool found = true;
  for (int i = 0; i < kernels.codeletCount; i++)
    found = found && findCodelet(kernels, kernels.codelets[i].name) == &kernels.codelets[i];
  check(found, std::string(kernels.name) + " codelets are found by their names");
}

}  // namespace transform_cases
