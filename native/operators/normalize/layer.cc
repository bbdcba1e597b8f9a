#include <algorithm>

#include "operators/common/describe.h"
#include "operators/common/work.h"
#include "operators/normalize/common.h"
#include "operators/normalize/normalize.h"

namespace winograd {
namespace {

// Inputs of the formula that runs, and what comes first in it: (x - mean) * factor + shift, then * scale + bias.
enum { kX, kMean, kFactor, kShift, kScale, kBias, kOwnInputs };
FormulaParts normalizing() {
  return {kOwnInputs, {}, {{"Normalize", {kX, kMean, kFactor, kShift}}, {"MultiplyAdd", {kOwnInputs, kScale, kBias}}}};
}

class LayerNormalization : public Kernel {
 public:
  explicit LayerNormalization(const Value& description)
      : kernels_(describe::kernels(description)),
        parts_(NormalizationParts::read(description)),
        formula_(kernels_, parts_.formula.after(normalizing())),
        rows_(description["rows"].integer(0, describe::kMaxElements)),
        length_(description["length"].integer(1, describe::kMaxElements)),
        floats_(describe::elements({rows_, length_})) {
    threads_ = static_cast<int>(std::clamp<std::ptrdiff_t>(floats_ / kItem, 1, describe::threads(description)));
    rowsPerItem_ = std::max<std::ptrdiff_t>(1, kItem / length_);
  }

  std::vector<std::size_t> inputBytes() const override {
    return parts_.inputBytes(describe::floatBytes(floats_), describe::floatBytes(length_));
  }
  std::vector<std::size_t> outputBytes() const override { return {describe::floatBytes(floats_)}; }
  std::size_t workspaceBytes() const override { return describe::floatBytes(threads_ * formula_.workspaceFloats()); }
  int threads() const override { return threads_; }
  bool wakes() const override { return floats_ >= kWorthWakingFloats; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    forEachRange(rows_, rowsPerItem_, threads_, run, [&](std::ptrdiff_t begin, std::ptrdiff_t end, int slot) {
      float* const workspace = workspaceAt(run, slot * formula_.workspaceFloats());
      for (std::ptrdiff_t row = begin; row < end; row++) normalize(inputs, outputs, row, workspace);
    });
    return {};
  }

 private:
  static constexpr std::ptrdiff_t kItem = 16384;  // floats
  static constexpr std::ptrdiff_t kWorthWakingFloats = 1 << 17;

  void normalize(std::span<const Buffer> inputs, std::span<const Buffer> outputs, std::ptrdiff_t row,
                 float* workspace) const {
    const std::ptrdiff_t width = kernels_.width, first = row * length_;
    double totals[2 * kMaxWidth] = {};
    kernels_.moments({inputs[0].floats() + first, length_, totals});
    double sum = 0, square = 0;
    for (std::ptrdiff_t lane = 0; lane < width; lane++) {
      sum += totals[lane];
      square += totals[width + lane];
    }
    const Standardization standard = standardize(sum, square, length_, parts_.epsilon);
    // What rounding takes from the mean goes to the shift.
    const float mean = static_cast<float>(standard.mean);
    const double shift = (static_cast<double>(mean) - standard.mean) * standard.factor;
    const float values[kOwnInputs] = {0, mean, static_cast<float>(standard.factor), static_cast<float>(shift), 1, 0};
    alignas(64) float known[kOwnInputs][kMaxWidth];
    StripOperand operands[kOwnInputs + NormalizationParts::kMaxInputs];
    for (int k = 0; k < kOwnInputs; k++) {
      std::fill_n(known[k], kMaxWidth, values[k]);
      operands[k] = {known[k], true};
    }
    for (std::ptrdiff_t x = 0; x < length_; x += formula_.strip()) {
      operands[kX] = {inputs[0].floats() + first + x, false};
      if (parts_.scale) operands[kScale] = {inputs[1].floats() + x, false};
      if (parts_.bias) operands[kBias] = {inputs[2].floats() + x, false};
      for (std::size_t i = NormalizationParts::kOthers; i < inputs.size(); i++)
        operands[kOwnInputs + i - NormalizationParts::kOthers] = {inputs[i].floats() + first + x, false};
      formula_.run(operands, outputs[0].floats() + first + x, std::min(formula_.strip(), length_ - x), false,
                   workspace);
    }
  }

  const KernelTable& kernels_;
  NormalizationParts parts_;
  Formula formula_;
  std::ptrdiff_t rows_, length_, floats_, rowsPerItem_;
  int threads_;
};

}  // namespace

const Operator kLayerNormalization{"layer normalization", prepare<LayerNormalization>};

}  // namespace winograd
