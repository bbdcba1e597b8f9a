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
        plain_(readPlainFactor(description)) {
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
      packPanel(panels_, plain_, inputs[0].floats() + matrix * panels_.n * panels_.k, block, panel,
                outputs[0].floats() + matrix * panels_.floats());
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

PlainFactor readPlainFactor(const Value& description) {
  return {description["transposeB"].boolean(), static_cast<float>(description["alpha"].number())};
}

void packPanel(const GemmPanels& panels, const PlainFactor& plain, const float* from, std::ptrdiff_t block,
               std::ptrdiff_t panel, float* to) {
  const std::ptrdiff_t columns = panels.columns(panel), rows = panels.rows(block);
  const std::ptrdiff_t first = panel * panels.width(), present = std::min(columns, panels.n - first);
  const std::ptrdiff_t row = block * panels.sumBlock;
  to += panels.at(block, panel);
  if (present < columns) std::fill_n(to, rows * columns, 0.0f);
  if (plain.transposed) {
    panels.kernels->transpose({from + first * panels.k + row, panels.k, present, rows, to, columns});
  } else {
    panels.kernels->copyRows({from + row * panels.n + first, panels.n, rows, present, to, columns});
  }
  if (plain.scale != 1) {
    for (std::ptrdiff_t i = 0; i < rows * columns; i++) to[i] *= plain.scale;
  }
}

const Operator kPackGemm{"pack gemm", prepare<PackGemm>};

}  // namespace winograd
