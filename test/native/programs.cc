#include "programs.h"

using namespace winograd;

namespace programs {
namespace {

using Row = std::vector<double>;

// What the even (0) or odd (1) half of a pair of rows sums.
Row sumOf(const LineProgram& program, std::size_t pair, int half) {
  const PairedProgram& paired = program.paired;
  const std::size_t at = 2 * pair + static_cast<std::size_t>(half), count = paired.columns.size();
  Row sum(static_cast<std::size_t>(program.columns));
  for (std::size_t k = 0; k < count; k++) {
    const auto [first, second] = paired.columns[k];
    const double coefficient = static_cast<double>(paired.coefficients[at * count + k]);
    if (paired.crossed) {
      sum[static_cast<std::size_t>(first)] += coefficient;
      sum[static_cast<std::size_t>(second)] += half == 0 ? coefficient : -coefficient;
    } else {
      sum[static_cast<std::size_t>(half == 0 ? first : second)] += coefficient;
    }
  }
  const int begin = at == 0 ? 0 : paired.termEnds[at - 1];
  for (int t = begin; t < paired.termEnds[at]; t++) {
    const std::size_t term = static_cast<std::size_t>(t);
    sum[static_cast<std::size_t>(paired.termColumns[term])] += static_cast<double>(paired.termCoefficients[term]);
  }
  return sum;
}

}  // namespace

LineProgram singleTerms(const Matrix& matrix) {
  LineProgram program{static_cast<int>(matrix.size()), static_cast<int>(matrix[0].size()), {}, {}};
  PairedProgram& paired = program.paired;
  for (const Row& row : matrix) {
    paired.rows.push_back({static_cast<int>(paired.rows.size()), -1, -1, -1});
    for (std::size_t c = 0; c < row.size(); c++) {
      if (row[c] == 0) continue;
      paired.termColumns.push_back(static_cast<int>(c));
      paired.termCoefficients.push_back(static_cast<float>(row[c]));
    }
    paired.termEnds.insert(paired.termEnds.end(), 2, static_cast<int>(paired.termColumns.size()));
  }
  return program;
}

Matrix matrixOf(const LineProgram& program) {
  if (program.identity()) return {{1}};
  Matrix matrix(static_cast<std::size_t>(program.rows));
  for (std::size_t r = 0; r < program.paired.rows.size(); r++) {
    const Row even = sumOf(program, r, 0), odd = sumOf(program, r, 1);
    const auto store = [&](int row, double ofEven, double ofOdd) {
      if (row < 0) return;
      Row& to = matrix[static_cast<std::size_t>(row)];
      for (std::size_t c = 0; c < even.size(); c++) to.push_back(ofEven * even[c] + ofOdd * odd[c]);
    };
    const RowPair& rows = program.paired.rows[r];
    store(rows.even, 1, 0);
    store(rows.odd, 0, 1);
    store(rows.sum, 1, 1);
    store(rows.difference, 1, -1);
  }
  return matrix;
}

}  // namespace programs
