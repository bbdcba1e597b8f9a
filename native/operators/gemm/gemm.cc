#include "operators/gemm/gemm.h"

#include <algorithm>

#include "operators/common/work.h"
#include "operators/gemm/panels.h"

namespace winograd {
namespace {

// Between rows of a copied block of A, beside what they hold: rows a power of two apart would fall into few sets of the
// first level of cache.
constexpr std::ptrdiff_t kRowGap = 16;
constexpr std::ptrdiff_t kLineFloats = 16;

// A's rows as segments of the micro-kernels: whole vectors, then single elements.
struct Segments {
  std::vector<std::ptrdiff_t> offsets;
  std::ptrdiff_t full, single;

  Segments(std::ptrdiff_t length, std::ptrdiff_t width) : full(length / width), single(length % width) {
    for (std::ptrdiff_t s = 0; s < full; s++) offsets.push_back(s * width);
    for (std::ptrdiff_t s = full * width; s < length; s++) offsets.push_back(s);
  }
};

class GemmKernel : public Kernel {
 public:
  explicit GemmKernel(const Value& description)
      : threads_(describe::threads(description)),
        panels_(readPanels(description)),
        m_(description["m"].integer(1, describe::kMaxElements)),
        aMatrices_(description["matrices"]["a"].integer(1, describe::kMaxElements)),
        bMatrices_(description["matrices"]["b"].integer(1, describe::kMaxElements)),
        aIndices_(indices(description["a"], aMatrices_)),
        bIndices_(indices(description["b"], bMatrices_)),
        transposesA_(description["transposeA"].boolean()),
        copiesA_(transposesA_ || description["packA"].boolean()),
        packed_(description["packed"].boolean()),
        plain_(packed_ ? PlainFactor{false, 1} : readPlainFactor(description)),
        beta_(static_cast<float>(description["beta"].number())),
        rowBlock_(description["rowBlock"].integer(1, describe::kMaxElements)),
        columnBlock_(description["columnBlock"].integer(1, describe::kMaxElements)),
        activation_(describe::activation(description["activation"])),
        whole_(std::min(panels_.sumBlock, panels_.k), panels_.kernels->width),
        last_(panels_.rows(panels_.blocks() - 1), panels_.kernels->width) {
    const std::ptrdiff_t n = panels_.n, k = panels_.k;
    if (aIndices_.size() != bIndices_.size()) description["b"].refuse("as many indices as of A");
    if (columnBlock_ % panels_.width() != 0) description["columnBlock"].refuse("a multiple of two vectors");
    rowBlock_ = std::min(rowBlock_, m_);
    const Value& strides = description["biasStrides"];
    if (!strides.missing()) {
      const std::vector<std::ptrdiff_t> given = describe::sizes(strides, 2, 0);
      biased_ = true;
      biasRow_ = given[0];
      biasColumn_ = given[1];
      if (biasColumn_ > 1 || (biasRow_ != 0 && biasRow_ != (biasColumn_ == 1 ? n : 1)))
        strides.refuse("those of rows, columns or a matrix");
    }
    aBytes_ = describe::floatBytes(describe::elements({aMatrices_, m_, k}));
    bBytes_ = describe::floatBytes(describe::elements({bMatrices_, packed_ ? panels_.floats() : n * k}));
    cBytes_ = describe::floatBytes(describe::elements({static_cast<std::ptrdiff_t>(aIndices_.size()), m_, n}));
    aStep_ = std::min(panels_.sumBlock, k) + kRowGap;
    // The workspace: B packed, the bias of each column, then for each thread a block of A and a register tile.
    biasAt_ = packed_ ? 0 : describe::elements({bMatrices_, panels_.floats()});
    slotsAt_ = biasAt_ + roundUp(spread() ? panels_.columns() : 0, kLineFloats);
    tileAt_ = copiesA_ ? roundUp(describe::elements({rowBlock_, aStep_}), kLineFloats) : 0;
    slotFloats_ = tileAt_ + kMaxGemmRows * panels_.width();
  }

  std::vector<std::size_t> inputBytes() const override {
    return {aBytes_, bBytes_,
            biased_ ? describe::floatBytes((m_ - 1) * biasRow_ + (panels_.n - 1) * biasColumn_ + 1) : 0};
  }
  std::vector<std::size_t> outputBytes() const override { return {cBytes_}; }
  std::size_t workspaceBytes() const override { return describe::floatBytes(slotsAt_ + threads_ * slotFloats_); }
  int threads() const override { return threads_; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    Stopwatch watch, stage;
    Times times;
    const float* b = inputs[1].floats();
    if (!packed_) {
      packAll(b, run);
      b = workspaceAt(run, 0);
    }
    const float* const bias = inputs.size() > 2 ? inputs[2].floats() : nullptr;
    if (spread()) {
      float* const to = workspaceAt(run, biasAt_);
      for (std::ptrdiff_t c = 0; c < panels_.columns(); c++) to[c] = c < panels_.n ? beta_ * bias[c * biasColumn_] : 0;
    }
    times.input = stage.lap();
    const std::ptrdiff_t rowBlocks = divideUp(m_, rowBlock_), columnBlocks = divideUp(panels_.n, columnBlock_);
    const std::ptrdiff_t items = rowBlocks * columnBlocks;
    forEachItem(static_cast<std::ptrdiff_t>(aIndices_.size()) * items, threads_, run,
                [&](std::ptrdiff_t item, int slot) {
                  const std::size_t matrix = static_cast<std::size_t>(item / items);
                  const Piece piece{inputs[0].floats() + aIndices_[matrix] * m_ * panels_.k,
                                    b + bIndices_[matrix] * panels_.floats(),
                                    outputs[0].floats() + item / items * m_ * panels_.n, item % rowBlocks * rowBlock_,
                                    item % items / rowBlocks * columnBlock_};
                  multiply(piece, bias, run, slot);
                });
    times.product = stage.lap();
    times.total = watch.lap();
    return times;
  }

 private:
  // A row block by a column block of one product.
  struct Piece {
    const float *a, *b;
    float* c;
    std::ptrdiff_t row, column;
  };

  static std::vector<std::ptrdiff_t> indices(const Value& value, std::ptrdiff_t matrices) {
    return describe::sizes(value, value.integers().size(), 0, matrices - 1);
  }

  // The bias is the same in all rows: sums begin with it. Another is written where the sums come, and added to.
  bool spread() const { return biased_ && biasRow_ == 0; }
  bool prefilled() const { return biased_ && biasRow_ != 0; }

  void packAll(const float* from, const Run& run) const {
    const std::ptrdiff_t blocks = panels_.blocks(), count = panels_.count();
    forEachItem(bMatrices_ * blocks * count, threads_, run, [&](std::ptrdiff_t item, int) {
      const std::ptrdiff_t matrix = item / count / blocks;
      packPanel(panels_, plain_, from + matrix * panels_.n * panels_.k, item / count % blocks, item % count,
                workspaceAt(run, matrix * panels_.floats()));
    });
  }

  void multiply(const Piece& piece, const float* bias, const Run& run, int slot) const {
    const std::ptrdiff_t rows = std::min(rowBlock_, m_ - piece.row);
    const std::ptrdiff_t end = std::min(panels_.n, piece.column + columnBlock_);
    float* const own = workspaceAt(run, slotsAt_ + slot * slotFloats_);
    if (prefilled()) {
      for (std::ptrdiff_t r = piece.row; r < piece.row + rows; r++) {
        for (std::ptrdiff_t c = piece.column; c < end; c++)
          piece.c[r * panels_.n + c] = beta_ * bias[r * biasRow_ + c * biasColumn_];
      }
    }
    const std::ptrdiff_t blocks = panels_.blocks();
    for (std::ptrdiff_t block = 0; block < blocks; block++) {
      if (run.stopped()) return;
      GemmArgs args{};
      const Segments& segments = block + 1 == blocks ? last_ : whole_;
      args.offsets = segments.offsets.data();
      args.full = segments.full;
      args.single = segments.single;
      args.activation = block + 1 == blocks && !changesNothing(activation_) ? &activation_ : nullptr;
      const std::ptrdiff_t sum = block * panels_.sumBlock;
      if (copiesA_) copyRows(piece, sum, panels_.rows(block), rows, own);
      const float* const a = copiesA_ ? own : piece.a + piece.row * panels_.k + sum;
      args.rowStride = copiesA_ ? aStep_ : panels_.k;
      for (std::ptrdiff_t column = piece.column; column < end; column += panels_.width()) {
        const std::ptrdiff_t panel = column / panels_.width();
        args.b = piece.b + panels_.at(block, panel);
        args.bias = block == 0 && spread() ? workspaceAt(run, biasAt_ + column) : nullptr;
        const bool adds = block > 0 || prefilled();
        const std::ptrdiff_t columns = std::min(panels_.columns(panel), panels_.n - column);
        for (std::ptrdiff_t r = 0; r < rows; r += panels_.kernels->gemmRows) {
          const std::ptrdiff_t tileRows = std::min<std::ptrdiff_t>(panels_.kernels->gemmRows, rows - r);
          args.a = a + r * args.rowStride;
          float* const c = piece.c + (piece.row + r) * panels_.n + column;
          if (columns == panels_.columns(panel)) {
            tile(args, panel, tileRows, c, panels_.n, adds);
          } else {
            // Of a vector that reaches beyond the columns, what is missing falls into a tile of its own.
            float* const spare = own + tileAt_;
            if (adds) panels_.kernels->copyRows({c, panels_.n, tileRows, columns, spare, panels_.width()});
            tile(args, panel, tileRows, spare, panels_.width(), adds);
            panels_.kernels->copyRows({spare, panels_.width(), tileRows, columns, c, panels_.n});
          }
        }
      }
    }
  }

  void tile(GemmArgs& args, std::ptrdiff_t panel, std::ptrdiff_t rows, float* c, std::ptrdiff_t step, bool adds) const {
    args.c = c;
    args.cStride = step;
    args.cVector = panels_.kernels->width;
    args.addend = adds ? c : nullptr;
    panels_.kernels->gemmStrided[panels_.columns(panel) / panels_.kernels->width - 1][rows - 1](args);
  }

  void copyRows(const Piece& piece, std::ptrdiff_t sum, std::ptrdiff_t length, std::ptrdiff_t rows, float* to) const {
    if (transposesA_) {
      panels_.kernels->transpose({piece.a + sum * m_ + piece.row, m_, length, rows, to, aStep_});
    } else {
      panels_.kernels->copyRows({piece.a + piece.row * panels_.k + sum, panels_.k, rows, length, to, aStep_});
    }
  }

  int threads_;
  GemmPanels panels_;
  std::ptrdiff_t m_, aMatrices_, bMatrices_;
  std::vector<std::ptrdiff_t> aIndices_, bIndices_;
  bool transposesA_, copiesA_, packed_;
  PlainFactor plain_;
  float beta_;
  std::ptrdiff_t rowBlock_, columnBlock_;
  Activation activation_;
  Segments whole_, last_;
  bool biased_ = false;
  std::ptrdiff_t biasRow_ = 0, biasColumn_ = 0;
  std::size_t aBytes_, bBytes_, cBytes_;
  std::ptrdiff_t aStep_;  // floats between rows of a copied block of A
  std::ptrdiff_t biasAt_, slotsAt_, tileAt_, slotFloats_;
};

}  // namespace

const Operator kGemm{"gemm", prepare<GemmKernel>};

}  // namespace winograd
