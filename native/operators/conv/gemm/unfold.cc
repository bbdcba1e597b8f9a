#include "operators/conv/gemm/unfold.h"

#include <algorithm>

#include "operators/common/describe.h"
#include "operators/common/work.h"
#include "operators/conv/gemm/columns.h"
#include "runtime/memory.h"

namespace winograd {
namespace {

// Both ways: what the columns of all images are, N x (C * taps) x outputs, and where they come from, N x C x inputs.
class Unfolding : public Kernel {
 public:
  explicit Unfolding(const Value& description)
      : threads_(describe::threads(description)),
        problem_(readProblem(description["problem"])),
        columns_(problem_, describe::kernels(description)) {
    if (problem_.groups != 1) description["problem"]["groups"].refuse("1: all channels are unfolded");
    step_ = describe::elements({columns_.columns()});
    imageFloats_ = describe::elements({problem_.inChannels, columns_.plane()});
    columnFloats_ = describe::elements({columns_.rows(), step_});
    describe::elements({problem_.batch, columnFloats_});
    describe::elements({problem_.batch, imageFloats_});
    columns_.find(0, step_, step_, runs_);
  }

  int threads() const override { return threads_; }

 protected:
  std::size_t imageBytes() const { return describe::floatBytes(problem_.batch * imageFloats_); }
  std::size_t columnBytes() const { return describe::floatBytes(problem_.batch * columnFloats_); }

  // Channels of all images, each by itself.
  template <class Body>
  Times forEachChannel(const Run& run, const Body& body) const {
    Stopwatch watch;
    forEachItem(problem_.batch * problem_.inChannels, threads_, run, [&](std::ptrdiff_t item, int slot) {
      body(item * columns_.plane(), item * columns_.taps() * step_, slot);
    });
    return {watch.lap()};
  }

  const int threads_;
  const Problem problem_;
  const InputColumns columns_;
  InputColumns::Runs runs_;
  std::ptrdiff_t step_, imageFloats_, columnFloats_;
};

class Im2Col final : public Unfolding {
 public:
  explicit Im2Col(const Value& description)
      : Unfolding(description),
        // Rows behind which a vector reaches into another channel.
        last_(std::min(columns_.taps(), 1 + divideUp(kMaxWidth, step_))),
        lastFloats_(roundUp(last_ * step_, kMaxWidth) + kMaxWidth) {}

  std::vector<std::size_t> inputBytes() const override { return {imageBytes()}; }
  std::vector<std::size_t> outputBytes() const override { return {columnBytes()}; }
  std::size_t workspaceBytes() const override { return describe::floatBytes(threads_ * lastFloats_); }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    return forEachChannel(run, [&](std::ptrdiff_t plane, std::ptrdiff_t column, int slot) {
      const float* const from = inputs[0].floats() + plane;
      float* const to = outputs[0].floats() + column;
      const std::ptrdiff_t first = columns_.taps() - last_;
      columns_.unfold(runs_, from, 0, first, to, step_);
      float* const own = workspaceAt(run, slot * lastFloats_);
      columns_.unfold(runs_, from, first, last_, own, step_);
      std::copy_n(own, last_ * step_, to + first * step_);
    });
  }

 private:
  const std::ptrdiff_t last_, lastFloats_;
};

class Col2Im final : public Unfolding {
 public:
  using Unfolding::Unfolding;

  std::vector<std::size_t> inputBytes() const override { return {columnBytes()}; }
  std::vector<std::size_t> outputBytes() const override { return {imageBytes()}; }
  std::size_t workspaceBytes() const override { return 0; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    return forEachChannel(run, [&](std::ptrdiff_t plane, std::ptrdiff_t column, int) {
      float* const to = outputs[0].floats() + plane;
      std::fill_n(to, columns_.plane(), 0.0f);
      columns_.fold(runs_, inputs[0].floats() + column, step_, 0, columns_.taps(), to);
    });
  }
};

}  // namespace

const Operator kIm2Col{"im2col", prepare<Im2Col>};
const Operator kCol2Im{"col2im", prepare<Col2Im>};

}  // namespace winograd
