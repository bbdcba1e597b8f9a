#include "operators/pool/pool.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "operators/common/describe.h"
#include "operators/common/work.h"
#include "operators/pool/windows.h"
#include "runtime/memory.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kItemTaps = 1 << 16;  // floats that an item reads, about

class PoolKernel : public Kernel {
 public:
  explicit PoolKernel(const Value& description)
      : kernels_(describe::kernels(description)),
        threads_(describe::threads(description)),
        averages_(averages(description)),
        countsPadding_(averages_ && description["countsPadding"].boolean()),
        planes_(description["planes"].integer(0, describe::kMaxElements)),
        lanes_(description["lanes"].integer(1, kMaxWidth)) {
    if (lanes_ != 1 && lanes_ != kernels_.width) description["lanes"].refuse("1 or the floats of a vector");
    axes_ = readWindows(description);
    inputs_ = planes_ * describe::elements({axes_[0].input, axes_[1].input, axes_[2].input, lanes_});
    outputs_ = planes_ * describe::elements({axes_[0].output, axes_[1].output, axes_[2].output, lanes_});
    describe::elements({inputs_, 1});
    describe::elements({outputs_, 1});
    const WindowAxis& across = axes_[2];
    const std::ptrdiff_t reach =
        across.start(across.output - 1) + (across.kernel - 1) * across.dilation + 1 - across.input;
    right_ = std::max<std::ptrdiff_t>(0, reach);
    // The line, and what vectors of its last windows read behind it.
    lineFloats_ = roundUp((across.padBegin + across.input + right_) * lanes_ + across.stride * kernels_.width, 16);
    rows_ = axes_[0].kernel * axes_[1].kernel;
    slotBytes_ = static_cast<std::size_t>(
        roundUp(static_cast<std::ptrdiff_t>(describe::floatBytes(lineFloats_ + roundUp(across.output, 2))) +
                    rows_ * static_cast<std::ptrdiff_t>(sizeof(const float*)),
                64));
    for (std::ptrdiff_t x = 0; averages_ && x < across.output; x++) {
      counts_.push_back(static_cast<float>(across.counted(x, countsPadding_)));
    }
  }

  std::vector<std::size_t> inputBytes() const override { return {describe::floatBytes(inputs_)}; }
  std::vector<std::size_t> outputBytes() const override { return {describe::floatBytes(outputs_)}; }
  std::size_t workspaceBytes() const override { return slotBytes_ * static_cast<std::size_t>(threads_); }
  int threads() const override { return threads_; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    Stopwatch watch;
    const float* const from = inputs[0].floats();
    float* const to = outputs[0].floats();
    const std::ptrdiff_t rows = planes_ * axes_[0].output * axes_[1].output;
    const std::ptrdiff_t grain = grainOf(rows, threads_, kItemTaps / (rows_ * lineFloats_));
    forEachRange(rows, grain, threads_, run, [&](std::ptrdiff_t begin, std::ptrdiff_t end, int slot) {
      char* const own = run.workspace.as<char>() + slotBytes_ * static_cast<std::size_t>(slot);
      for (std::ptrdiff_t row = begin; row < end; row++) poolRow(row, from, to, own);
    });
    return {watch.lap()};
  }

 private:
  void poolRow(std::ptrdiff_t row, const float* from, float* to, char* own) const {
    const WindowAxis &deep = axes_[0], &high = axes_[1], &across = axes_[2];
    const std::ptrdiff_t plane = row / high.output / deep.output;
    const std::ptrdiff_t z = row / high.output % deep.output, y = row % high.output;
    float* const line = reinterpret_cast<float*>(own);
    float* const divisors = line + lineFloats_;
    const float** const rows = reinterpret_cast<const float**>(divisors + roundUp(across.output, 2));
    std::ptrdiff_t count = 0;
    for (std::ptrdiff_t i = deep.firstTap(z); i < deep.endTap(z); i++) {
      for (std::ptrdiff_t j = high.firstTap(y); j < high.endTap(y); j++) {
        const std::ptrdiff_t inputRow =
            (plane * deep.input + deep.start(z) + i * deep.dilation) * high.input + high.start(y) + j * high.dilation;
        rows[count++] = from + inputRow * across.input * lanes_;
      }
    }
    if (averages_) {
      const float others = static_cast<float>(deep.counted(z, countsPadding_) * high.counted(y, countsPadding_));
      for (std::ptrdiff_t x = 0; x < across.output; x++) divisors[x] = others * counts_[static_cast<std::size_t>(x)];
    }
    (averages_ ? kernels_.poolAverage : kernels_.poolMaximum)(
        {rows, count, across.padBegin, across.input, right_, lanes_, across.kernel, across.stride, across.dilation,
         across.output, line, divisors, to + row * across.output * lanes_});
  }

  const KernelTable& kernels_;
  int threads_;
  bool averages_, countsPadding_;
  std::ptrdiff_t planes_, lanes_;
  std::array<WindowAxis, 3> axes_;
  std::ptrdiff_t inputs_, outputs_;
  std::ptrdiff_t right_;  // pixels of padding behind a line, as far as windows reach
  std::ptrdiff_t lineFloats_, rows_;
  std::size_t slotBytes_;
  std::vector<float> counts_;  // of each output, along the last axis
};

}  // namespace

const Operator kPool{"pool", prepare<PoolKernel>};

}  // namespace winograd
