#include "line_transform.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace winograd {
namespace {

bool sameUpToSigns(const double* a, const double* b, int columns) {
  for (int c = 0; c < columns; c++) {
    if (std::abs(a[c]) != std::abs(b[c])) return false;
  }
  return true;
}

}  // namespace

LineTransform::LineTransform(const KernelTable& kernels, int rows, int columns, const std::vector<double>& matrix)
    : rows_(rows),
      columns_(columns),
      identity_(rows == 1 && columns == 1 && matrix[0] == 1),
      sparseLines_(kernels.sparseLines) {
  for (int i = 0; i < kernels.codeletCount; i++) {
    const Codelet& codelet = kernels.codelets[i];
    if (codelet.rows == rows && codelet.columns == columns &&
        std::equal(matrix.begin(), matrix.end(), codelet.matrix)) {
      codelet_ = &codelet;
      return;
    }
  }
  pairRows(matrix);
}

// Points come as ±p, and their rows are E ± O with E over the even and O over the odd powers: half the products.
void LineTransform::pairRows(const std::vector<double>& matrix) {
  std::vector<bool> done(static_cast<std::size_t>(rows_));
  for (int r = 0; r < rows_; r++) {
    if (done[r]) continue;
    const double* row = matrix.data() + static_cast<std::ptrdiff_t>(r) * columns_;
    int partner = r + 1;
    while (partner < rows_ && (done[partner] || !sameUpToSigns(row, row + (partner - r) * columns_, columns_)))
      partner++;
    const double* other = partner < rows_ ? row + static_cast<std::ptrdiff_t>(partner - r) * columns_ : row;
    SparseRow sparse{r, partner < rows_ ? partner : -1, 0, 0, 0, 0};
    sparse.evenBegin = static_cast<int>(termColumns_.size());
    for (int c = 0; c < columns_; c++) {
      if (row[c] == other[c]) addTerm(c, row[c]);
    }
    sparse.evenEnd = sparse.oddBegin = static_cast<int>(termColumns_.size());
    for (int c = 0; c < columns_; c++) {
      if (row[c] != other[c]) addTerm(c, row[c]);
    }
    sparse.oddEnd = static_cast<int>(termColumns_.size());
    sparseRows_.push_back(sparse);
    if (partner < rows_) done[partner] = true;
  }
}

void LineTransform::addTerm(int column, double coefficient) {
  if (coefficient == 0) return;
  termColumns_.push_back(column);
  termCoefficients_.push_back(static_cast<float>(coefficient));
}

}  // namespace winograd
