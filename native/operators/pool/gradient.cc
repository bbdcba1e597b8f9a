#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

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
      : kernels_(describe::kernels(description)),
        threads_(describe::threads(description)),
        averages_(averages(description)),
        countsPadding_(averages_ && description["countsPadding"].boolean()),
        planes_(description["planes"].integer(0, describe::kMaxElements)),
        lanes_(description["lanes"].integer(1, kMaxWidth)),
        axes_(readWindows(description)) {
    inputs_ = describe::elements({planes_, axes_[0].input, axes_[1].input, axes_[2].input, lanes_});
    outputs_ = describe::elements({planes_, axes_[0].output, axes_[1].output, axes_[2].output, lanes_});
    // Where windows do not fit into the input none is whole.
    const auto fits = [](const WindowAxis& axis) { return (axis.kernel - 1) * axis.dilation < axis.input; };
    if (averages_ || !std::all_of(axes_.begin(), axes_.end(), fits)) return;
    for (std::ptrdiff_t tap = 0; tap < describe::elements({axes_[0].kernel, axes_[1].kernel, axes_[2].kernel}); tap++) {
      const std::ptrdiff_t a = tap / axes_[2].kernel / axes_[1].kernel, b = tap / axes_[2].kernel % axes_[1].kernel;
      const std::ptrdiff_t row = a * axes_[0].dilation * axes_[1].input + b * axes_[1].dilation;
      const std::ptrdiff_t at = row * axes_[2].input + tap % axes_[2].kernel * axes_[2].dilation;
      whole_.push_back(static_cast<std::int32_t>(at * lanes_));
    }
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
    std::vector<std::int32_t> pixels;
    for (std::ptrdiff_t i = 0; i < deep.output; i++) {
      for (std::ptrdiff_t j = 0; j < high.output; j++) {
        const bool inside = whole(0, i) && whole(1, j);
        for (std::ptrdiff_t k = 0; k < across.output; k++, gradients += lanes_) {
          if (x == nullptr) {
            share(i, j, k, gradients, to);
          } else if (inside && whole(2, k)) {
            const std::ptrdiff_t first =
                ((deep.start(i) * high.input + high.start(j)) * across.input + across.start(k)) * lanes_;
            giveToLargest(whole_, gradients, x + first, to + first);
          } else {
            pixels.clear();
            forEachPixel(i, j, k, [&](std::ptrdiff_t at) { pixels.push_back(static_cast<std::int32_t>(at)); });
            giveToLargest(pixels, gradients, x, to);
          }
        }
      }
    }
  }

  // Whether all taps of an output are in the input.
  bool whole(std::size_t axis, std::ptrdiff_t output) const {
    const WindowAxis& windows = axes_[axis];
    const std::ptrdiff_t start = windows.start(output);
    return start >= 0 && start + (windows.kernel - 1) * windows.dilation < windows.input;
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
  void giveToLargest(const std::vector<std::int32_t>& pixels, const float* gradients, const float* x, float* to) const {
    if (lanes_ == kernels_.width)
      return kernels_.giveToLargest({x, pixels.data(), static_cast<std::ptrdiff_t>(pixels.size()), gradients, to});
    for (std::ptrdiff_t lane = 0; lane < lanes_; lane++) {
      std::ptrdiff_t place = pixels[0];
      float most = x[place + lane];
      for (const std::int32_t at : pixels) {
        const float value = x[at + lane];
        if (value > most || (value != value && most == most)) {
          most = value;
          place = at;
        }
      }
      to[place + lane] += gradients[lane];
    }
  }

  const KernelTable& kernels_;
  int threads_;
  bool averages_, countsPadding_;
  std::ptrdiff_t planes_, lanes_;
  std::array<WindowAxis, 3> axes_;
  std::ptrdiff_t inputs_, outputs_;
  std::vector<std::int32_t> whole_;  // pixels of a window from its first one
};

}  // namespace

const Operator kPoolGradient{"poolGradient", prepare<PoolGradientKernel>};

}  // namespace winograd
