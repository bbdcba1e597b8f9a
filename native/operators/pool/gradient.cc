#include <array>
#include <cstring>

#include "operators/common/describe.h"
#include "operators/common/work.h"
#include "operators/pool/pool.h"
#include "operators/pool/windows.h"

namespace winograd {
namespace {

// Gives what came back for each window to its pixels: all to the first of the largest, or to each its share of the
// mean.
class PoolGradientKernel : public Kernel {
 public:
  explicit PoolGradientKernel(const Value& description)
      : threads_(describe::threads(description)),
        averages_(averages(description)),
        countsPadding_(averages_ && description["countsPadding"].boolean()),
        planes_(description["planes"].integer(0, describe::kMaxElements)),
        lanes_(description["lanes"].integer(1, kMaxWidth)),
        axes_(readWindows(description)) {
    inputs_ = describe::elements({planes_, axes_[0].input, axes_[1].input, axes_[2].input, lanes_});
    outputs_ = describe::elements({planes_, axes_[0].output, axes_[1].output, axes_[2].output, lanes_});
  }

  std::vector<std::size_t> inputBytes() const override {
    const std::size_t gradients = describe::floatBytes(outputs_);
    if (averages_) return {gradients};
    return {gradients, describe::floatBytes(inputs_)};
  }
  std::vector<std::size_t> outputBytes() const override { return {describe::floatBytes(inputs_)}; }
  std::size_t workspaceBytes() const override { return 0; }
  int threads() const override { return threads_; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    Stopwatch watch;
    forEachItem(planes_, threads_, run, [&](std::ptrdiff_t plane, int) {
      const std::ptrdiff_t from = inputs_ / planes_ * plane, gradients = outputs_ / planes_ * plane;
      float* const to = outputs[0].floats() + from;
      std::memset(to, 0, describe::floatBytes(inputs_ / planes_));
      spread(inputs[0].floats() + gradients, averages_ ? nullptr : inputs[1].floats() + from, to);
    });
    return {watch.lap()};
  }

 private:
  // x is null for means.
  void spread(const float* gradients, const float* x, float* to) const {
    const WindowAxis &deep = axes_[0], &high = axes_[1], &across = axes_[2];
    for (std::ptrdiff_t i = 0; i < deep.output; i++) {
      for (std::ptrdiff_t j = 0; j < high.output; j++) {
        for (std::ptrdiff_t k = 0; k < across.output; k++, gradients += lanes_) {
          if (x == nullptr)
            share(i, j, k, gradients, to);
          else
            giveToLargest(i, j, k, gradients, x, to);
        }
      }
    }
  }

  template <class Visit>
  void forEachPixel(std::ptrdiff_t i, std::ptrdiff_t j, std::ptrdiff_t k, const Visit& visit) const {
    const WindowAxis &deep = axes_[0], &high = axes_[1], &across = axes_[2];
    for (std::ptrdiff_t a = deep.firstTap(i); a < deep.endTap(i); a++) {
      for (std::ptrdiff_t b = high.firstTap(j); b < high.endTap(j); b++) {
        const std::ptrdiff_t row = (deep.start(i) + a * deep.dilation) * high.input + high.start(j) + b * high.dilation;
        for (std::ptrdiff_t c = across.firstTap(k); c < across.endTap(k); c++)
          visit((row * across.input + across.start(k) + c * across.dilation) * lanes_);
      }
    }
  }

  void share(std::ptrdiff_t i, std::ptrdiff_t j, std::ptrdiff_t k, const float* gradients, float* to) const {
    const std::ptrdiff_t counted =
        axes_[0].counted(i, countsPadding_) * axes_[1].counted(j, countsPadding_) * axes_[2].counted(k, countsPadding_);
    const float part = 1 / static_cast<float>(counted);
    forEachPixel(i, j, k, [&](std::ptrdiff_t at) {
      for (std::ptrdiff_t lane = 0; lane < lanes_; lane++) to[at + lane] += part * gradients[lane];
    });
  }

  // The first of several that are largest; a NaN is larger than all numbers, as it is the result of its windows.
  void giveToLargest(std::ptrdiff_t i, std::ptrdiff_t j, std::ptrdiff_t k, const float* gradients, const float* x,
                     float* to) const {
    std::array<float, kMaxWidth> most;
    std::array<std::ptrdiff_t, kMaxWidth> places;
    bool begun = false;
    forEachPixel(i, j, k, [&](std::ptrdiff_t at) {
      for (std::ptrdiff_t lane = 0; lane < lanes_; lane++) {
        const auto own = static_cast<std::size_t>(lane);
        const float value = x[at + lane];
        const bool larger = !begun || value > most[own] || (value != value && most[own] == most[own]);
        most[own] = larger ? value : most[own];
        places[own] = larger ? at : places[own];
      }
      begun = true;
    });
    for (std::ptrdiff_t lane = 0; lane < lanes_; lane++)
      to[places[static_cast<std::size_t>(lane)] + lane] += gradients[lane];
  }

  int threads_;
  bool averages_, countsPadding_;
  std::ptrdiff_t planes_, lanes_;
  std::array<WindowAxis, 3> axes_;
  std::ptrdiff_t inputs_, outputs_;
};

}  // namespace

const Operator kPoolGradient{"poolGradient", prepare<PoolGradientKernel>};

}  // namespace winograd
