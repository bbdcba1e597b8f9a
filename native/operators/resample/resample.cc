#include "operators/resample/resample.h"

#include <algorithm>

#include "operators/common/describe.h"
#include "operators/common/work.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kItemFloats = 1 << 15;
constexpr std::ptrdiff_t kMostTaps = 64;
constexpr std::ptrdiff_t kLongPixel = 64;  // floats

class Resample : public Kernel {
 public:
  explicit Resample(const Value& description)
      : kernels_(describe::kernels(description)),
        threads_(describe::threads(description)),
        outer_(description["outer"].integer(0, describe::kMaxElements)),
        inputs_(description["inputs"].integer(1, describe::kMaxElements)),
        outputs_(description["outputs"].integer(1, describe::kMaxElements)),
        inner_(description["inner"].integer(0, describe::kMaxElements)),
        taps_(description["taps"].integer(1, kMostTaps)),
        indices_(description["indices"].integers()),
        weights_(description["weights"].floats()) {
    inputBytes_ = describe::floatBytes(describe::elements({outer_, inputs_, inner_}));
    outputBytes_ = describe::floatBytes(describe::elements({outer_, outputs_, inner_}));
    const std::size_t entries = static_cast<std::size_t>(describe::elements({taps_, outputs_}));
    describe::sizes(description["indices"], entries, 0, inputs_ - 1);
    if (weights_.size() != entries) description["weights"].refuse("as many numbers as indices");
  }

  std::vector<std::size_t> inputBytes() const override { return {inputBytes_}; }
  std::vector<std::size_t> outputBytes() const override { return {outputBytes_}; }
  std::size_t workspaceBytes() const override { return 0; }
  int threads() const override { return threads_; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    Stopwatch watch;
    const float* const from = inputs[0].floats();
    float* const to = outputs[0].floats();
    // Short pixels are blended along the whole axis, longer ones each as a row.
    const bool pixels = inner_ == 1 || (inner_ % kernels_.width == 0 && inner_ <= kLongPixel);
    const std::ptrdiff_t row = pixels ? outputs_ * inner_ : inner_, rows = pixels ? outer_ : outer_ * outputs_;
    if (row == 0) return {watch.lap()};
    const std::ptrdiff_t grain = grainOf(rows, threads_, kItemFloats / row);
    forEachRange(rows, grain, threads_, run, [&](std::ptrdiff_t begin, std::ptrdiff_t end, int) {
      for (std::ptrdiff_t r = begin; r < end; r++) {
        if (pixels) {
          kernels_.blendPixels(
              {from + r * inputs_ * inner_, indices_.data(), weights_.data(), taps_, outputs_, inner_, to + r * row});
        } else {
          blendRow(from + r / outputs_ * inputs_ * inner_, r % outputs_, to + r * row);
        }
      }
    });
    return {watch.lap()};
  }

 private:
  void blendRow(const float* from, std::ptrdiff_t output, float* to) const {
    const float* rows[kMostTaps];
    float weights[kMostTaps];
    for (std::ptrdiff_t tap = 0; tap < taps_; tap++) {
      const std::size_t at = static_cast<std::size_t>(tap * outputs_ + output);
      rows[tap] = from + indices_[at] * inner_;
      weights[tap] = weights_[at];
    }
    kernels_.blendRows({rows, weights, taps_, inner_, to});
  }

  const KernelTable& kernels_;
  int threads_;
  std::ptrdiff_t outer_, inputs_, outputs_, inner_, taps_;
  std::vector<std::int32_t> indices_;
  std::vector<float> weights_;
  std::size_t inputBytes_, outputBytes_;
};

}  // namespace

const Operator kResample{"resample", prepare<Resample>};

}  // namespace winograd
