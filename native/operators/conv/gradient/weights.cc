#include "operators/conv/gradient/weights.h"

#include <algorithm>
#include <array>

#include "operators/common/describe.h"
#include "operators/common/work.h"
#include "runtime/memory.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kChunkBytes = 24 << 10;  // of x and the gradient, which stay in L1 for all taps of a row
constexpr std::ptrdiff_t kMostTaps = 1 << 20;     // of an axis

// A convolution along one axis: output o meets input o * stride + shift(tap).
struct Axis {
  std::ptrdiff_t input, output, kernel, stride, dilation, padBegin;

  std::ptrdiff_t shift(std::ptrdiff_t tap) const { return tap * dilation - padBegin; }
  // Outputs that a tap of an input's pixel meets: from first(tap) to end(tap).
  std::ptrdiff_t first(std::ptrdiff_t tap) const {
    return std::min(output, divideUp(std::max<std::ptrdiff_t>(0, -shift(tap)), stride));
  }
  std::ptrdiff_t end(std::ptrdiff_t tap) const {
    const std::ptrdiff_t left = input - shift(tap);
    return left <= 0 ? first(tap) : std::max(first(tap), std::min(output, divideUp(left, stride)));
  }
};

// A vector of output channels and one of input channels that some group has in common.
struct Pair {
  std::ptrdiff_t outputs, inputs;
};

// dW[k][c][tap] = Σ dy[n][k][o] x[n][c][o * stride + tap * dilation - padding] over images n and outputs o: for a pair
// of vectors of channels, one outer product for each position. An item is such a pair and a row of taps; it goes
// through the images by chunks of rows that stay in L1 while all taps of the row read them. Items write apart from each
// other, so that results do not depend on the threads.
class WeightsGradientKernel : public Kernel {
 public:
  explicit WeightsGradientKernel(const Value& description)
      : kernels_(describe::kernels(description)),
        threads_(describe::threads(description)),
        batch_(description["batch"].integer(0, describe::kMaxElements)),
        inChannels_(description["inChannels"].integer(1, describe::kMaxElements)),
        outChannels_(description["outChannels"].integer(1, describe::kMaxElements)),
        groups_(description["groups"].integer(1, describe::kMaxElements)) {
    if (inChannels_ % groups_ != 0 || outChannels_ % groups_ != 0)
      description["groups"].refuse("a divisor of both numbers of channels");
    readAxes(description);
    const std::ptrdiff_t width = kernels_.width;
    inputs_ = describe::elements(
        {batch_, divideUp(inChannels_, width), axes_[0].input, axes_[1].input, axes_[2].input, width});
    gradients_ = describe::elements(
        {batch_, divideUp(outChannels_, width), axes_[0].output, axes_[1].output, axes_[2].output, width});
    taps_ = describe::elements({axes_[0].kernel, axes_[1].kernel, axes_[2].kernel});
    weights_ = describe::elements({outChannels_, inChannels_ / groups_, taps_});
    slotFloats_ = describe::elements({axes_[1].kernel, axes_[2].kernel, width, width});
    findPairs();
    describe::elements({static_cast<std::ptrdiff_t>(pairs_.size()), axes_[0].kernel});
    const std::ptrdiff_t rowBytes =
        static_cast<std::ptrdiff_t>(sizeof(float)) * width * (axes_[2].input + axes_[2].output);
    chunkRows_ = std::max<std::ptrdiff_t>(1, kChunkBytes / rowBytes);
  }

  std::vector<std::size_t> inputBytes() const override {
    return {describe::floatBytes(inputs_), describe::floatBytes(gradients_)};
  }
  std::vector<std::size_t> outputBytes() const override { return {describe::floatBytes(weights_)}; }
  std::size_t workspaceBytes() const override {
    return describe::floatBytes(slotFloats_) * static_cast<std::size_t>(threads_);
  }
  int threads() const override { return threads_; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    Stopwatch watch;
    const std::ptrdiff_t planes = axes_[0].kernel;
    const auto items = static_cast<std::ptrdiff_t>(pairs_.size()) * planes;
    forEachItem(items, threads_, run, [&](std::ptrdiff_t item, int slot) {
      float* const sums = workspaceAt(run, slotFloats_ * slot);
      std::fill_n(sums, slotFloats_, 0.0f);
      const Pair& pair = pairs_[static_cast<std::size_t>(item / planes)];
      const std::ptrdiff_t plane = item % planes;
      for (std::ptrdiff_t image = 0; image < batch_ && !run.stopped(); image++)
        addImage(image, pair, plane, inputs[0].floats(), inputs[1].floats(), sums);
      write(pair, plane, sums, outputs[0].floats());
    });
    return {watch.lap()};
  }

 private:
  void readAxes(const Value& description) {
    const auto read = [&](const char* name, std::ptrdiff_t Axis::*member, std::ptrdiff_t least, std::ptrdiff_t most) {
      const std::vector<std::ptrdiff_t> sizes = describe::sizes(description[name], 3, least, most);
      for (std::size_t a = 0; a < 3; a++) axes_[a].*member = sizes[a];
    };
    read("input", &Axis::input, 1, describe::kMaxElements);
    read("output", &Axis::output, 1, describe::kMaxElements);
    read("kernel", &Axis::kernel, 1, kMostTaps);
    read("stride", &Axis::stride, 1, kMostTaps);
    read("dilation", &Axis::dilation, 1, kMostTaps);
    read("padBegin", &Axis::padBegin, 0, kMostTaps);
  }

  void findPairs() {
    const std::ptrdiff_t width = kernels_.width, ofOutputs = outChannels_ / groups_, ofInputs = inChannels_ / groups_;
    for (std::ptrdiff_t k = 0; k < divideUp(outChannels_, width); k++) {
      const std::ptrdiff_t firstGroup = k * width / ofOutputs;
      const std::ptrdiff_t lastGroup = (std::min((k + 1) * width, outChannels_) - 1) / ofOutputs;
      const std::ptrdiff_t end = divideUp((lastGroup + 1) * ofInputs, width);
      for (std::ptrdiff_t c = firstGroup * ofInputs / width; c < end; c++) pairs_.push_back({k, c});
    }
  }

  void addImage(std::ptrdiff_t image, const Pair& pair, std::ptrdiff_t plane, const float* x, const float* gradient,
                float* sums) const {
    const Axis &deep = axes_[0], &high = axes_[1];
    const std::ptrdiff_t xImage = image * divideUp(inChannels_, kernels_.width) + pair.inputs;
    const std::ptrdiff_t yImage = image * divideUp(outChannels_, kernels_.width) + pair.outputs;
    for (std::ptrdiff_t z = deep.first(plane); z < deep.end(plane); z++) {
      const std::ptrdiff_t xPlane = xImage * deep.input + z * deep.stride + deep.shift(plane);
      for (std::ptrdiff_t y = 0; y < high.output; y += chunkRows_) {
        for (std::ptrdiff_t j = 0; j < high.kernel; j++) {
          const std::ptrdiff_t first = std::max(y, high.first(j)), end = std::min(y + chunkRows_, high.end(j));
          if (first >= end) continue;
          const std::ptrdiff_t xRow = xPlane * high.input + first * high.stride + high.shift(j);
          addRows(pair, x, xRow, gradient, (yImage * deep.output + z) * high.output + first, end - first,
                  sums + j * axes_[2].kernel * kernels_.width * kernels_.width);
        }
      }
    }
  }

  // `rows` rows of the gradient and what they meet of x, for all taps of a row.
  void addRows(const Pair& pair, const float* x, std::ptrdiff_t xRow, const float* gradient, std::ptrdiff_t yRow,
               std::ptrdiff_t rows, float* sums) const {
    const Axis& across = axes_[2];
    const std::ptrdiff_t width = kernels_.width;
    const Outer outer = kernels_.outer[std::min(width, inChannels_ - pair.inputs * width) - 1];
    for (std::ptrdiff_t tap = 0; tap < across.kernel; tap++) {
      const std::ptrdiff_t first = across.first(tap), pixels = across.end(tap) - first;
      if (pixels <= 0) continue;
      outer({x + (xRow * across.input + first * across.stride + across.shift(tap)) * width,
             axes_[1].stride * across.input * width, across.stride * width,
             gradient + (yRow * across.output + first) * width, across.output * width, rows, pixels,
             sums + tap * width * width});
    }
  }

  void write(const Pair& pair, std::ptrdiff_t plane, const float* sums, float* to) const {
    const std::ptrdiff_t width = kernels_.width, ofOutputs = outChannels_ / groups_, ofInputs = inChannels_ / groups_;
    const std::ptrdiff_t lastInput = std::min(inChannels_, (pair.inputs + 1) * width);
    for (std::ptrdiff_t k = pair.outputs * width; k < std::min(outChannels_, (pair.outputs + 1) * width); k++) {
      const std::ptrdiff_t begin = k / ofOutputs * ofInputs;
      for (std::ptrdiff_t c = std::max(begin, pair.inputs * width); c < std::min(begin + ofInputs, lastInput); c++) {
        const std::ptrdiff_t taps = axes_[1].kernel * axes_[2].kernel;
        float* const own = to + (k * ofInputs + c - begin) * taps_ + plane * taps;
        for (std::ptrdiff_t tap = 0; tap < taps; tap++) own[tap] = sums[(tap * width + c % width) * width + k % width];
      }
    }
  }

  const KernelTable& kernels_;
  int threads_;
  std::ptrdiff_t batch_, inChannels_, outChannels_, groups_;
  std::array<Axis, 3> axes_;
  std::ptrdiff_t inputs_, gradients_, taps_, weights_, slotFloats_, chunkRows_;
  std::vector<Pair> pairs_;
};

}  // namespace

const Operator kConvolutionWeightsGradient{"convolutionWeightsGradient", prepare<WeightsGradientKernel>};

}  // namespace winograd
