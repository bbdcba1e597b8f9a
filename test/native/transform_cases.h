#pragma once

#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "operators/conv/transform/line_transform.h"

/// Transforms without a codelet against the product with their matrix, on integers, where every sum is exact: any
/// number of rows, columns and lines, matrices with and without pairs of rows or columns.
namespace transform_cases {

using winograd::KernelTable;
using Matrix = std::vector<std::vector<double>>;

inline int upTo(int most, std::mt19937& generator) {
  return 1 + static_cast<int>(generator() % most);
}

inline Matrix randomMatrix(int rows, int columns, std::mt19937& generator) {
  Matrix matrix(rows, std::vector<double>(columns));
  const int density = upTo(4, generator);
  for (std::vector<double>& row : matrix) {
    for (double& entry : row)
      entry = static_cast<int>(generator() % 4) < density ? static_cast<int>(generator() % 9) - 4 : 0;
  }
  return matrix;
}

/// Makes rows out of the even and odd entries of others, as pairs of points do, and some without a partner.
inline Matrix pairRows(Matrix matrix, std::mt19937& generator) {
  std::vector<int> sign(matrix[0].size());
  for (int& value : sign) value = generator() % 2 ? 1 : -1;
  for (std::size_t r = 1; r < matrix.size(); r++) {
    const std::vector<double>& other = matrix[generator() % r];
    const int kind = static_cast<int>(generator() % 6);
    for (std::size_t c = 0; c < sign.size(); c++) {
      if (kind < 3) matrix[r][c] = sign[c] * other[c];    // the partner of another
      if (kind == 3) matrix[r][c] = -sign[c] * other[c];  // its negative
      if (kind == 4 && sign[c] < 0) matrix[r][c] = 0;     // even alone
      if (kind == 5 && sign[c] > 0) matrix[r][c] = 0;     // odd alone
    }
  }
  return matrix;
}

inline Matrix transposed(const Matrix& matrix) {
  Matrix result(matrix[0].size(), std::vector<double>(matrix.size()));
  for (std::size_t r = 0; r < matrix.size(); r++) {
    for (std::size_t c = 0; c < matrix[r].size(); c++) result[c][r] = matrix[r][c];
  }
  return result;
}

/// Columns from 1 to 24 take every size of the generic kernel and what lies beyond its registers.
inline Matrix anyMatrix(std::mt19937& generator) {
  const Matrix matrix = randomMatrix(upTo(24, generator), upTo(24, generator), generator);
  switch (generator() % 3) {
    case 0:
      return matrix;
    case 1:
      return pairRows(matrix, generator);
    default:
      return transposed(pairRows(matrix, generator));
  }
}

/// Calls check(holds, what) for one random transform over random lines.
template <class Check>
void run(const KernelTable& kernels, std::mt19937& generator, const Check& check) {
  const Matrix matrix = anyMatrix(generator);
  const int rows = static_cast<int>(matrix.size()), columns = static_cast<int>(matrix[0].size());
  std::vector<double> flat;
  for (const std::vector<double>& row : matrix) flat.insert(flat.end(), row.begin(), row.end());
  const winograd::LineTransform transform(kernels, rows, columns, flat);

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

}  // namespace transform_cases
