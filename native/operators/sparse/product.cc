#include "operators/sparse/product.h"

#include "operators/common/describe.h"
#include "operators/common/work.h"
#include "operators/sparse/rows.h"

namespace winograd {
namespace {

class SparseProduct : public Kernel {
 public:
  explicit SparseProduct(const Value& description)
      : kernels_(describe::kernels(description)),
        threads_(describe::threads(description)),
        m_(description["m"].integer(1, describe::kMaxElements)),
        n_(description["n"].integer(1, describe::kMaxElements)),
        k_(description["k"].integer(1, describe::kMaxElements)),
        nonZeros_(description["nonZeros"].integer(0, describe::elements({m_, k_}))),
        accumulates_(description["accumulates"].boolean()),
        block_(kMaxSparseVectors * kernels_.width) {
    describe::elements({k_, n_});
    describe::elements({m_, n_});
  }

  std::vector<std::size_t> inputBytes() const override {
    const auto four = [](std::ptrdiff_t count) { return describe::floatBytes(count); };
    return {four(nonZeros_), four(nonZeros_), four(m_ + 1), four(k_ * n_)};
  }
  std::vector<std::size_t> outputBytes() const override { return {describe::floatBytes(m_ * n_)}; }
  std::size_t workspaceBytes() const override { return describe::floatBytes(threads_ * slotFloats()); }
  int threads() const override { return threads_; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    Stopwatch watch;
    const float* const values = inputs[0].floats();
    const auto* const indices = inputs[1].as<const std::int32_t>();
    const auto* const pointers = inputs[2].as<const std::int32_t>();
    check(indices, pointers);
    const ThreadPool::Session awake(ThreadPool::shared(), threads_, true);
    const std::ptrdiff_t columnBlocks = divideUp(n_, block_), rowBlocks = divideUp(m_, kRows);
    forEachItem(columnBlocks * rowBlocks, threads_, run, [&](std::ptrdiff_t item, int slot) {
      const std::ptrdiff_t column = item % columnBlocks * block_, columns = std::min(block_, n_ - column);
      float* const own = workspaceAt(run, slot * slotFloats());
      const SparseTile tile(kernels_, columns, own);
      float* const panel = own + SparseTile::spareFloats(kernels_.width);
      const std::ptrdiff_t first = item / columnBlocks * kRows, last = std::min(first + kRows, m_);
      for (std::ptrdiff_t row = first; row < last; row++) {
        bool adds = accumulates_;
        for (std::ptrdiff_t begin = pointers[row]; begin == pointers[row] || begin < pointers[row + 1];
             begin += kTogether) {
          const std::ptrdiff_t count = std::min<std::ptrdiff_t>(kTogether, pointers[row + 1] - begin);
          std::int32_t offsets[kTogether];
          const float* from = inputs[3].floats() + column;
          for (std::ptrdiff_t i = 0; i < count; i++) {
            // Columns that do not fill vectors are copied: behind the last row of B is nothing to read.
            offsets[i] = static_cast<std::int32_t>(tile.whole() ? indices[begin + i] * n_ : i * block_);
            if (!tile.whole()) std::copy_n(from + indices[begin + i] * n_, columns, panel + i * block_);
          }
          if (!tile.whole()) from = panel;
          tile.run({values + begin, offsets, count, from, outputs[0].floats() + row * n_ + column, adds, 0, nullptr,
                    nullptr});
          adds = true;
          if (pointers[row] == pointers[row + 1]) break;
        }
      }
    });
    return {watch.lap()};
  }

 private:
  static constexpr std::ptrdiff_t kRows = 64, kTogether = 32;

  std::ptrdiff_t slotFloats() const { return SparseTile::spareFloats(kernels_.width) + kTogether * block_; }

  void check(const std::int32_t* indices, const std::int32_t* pointers) const {
    bool valid = pointers[0] == 0 && pointers[m_] == nonZeros_;
    for (std::ptrdiff_t row = 0; valid && row < m_; row++) valid = pointers[row] <= pointers[row + 1];
    for (std::ptrdiff_t i = 0; valid && i < nonZeros_; i++) valid = indices[i] >= 0 && indices[i] < k_;
    if (!valid)
      throw std::invalid_argument("Expected indices and pointers to be those of a sparse matrix of these sizes");
  }

  const KernelTable& kernels_;
  int threads_;
  std::ptrdiff_t m_, n_, k_, nonZeros_;
  bool accumulates_;
  std::ptrdiff_t block_;
};

}  // namespace

const Operator kSparseProduct{"sparse product", prepare<SparseProduct>};

}  // namespace winograd
