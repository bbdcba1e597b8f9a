#pragma once

#include <vector>

#include "kernels/kernels.h"

namespace winograd {

/// A matrix made ready for the generic kernel, whatever its entries are. Any matrix can be written that way; it gains
/// where rows or columns come in pairs that differ by the signs of every other entry, as those of points ±p do.
class Pairing {
 public:
  Pairing(int rows, int columns, const std::vector<double>& matrix);

  /// The kernel for it.
  PairedLines lines(const KernelTable& kernels) const { return kernels.pairedLines[crossed_][columns_.size()]; }
  /// Valid as long as this object.
  PairedTransform transform() const {
    return {static_cast<int>(rows_.size()), rows_.data(),     columns_.data(),
            coefficients_.data(),           termEnds_.data(), termColumns_.data(),
            termCoefficients_.data()};
  }

 private:
  bool crossed_;
  std::vector<RowPair> rows_;
  std::vector<ColumnPair> columns_;
  std::vector<float> coefficients_;
  std::vector<int> termEnds_;
  std::vector<int> termColumns_;
  std::vector<float> termCoefficients_;
};

}  // namespace winograd
