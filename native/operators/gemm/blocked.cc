#include "operators/gemm/blocked.h"

#include <algorithm>

#include "operators/common/describe.h"
#include "operators/common/work.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kLineFloats = 16;
// Between rows of a copied block of A, beside what they hold: rows a power of two apart would fall into few sets of the
// first level of cache.
constexpr std::ptrdiff_t kRowGap = 16;

constexpr const char* kShared[] = {"columns", "rows"};

}  // namespace

ProductBlocks readProductBlocks(const Value& schedule, std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t k) {
  const auto block = [&](const char* name) { return schedule[name].integer(1, describe::kMaxElements); };
  const ProductBlocks blocks{&describe::kernels(schedule),
                             describe::threads(schedule),
                             m,
                             n,
                             k,
                             std::min(block("rowBlock"), m),
                             block("columnBlock"),
                             std::min(block("sumBlock"), k),
                             static_cast<Shared>(describe::choice(schedule["shared"], kShared))};
  if (blocks.columnBlock % blocks.width() != 0) schedule["columnBlock"].refuse("a multiple of two vectors");
  return blocks;
}

ProductResult ProductResult::from(std::ptrdiff_t row, std::ptrdiff_t column) const {
  ProductResult part = *this;
  part.c += row * stride + column;
  if (residual != nullptr) part.residual += row * stride + column;
  if (rowBias != nullptr) part.rowBias += row;
  if (columnBias != nullptr) part.columnBias += column;
  return part;
}

BlockedProduct::Segments::Segments(std::ptrdiff_t length, std::ptrdiff_t width)
    : full(length / width), single(length % width) {
  for (std::ptrdiff_t s = 0; s < full; s++) offsets.push_back(s * width);
  for (std::ptrdiff_t s = full * width; s < length; s++) offsets.push_back(s);
}

BlockedProduct::BlockedProduct(const ProductBlocks& blocks, bool copiesA, bool packsB)
    : blocks_(blocks),
      copiesA_(copiesA),
      packsB_(packsB),
      whole_(blocks.sumBlock, blocks.kernels->width),
      last_(blocks.sums((blocks.k - 1) / blocks.sumBlock * blocks.sumBlock), blocks.kernels->width),
      aStep_(roundUp(blocks.sumBlock, kLineFloats) + kRowGap),
      // Whoever packs a panel may write a vector behind it.
      panelStep_(describe::elements({blocks.sumBlock, blocks.width()}) + roundUp(blocks.kernels->width, kLineFloats)),
      panelFloats_(
          packsB ? describe::elements({divideUp(std::min(blocks.columnBlock, blocks.n), blocks.width()), panelStep_})
                 : 0) {
  const bool shares = packsB && blocks.shared == Shared::rows;
  sharedFloats_ = shares ? panelFloats_ : 0;
  panelsAt_ = copiesA ? describe::elements({blocks.rowBlock, aStep_}) : 0;
  tilesAt_ = panelsAt_ + (shares ? 0 : panelFloats_);
  slotFloats_ = tilesAt_ + 2 * kMaxGemmRows * blocks.width();
}

// A block of sums for a block of columns.
struct BlockedProduct::Block {
  std::ptrdiff_t product, sum, column, columns;
  const float* panels;  // packed ones
};

void BlockedProduct::run(std::ptrdiff_t count, const FirstFactor& a, const SecondFactor& b,
                         const std::function<ProductResult(std::ptrdiff_t)>& resultOf, const Run& run,
                         float* workspace) const {
  if (packsB_ && blocks_.shared == Shared::rows) {
    for (std::ptrdiff_t product = 0; product < count; product++)
      shareRows(product, a, b, resultOf(product), run, workspace);
    return;
  }
  // Rows are shared, too, where nothing is packed for them.
  const std::ptrdiff_t rowBlock = packsB_ ? blocks_.m : blocks_.rowBlock;
  const std::ptrdiff_t rowBlocks = divideUp(blocks_.m, rowBlock);
  const std::ptrdiff_t items = rowBlocks * divideUp(blocks_.n, blocks_.columnBlock);
  forEachItem(count * items, blocks_.threads, run, [&](std::ptrdiff_t item, int slot) {
    const std::ptrdiff_t row = item % rowBlocks * rowBlock, column = item % items / rowBlocks * blocks_.columnBlock;
    const Part part{item / items, row, std::min(rowBlock, blocks_.m - row), column,
                    std::min(blocks_.columnBlock, blocks_.n - column)};
    multiply(part, a, b, resultOf(part.product).from(row, column), run, workspace + sharedFloats_ + slot * slotFloats_);
  });
}

void BlockedProduct::multiply(const Part& part, const FirstFactor& a, const SecondFactor& b,
                              const ProductResult& result, const Run& run, float* slot) const {
  for (std::ptrdiff_t sum = 0; sum < blocks_.k; sum += blocks_.sumBlock) {
    if (packsB_) pack(b, part.product, sum, part.column, part.columns, slot + panelsAt_);
    const Block block{part.product, sum, part.column, part.columns, slot + panelsAt_};
    for (std::ptrdiff_t row = 0; row < part.rows; row += blocks_.rowBlock) {
      if (run.stopped()) return;
      multiplyRows(block, part.row + row, std::min(blocks_.rowBlock, part.rows - row), a, b, result.from(row, 0), slot);
    }
  }
}

void BlockedProduct::shareRows(std::ptrdiff_t product, const FirstFactor& a, const SecondFactor& b,
                               const ProductResult& result, const Run& run, float* workspace) const {
  for (std::ptrdiff_t column = 0; column < blocks_.n; column += blocks_.columnBlock) {
    const std::ptrdiff_t columns = std::min(blocks_.columnBlock, blocks_.n - column);
    for (std::ptrdiff_t sum = 0; sum < blocks_.k; sum += blocks_.sumBlock) {
      const std::ptrdiff_t panels = divideUp(columns, blocks_.width());
      forEachRange(panels, grainOf(panels, blocks_.threads, panels), blocks_.threads, run,
                   [&](std::ptrdiff_t begin, std::ptrdiff_t end, int) {
                     const std::ptrdiff_t at = begin * blocks_.width();
                     pack(b, product, sum, column + at, std::min(end * blocks_.width(), columns) - at,
                          workspace + panelAt(at));
                   });
      const Block block{product, sum, column, columns, workspace};
      forEachItem(divideUp(blocks_.m, blocks_.rowBlock), blocks_.threads, run, [&](std::ptrdiff_t item, int slot) {
        const std::ptrdiff_t row = item * blocks_.rowBlock;
        multiplyRows(block, row, std::min(blocks_.rowBlock, blocks_.m - row), a, b, result.from(row, column),
                     workspace + sharedFloats_ + slot * slotFloats_);
      });
    }
  }
}

void BlockedProduct::pack(const SecondFactor& b, std::ptrdiff_t product, std::ptrdiff_t sum, std::ptrdiff_t column,
                          std::ptrdiff_t columns, float* to) const {
  b.pack({product, sum, blocks_.sums(sum), column, columns, blocks_.width(), panelStep_, blocks_.kernels->width}, to);
}

void BlockedProduct::multiplyRows(const Block& block, std::ptrdiff_t row, std::ptrdiff_t rows, const FirstFactor& a,
                                  const SecondFactor& b, const ProductResult& result, float* slot) const {
  const KernelTable& kernels = *blocks_.kernels;
  const bool first = block.sum == 0, end = block.sum + blocks_.sumBlock >= blocks_.k;
  const bool adds = !first || result.adds;
  if (first && result.adds && result.scale != 1) {
    for (std::ptrdiff_t r = 0; r < rows; r++) {
      float* const c = result.c + r * result.stride;
      for (std::ptrdiff_t i = 0; i < block.columns; i++) c[i] *= result.scale;
    }
  }
  FirstFactor::Rows from{slot, aStep_};
  if (copiesA_) {
    a.copy(block.product, row, rows, block.sum, blocks_.sums(block.sum), slot, aStep_);
  } else {
    from = a.inPlace(block.product, row, block.sum);
  }
  const Segments& segments = end ? last_ : whole_;
  GemmArgs args{};
  args.offsets = segments.offsets.data();
  args.full = segments.full;
  args.single = segments.single;
  args.rowStride = from.stride;
  args.cVector = kernels.width;
  args.activation = end ? result.activation : nullptr;
  for (std::ptrdiff_t r = 0; r < rows; r += kernels.gemmRows) {
    const std::ptrdiff_t count = std::min<std::ptrdiff_t>(kernels.gemmRows, rows - r);
    for (std::ptrdiff_t column = 0; column < block.columns; column += blocks_.width()) {
      const std::ptrdiff_t padded = blocks_.columns(block.column + column);
      const std::ptrdiff_t columns = std::min(padded, block.columns - column);
      args.b = packsB_ ? block.panels + panelAt(column) : b.inPlace(block.product, block.sum, block.column + column);
      args.bias = first && result.columnBias != nullptr ? result.columnBias + column : nullptr;
      const ProductResult to = result.from(r, column);
      args.a = from.at + r * from.stride;
      args.rowBias = first ? to.rowBias : nullptr;
      args.residual = end ? to.residual : nullptr;
      args.c = to.c;
      args.cStride = to.stride;
      args.addend = adds ? to.c : nullptr;
      if (columns == padded) {
        tile(args, padded, count);
        continue;
      }
      // Of a vector that reaches beyond the columns, what is missing falls into a tile of its own.
      const std::ptrdiff_t step = blocks_.width();
      float* const spare = slot + tilesAt_;
      float* const residual = spare + kMaxGemmRows * step;
      if (adds) kernels.copyRows({to.c, to.stride, count, columns, spare, step});
      if (args.residual != nullptr) {
        kernels.copyRows({args.residual, to.stride, count, columns, residual, step});
        args.residual = residual;
      }
      args.c = spare;
      args.cStride = step;
      if (adds) args.addend = spare;
      tile(args, padded, count);
      kernels.copyRows({spare, step, count, columns, to.c, to.stride});
    }
  }
}

void BlockedProduct::tile(GemmArgs& args, std::ptrdiff_t columns, std::ptrdiff_t rows) const {
  blocks_.kernels->gemmStrided[columns / blocks_.kernels->width - 1][rows - 1](args);
}

}  // namespace winograd
