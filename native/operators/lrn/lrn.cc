#include "operators/lrn/lrn.h"

#include <algorithm>

#include "operators/common/describe.h"
#include "operators/common/work.h"
#include "operators/elementwise/formula.h"
#include "runtime/memory.h"

namespace winograd {
namespace {

constexpr int kMaxSize = 64;

// The formula of the channels of the window, the element's own first.
FormulaParts formulaOf(int size, double alpha, double beta, double bias) {
  FormulaParts parts{size, {static_cast<float>(alpha / size), static_cast<float>(bias), static_cast<float>(-beta)}, {}};
  const int known = size + 3;
  const auto add = [&](const char* function, std::vector<int> operands) {
    parts.steps.push_back({function, std::move(operands)});
    return known + static_cast<int>(parts.steps.size()) - 1;
  };
  int sum = add("Mul", {0, 0});
  for (int i = 1; i < size; i++) sum = add("MultiplyAdd", {i, i, sum});
  const int base = add("MultiplyAdd", {sum, size, size + 1});
  if (beta == 0.75) {
    // The usual exponent, by two roots.
    const int root = add("Sqrt", {base}), fourth = add("Sqrt", {root});
    add("Div", {0, add("Mul", {root, fourth})});
  } else {
    add("Mul", {0, add("Pow", {base, size + 2})});
  }
  return parts;
}

class LrnKernel : public Kernel {
 public:
  explicit LrnKernel(const Value& description)
      : kernels_(describe::kernels(description)),
        size_(static_cast<int>(description["size"].integer(1, kMaxSize))),
        formula_(kernels_, formulaOf(size_, description["alpha"].number(), description["beta"].number(),
                                     description["bias"].number())),
        channels_(description["channels"].integer(0, describe::kMaxElements)),
        pixels_(description["pixels"].integer(0, describe::kMaxElements)) {
    const std::ptrdiff_t batch = description["batch"].integer(0, describe::kMaxElements);
    floats_ = describe::elements({batch, channels_, pixels_});
    pieces_ = divideUp(pixels_, formula_.strip());
    strips_ = batch * channels_ * pieces_;
    stripsPerItem_ = std::max<std::ptrdiff_t>(1, strips_ * kItem / std::max<std::ptrdiff_t>(1, floats_));
    threads_ = static_cast<int>(
        std::clamp<std::ptrdiff_t>(divideUp(strips_, stripsPerItem_), 1, describe::threads(description)));
  }

  std::vector<std::size_t> inputBytes() const override { return {describe::floatBytes(floats_)}; }
  std::vector<std::size_t> outputBytes() const override { return inputBytes(); }
  std::size_t workspaceBytes() const override { return describe::floatBytes(threads_ * formula_.workspaceFloats()); }
  int threads() const override { return threads_; }
  bool wakes() const override { return floats_ >= kWorthWakingFloats; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    forEachRange(strips_, stripsPerItem_, threads_, run, [&](std::ptrdiff_t begin, std::ptrdiff_t end, int slot) {
      alignas(64) static constexpr float zeros[kMaxWidth] = {};
      StripOperand operands[kMaxSize];
      for (std::ptrdiff_t strip = begin; strip < end; strip++) {
        const std::ptrdiff_t row = strip / pieces_, x = strip % pieces_ * formula_.strip(), channel = row % channels_;
        const float* const from = inputs[0].floats() + row * pixels_ + x;
        const std::ptrdiff_t first = -(size_ - 1) / 2;
        int next = 0;
        operands[next++] = {from, false};
        for (std::ptrdiff_t d = first; d < first + size_; d++) {
          if (d == 0) continue;
          const bool there = channel + d >= 0 && channel + d < channels_;
          operands[next++] = there ? StripOperand{from + d * pixels_, false} : StripOperand{zeros, true};
        }
        formula_.run(operands, outputs[0].floats() + row * pixels_ + x, std::min(formula_.strip(), pixels_ - x), false,
                     workspaceAt(run, slot * formula_.workspaceFloats()));
      }
    });
    return {};
  }

 private:
  static constexpr std::ptrdiff_t kItem = 8192;  // floats
  static constexpr std::ptrdiff_t kWorthWakingFloats = 1 << 15;

  const KernelTable& kernels_;
  int size_;
  Formula formula_;
  std::ptrdiff_t channels_, pixels_, floats_, pieces_, strips_, stripsPerItem_;
  int threads_;
};

}  // namespace

const Operator kLrn{"lrn", prepare<LrnKernel>};

}  // namespace winograd
