#pragma once

#include "operators/gemm/blocked.h"
#include "operators/gemm/panels.h"

/// Matrices that lie in memory, as factors.
namespace winograd {

/// Floats before the matrix of each product: as listed, or evenly apart and the same again after a period.
struct Places {
  const std::ptrdiff_t* listed = nullptr;
  std::ptrdiff_t period = 1, step = 0;

  std::ptrdiff_t operator[](std::ptrdiff_t product) const {
    return listed != nullptr ? listed[product] : product % period * step;
  }
};

/// Matrices with rows `stride` floats apart: m x k, or k x m if transposed.
class PlainRows : public FirstFactor {
 public:
  const KernelTable* kernels;
  const float* at;
  std::ptrdiff_t stride;
  bool transposed;
  Places starts;

  PlainRows(const KernelTable& table, const float* from, std::ptrdiff_t step, bool turned, const Places& places)
      : kernels(&table), at(from), stride(step), transposed(turned), starts(places) {}

  Rows inPlace(std::ptrdiff_t product, std::ptrdiff_t row, std::ptrdiff_t sum) const override {
    return {matrix(product) + row * stride + sum, stride};
  }
  void copy(std::ptrdiff_t product, std::ptrdiff_t row, std::ptrdiff_t rows, std::ptrdiff_t sum, std::ptrdiff_t sums,
            float* to, std::ptrdiff_t step) const override {
    if (transposed) {
      kernels->transpose({matrix(product) + sum * stride + row, stride, sums, rows, to, step});
    } else {
      kernels->copyRows({matrix(product) + row * stride + sum, stride, rows, sums, to, step});
    }
  }

 private:
  const float* matrix(std::ptrdiff_t product) const { return at + starts[product]; }
};

/// Matrices as they lie (see PlainFactor), packed when they are needed.
class PlainColumns : public SecondFactor {
 public:
  PlainColumns(const KernelTable& kernels, const float* at, const PlainFactor& plain, const Places& starts)
      : kernels_(kernels), at_(at), plain_(plain), starts_(starts) {}

  const float* inPlace(std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t) const override { return nullptr; }
  // Some rows at a time across all panels: they are read as far as they are contiguous.
  void pack(const PanelRange& range, float* to) const override {
    const float* const from = at_ + starts_[range.product];
    const std::ptrdiff_t rows = plain_.transposed ? range.sums : kRowsTogether;
    for (std::ptrdiff_t sum = 0; sum < range.sums; sum += rows) {
      float* panel = to;
      for (std::ptrdiff_t column = 0; column < range.columns; column += range.width, panel += range.step) {
        const std::ptrdiff_t columns = range.written(column);
        packPlain(kernels_, plain_, from, range.sum + sum, std::min(rows, range.sums - sum), range.column + column,
                  range.present(column), columns, panel + sum * columns);
      }
    }
  }

 private:
  static constexpr std::ptrdiff_t kRowsTogether = 8;

  const KernelTable& kernels_;
  const float* at_;
  PlainFactor plain_;
  Places starts_;
};

/// Matrices that were packed whole.
class PackedColumns : public SecondFactor {
 public:
  PackedColumns(const GemmPanels& panels, const float* at, const std::ptrdiff_t* indices)
      : panels_(panels), at_(at), indices_(indices) {}

  const float* inPlace(std::ptrdiff_t product, std::ptrdiff_t sum, std::ptrdiff_t column) const override {
    return at_ + indices_[product] * panels_.floats() + panels_.at(sum / panels_.sumBlock, column / panels_.width());
  }
  void pack(const PanelRange&, float*) const override {}

 private:
  const GemmPanels& panels_;
  const float* at_;
  const std::ptrdiff_t* indices_;
};

}  // namespace winograd
