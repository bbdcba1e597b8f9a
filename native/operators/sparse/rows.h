#pragma once

#include <algorithm>

#include "kernels/kernels.h"
#include "runtime/memory.h"

namespace winograd {

/// Some columns of the results of a sparse matrix' rows, and how they come about from a panel.
class SparseTile {
 public:
  /// @param spare two times kMaxSparseVectors vectors
  SparseTile(const KernelTable& kernels, std::ptrdiff_t columns, float* spare)
      : kernels_(kernels),
        columns_(columns),
        vectors_(divideUp(columns, kernels.width)),
        whole_(columns == vectors_ * kernels.width),
        spare_(spare) {}

  /// Whether the columns fill vectors: then nothing behind them is read.
  bool whole() const { return whole_; }

  /// Runs a row; its result and residual are `columns` long, and what lies behind them stays as it is.
  void run(SparseRowArgs args) const {
    const SparseRow row = kernels_.sparseRow[vectors_ - 1];
    if (whole_) return row(args);
    float* const c = args.c;
    if (args.adds) std::copy_n(c, columns_, spare_);
    if (args.residual != nullptr) {
      float* const residual = spare_ + kMaxSparseVectors * kernels_.width;
      std::copy_n(args.residual, columns_, residual);
      args.residual = residual;
    }
    args.c = spare_;
    row(args);
    std::copy_n(spare_, columns_, c);
  }

  static constexpr std::ptrdiff_t spareFloats(int width) { return 2 * kMaxSparseVectors * width; }

 private:
  const KernelTable& kernels_;
  std::ptrdiff_t columns_, vectors_;
  bool whole_;
  float* spare_;
};

}  // namespace winograd
