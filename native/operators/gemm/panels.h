#pragma once

#include "operators/common/describe.h"
#include "operators/kernel.h"
#include "runtime/memory.h"

namespace winograd {

/// The second factor of products, k × n, as register tiles read it: from front to back. For each block of at most
/// `sumBlock` rows its panels of two vectors of columns (the last one of one vector, if that is enough), each row by
/// row; columns that are missing are zero.
struct GemmPanels {
  const KernelTable* kernels;
  std::ptrdiff_t n, k, sumBlock;

  std::ptrdiff_t width() const { return 2 * kernels->width; }
  std::ptrdiff_t columns() const { return roundUp(n, kernels->width); }
  std::ptrdiff_t count() const { return divideUp(n, width()); }
  std::ptrdiff_t blocks() const { return divideUp(k, sumBlock); }
  std::ptrdiff_t rows(std::ptrdiff_t block) const { return std::min(sumBlock, k - block * sumBlock); }
  /// Columns of a panel, the missing ones included.
  std::ptrdiff_t columns(std::ptrdiff_t panel) const { return std::min(width(), columns() - panel * width()); }
  /// Where a panel begins, and the floats of a matrix.
  std::ptrdiff_t at(std::ptrdiff_t block, std::ptrdiff_t panel) const {
    return block * sumBlock * columns() + panel * width() * rows(block);
  }
  std::ptrdiff_t floats() const { return k * columns(); }
};

/// How the factor lies before it is packed: k × n, or n × k if transposed, with rows `stride` floats apart; packed it
/// is `scale` times as large.
struct PlainFactor {
  bool transposed;
  std::ptrdiff_t stride;
  float scale;
};

/// Reads isa, n, k, sumBlock; and transposeB, alpha, of rows without gaps.
GemmPanels readPanels(const Value& description);
PlainFactor readPlainFactor(const Value& description, const GemmPanels& panels);

/// Packs `present` columns of a panel for some of the sums: to[sum * columns + column], the missing ones zero.
void packPlain(const KernelTable& kernels, const PlainFactor& plain, const float* from, std::ptrdiff_t sum,
               std::ptrdiff_t sums, std::ptrdiff_t column, std::ptrdiff_t present, std::ptrdiff_t columns, float* to);

/// A kernel that packs whole matrices, for factors that are constant.
/// Description: { isa, threads, matrices, n, k, sumBlock, transposeB, alpha }.
extern const Operator kPackGemm;

}  // namespace winograd
