#include "operators/conv/transform/line_transform.h"

#include <algorithm>

namespace winograd {

LineTransform::LineTransform(const KernelTable& kernels, int rows, int columns, const std::vector<double>& matrix)
    : rows_(rows), columns_(columns), identity_(rows == 1 && columns == 1 && matrix[0] == 1) {
  for (int i = 0; i < kernels.codeletCount; i++) {
    const Codelet& codelet = kernels.codelets[i];
    if (codelet.rows == rows && codelet.columns == columns &&
        std::equal(matrix.begin(), matrix.end(), codelet.matrix)) {
      codelet_ = &codelet;
      return;
    }
  }
  pairing_.emplace(rows, columns, matrix);
  pairedLines_ = pairing_->lines(kernels);
}

}  // namespace winograd
