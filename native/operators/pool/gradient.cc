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
    if (lanes_ != 1 && lanes_ != kernels_.width) description["lanes"].refuse("1 or as many as a vector has");
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
      if (averages_) return shareEvenly(inputs[0].floats() + gradients, to);
      const float* const x = inputs[1].floats();
      giveToLargest(inputs[0].floats() + gradients, x + from, x, x + inputs_, to);
    });
    return {watch.lap()};
  }

 private:
  // Taps of the windows of a row: their pixels of the first window, and the windows that have them.
  struct Taps {
    std::vector<std::int32_t> pixels, firsts, ends;
  };

  void findTaps(std::ptrdiff_t i, std::ptrdiff_t j, Taps& taps) const {
    const WindowAxis &deep = axes_[0], &high = axes_[1], &across = axes_[2];
    taps.pixels.clear(), taps.firsts.clear(), taps.ends.clear();
    for (std::ptrdiff_t a = deep.firstTap(i); a < deep.endTap(i); a++) {
      for (std::ptrdiff_t b = high.firstTap(j); b < high.endTap(j); b++) {
        const std::ptrdiff_t row = (deep.start(i) + a * deep.dilation) * high.input + high.start(j) + b * high.dilation;
        for (std::ptrdiff_t c = 0; c < across.kernel; c++) {
          const std::ptrdiff_t at = across.start(0) + c * across.dilation;
          taps.pixels.push_back(static_cast<std::int32_t>((row * across.input + at) * lanes_));
          taps.firsts.push_back(static_cast<std::int32_t>(at < 0 ? divideUp(-at, across.stride) : 0));
          const std::ptrdiff_t end = at < across.input ? divideUp(across.input - at, across.stride) : 0;
          taps.ends.push_back(static_cast<std::int32_t>(std::min(end, across.output)));
        }
      }
    }
  }

  void giveToLargest(const float* gradients, const float* x, const float* begin, const float* end, float* to) const {
    const std::ptrdiff_t outputs = axes_[2].output, stride = axes_[2].stride * lanes_;
    Taps taps;
    for (std::ptrdiff_t i = 0; i < axes_[0].output; i++) {
      for (std::ptrdiff_t j = 0; j < axes_[1].output; j++, gradients += outputs * lanes_) {
        findTaps(i, j, taps);
        kernels_.giveToLargest({x, begin, end, lanes_, outputs, stride, static_cast<std::ptrdiff_t>(taps.pixels.size()),
                                taps.pixels.data(), taps.firsts.data(), taps.ends.data(), gradients, to});
      }
    }
  }

  void shareEvenly(const float* gradients, float* to) const {
    for (std::ptrdiff_t i = 0; i < axes_[0].output; i++) {
      for (std::ptrdiff_t j = 0; j < axes_[1].output; j++) {
        for (std::ptrdiff_t k = 0; k < axes_[2].output; k++, gradients += lanes_) share(i, j, k, gradients, to);
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

  const KernelTable& kernels_;
  int threads_;
  bool averages_, countsPadding_;
  std::ptrdiff_t planes_, lanes_;
  std::array<WindowAxis, 3> axes_;
  std::ptrdiff_t inputs_, outputs_;
};

}  // namespace

const Operator kPoolGradient{"poolGradient", prepare<PoolGradientKernel>};

}  // namespace winograd
