#pragma once

#include <functional>
#include <vector>

#include "kernels/kernels.h"
#include "operators/kernel.h"
#include "runtime/memory.h"
#include "runtime/value.h"

/// Products of matrices by five loops around a micro-kernel (Goto and van de Geijn 2008; Barrachina et al. 2023, figure
/// 5): blocks of the result's columns, of the sums, of its rows, then register tiles. What the factors are and how they
/// lie is up to them: whoever can bring a panel of the second factor into the order in which tiles read it can be
/// multiplied, whether a matrix exists or not.
namespace winograd {

/// How threads share a product: each takes blocks of columns, and packs its own panels; or all pack the panels of a
/// block of columns together, and each takes blocks of rows.
enum class Shared { columns, rows };

/// Sizes of m x k by k x n, and of its blocks.
struct ProductBlocks {
  const KernelTable* kernels;
  int threads;
  std::ptrdiff_t m, n, k;
  std::ptrdiff_t rowBlock, columnBlock, sumBlock;
  Shared shared;

  /// Columns of a panel: two vectors, or what is left of the last one, missing columns included.
  std::ptrdiff_t width() const { return 2 * kernels->width; }
  std::ptrdiff_t columns(std::ptrdiff_t column) const { return std::min(width(), roundUp(n, kernels->width) - column); }
  std::ptrdiff_t sums(std::ptrdiff_t sum) const { return std::min(sumBlock, k - sum); }
};
/// Reads isa, threads, rowBlock, columnBlock, sumBlock and shared. Throws std::invalid_argument.
ProductBlocks readProductBlocks(const Value& schedule, std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t k);

/// The first factor, m x k, of each product.
class FirstFactor {
 public:
  virtual ~FirstFactor() = default;
  struct Rows {
    const float* at;
    std::ptrdiff_t stride;  // floats from a row to the next
  };
  /// Where rows lie one after another from that element on; null if they do not, and have to be copied.
  virtual Rows inPlace(std::ptrdiff_t product, std::ptrdiff_t row, std::ptrdiff_t sum) const = 0;
  virtual void copy(std::ptrdiff_t product, std::ptrdiff_t row, std::ptrdiff_t rows, std::ptrdiff_t sum,
                    std::ptrdiff_t sums, float* to, std::ptrdiff_t step) const = 0;
};

/// Panels of the second factor of a product: some of the sums by whole panels of columns, the last of which may be
/// missing.
struct PanelRange {
  std::ptrdiff_t product, sum, sums, column, columns;
  std::ptrdiff_t width, step;  // columns of a panel, and floats between panels
  std::ptrdiff_t vector;       // floats of one

  /// Columns of the panel that begins after so many, and those that it is written with.
  std::ptrdiff_t present(std::ptrdiff_t before) const { return std::min(width, columns - before); }
  std::ptrdiff_t written(std::ptrdiff_t before) const { return std::min(width, roundUp(present(before), vector)); }
};

/// The second factor, k x n, of each product.
class SecondFactor {
 public:
  virtual ~SecondFactor() = default;
  /// Where the panel that begins there lies packed already; null if it has to be packed.
  virtual const float* inPlace(std::ptrdiff_t product, std::ptrdiff_t sum, std::ptrdiff_t column) const = 0;
  /// Packs the panels of some columns, one behind the other: panel[sum * width + column], the last one narrower if that
  /// is enough; missing columns are zero. May write a vector behind each panel.
  virtual void pack(const PanelRange& range, float* to) const = 0;
};

/// Where a product goes, and what happens to it.
struct ProductResult {
  float* c;
  std::ptrdiff_t stride;              // between rows
  bool adds = false;                  // to what is there
  float scale = 1;                    // of what is there
  const float* columnBias = nullptr;  // of whole vectors
  const float* rowBias = nullptr;
  const float* residual = nullptr;         // laid out like c
  const Activation* activation = nullptr;  // or null

  /// The part that begins there.
  ProductResult from(std::ptrdiff_t row, std::ptrdiff_t column) const;
};

/// Runs products of one shape.
class BlockedProduct {
 public:
  /// @param copiesA, packsB whether factors are brought into order here, or lie in it
  BlockedProduct(const ProductBlocks& blocks, bool copiesA, bool packsB);

  /// Floats of the workspace: of all threads, and of one for `multiply`.
  std::ptrdiff_t workspaceFloats() const { return sharedFloats_ + blocks_.threads * slotFloats_; }
  std::ptrdiff_t slotFloats() const { return slotFloats_; }

  /// Runs `count` products on all threads. Throws Cancelled.
  void run(std::ptrdiff_t count, const FirstFactor& a, const SecondFactor& b,
           const std::function<ProductResult(std::ptrdiff_t)>& resultOf, const Run& run, float* workspace) const;

  /// One range of rows by one of at most a block's columns, on the calling thread. `result.c` is where the range
  /// begins.
  struct Part {
    std::ptrdiff_t product, row, rows, column, columns;
  };
  void multiply(const Part& part, const FirstFactor& a, const SecondFactor& b, const ProductResult& result,
                const Run& run, float* slot) const;

 private:
  // A's rows as segments of the micro-kernels: whole vectors, then single elements.
  struct Segments {
    std::vector<std::ptrdiff_t> offsets;
    std::ptrdiff_t full, single;
    Segments(std::ptrdiff_t length, std::ptrdiff_t width);
  };
  struct Block;  // of sums

  void shareRows(std::ptrdiff_t product, const FirstFactor& a, const SecondFactor& b, const ProductResult& result,
                 const Run& run, float* workspace) const;
  void pack(const SecondFactor& b, std::ptrdiff_t product, std::ptrdiff_t sum, std::ptrdiff_t column,
            std::ptrdiff_t columns, float* to) const;
  std::ptrdiff_t panelAt(std::ptrdiff_t column) const { return column / blocks_.width() * panelStep_; }
  void multiplyRows(const Block& block, std::ptrdiff_t row, std::ptrdiff_t rows, const FirstFactor& a,
                    const SecondFactor& b, const ProductResult& result, float* slot) const;
  void tile(GemmArgs& args, std::ptrdiff_t columns, std::ptrdiff_t rows) const;

  const ProductBlocks blocks_;
  const bool copiesA_, packsB_;
  const Segments whole_, last_;
  std::ptrdiff_t aStep_;                    // floats between rows of a copied block of A
  std::ptrdiff_t panelStep_, panelFloats_;  // floats between packed panels, and of those of a block
  std::ptrdiff_t panelsAt_, tilesAt_;       // in a thread's part of the workspace
  std::ptrdiff_t sharedFloats_, slotFloats_;
};

}  // namespace winograd
