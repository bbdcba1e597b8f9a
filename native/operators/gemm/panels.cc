#include "operators/gemm/panels.h"

#include <algorithm>

#include "operators/common/work.h"

namespace winograd {
namespace {

class PackGemm : public Kernel {
 public:
  explicit PackGemm(const Value& description)
      : threads_(describe::threads(description)),
        matrices_(description["matrices"].integer(1, describe::kMaxElements)),
        panels_(readPanels(description)),
        plain_(readPlainFactor(description, panels_)) {
    describe::elements({matrices_, panels_.floats()});
  }

  std::vector<std::size_t> inputBytes() const override {
    return {describe::floatBytes(matrices_ * panels_.n * panels_.k)};
  }
  std::vector<std::size_t> outputBytes() const override { return {describe::floatBytes(matrices_ * panels_.floats())}; }
  std::size_t workspaceBytes() const override { return 0; }
  int threads() const override { return threads_; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    Stopwatch watch;
    const std::ptrdiff_t blocks = panels_.blocks(), count = panels_.count();
    forEachItem(matrices_ * blocks * count, threads_, run, [&](std::ptrdiff_t item, int) {
      const std::ptrdiff_t matrix = item / count / blocks, block = item / count % blocks, panel = item % count;
      const std::ptrdiff_t column = panel * panels_.width(), columns = panels_.columns(panel);
      packPlain(*panels_.kernels, plain_, inputs[0].floats() + matrix * panels_.n * panels_.k, block * panels_.sumBlock,
                panels_.rows(block), column, std::min(columns, panels_.n - column), columns,
                outputs[0].floats() + matrix * panels_.floats() + panels_.at(block, panel));
    });
    return {watch.lap()};
  }

 private:
  int threads_;
  std::ptrdiff_t matrices_;
  GemmPanels panels_;
  PlainFactor plain_;
};

}  // namespace

GemmPanels readPanels(const Value& description) {
  const GemmPanels panels{&describe::kernels(description), description["n"].integer(1, describe::kMaxElements),
                          description["k"].integer(1, describe::kMaxElements),
                          description["sumBlock"].integer(1, describe::kMaxElements)};
  describe::elements({panels.columns(), panels.k});
  return panels;
}

PlainFactor readPlainFactor(const Value& description, const GemmPanels& panels) {
  const bool transposed = description["transposeB"].boolean();
  return {transposed, transposed ? panels.k : panels.n, static_cast<float>(description["alpha"].number())};
}

void packPlain(const KernelTable& kernels, const PlainFactor& plain, const float* from, std::ptrdiff_t sum,
               std::ptrdiff_t sums, std::ptrdiff_t column, std::ptrdiff_t present, std::ptrdiff_t columns, float* to) {
  if (present < columns) std::fill_n(to, sums * columns, 0.0f);
  if (plain.transposed) {
    kernels.transpose({from + column * plain.stride + sum, plain.stride, present, sums, to, columns});
  } else {
    kernels.copyRows({from + sum * plain.stride + column, plain.stride, sums, present, to, columns});
  }
  if (plain.scale != 1) {
    for (std::ptrdiff_t i = 0; i < sums * columns; i++) to[i] *= plain.scale;
  }
}

const Operator kPackGemm{"pack gemm", prepare<PackGemm>};

}  // namespace winograd
