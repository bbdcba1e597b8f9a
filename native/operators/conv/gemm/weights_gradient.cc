// The gradient of the weights as a product of matrices: the gradient of the result by the transposed unfolded input,
// which is packed from the input itself (CONVGEMM_TRANS, Barrachina et al. 2023, section 3.4.2). Sums go over the
// outputs of all images.

#include <algorithm>

#include "operators/conv/algorithm.h"
#include "operators/conv/common/kernel.h"
#include "operators/conv/gemm/columns.h"
#include "operators/conv/gemm/weights.h"
#include "operators/gemm/blocked.h"
#include "runtime/stopwatch.h"
#include "runtime/threads.h"

namespace winograd {
namespace {

// Output channels by (image, output).
class GradientRows : public FirstFactor {
 public:
  GradientRows(const KernelTable& kernels, const Problem& problem, const float* gradient)
      : kernels_(kernels), problem_(problem), gradient_(gradient), plane_(volume(problem.output)) {}

  // Of one image; a product is a group.
  Rows inPlace(std::ptrdiff_t product, std::ptrdiff_t row, std::ptrdiff_t sum) const override {
    return {gradient_ + (product * problem_.groupOutputs() + row) * plane_ + sum, plane_};
  }
  void copy(std::ptrdiff_t product, std::ptrdiff_t row, std::ptrdiff_t rows, std::ptrdiff_t sum, std::ptrdiff_t sums,
            float* to, std::ptrdiff_t step) const override {
    for (std::ptrdiff_t done = 0; done < sums;) {
      const std::ptrdiff_t image = (sum + done) / plane_, at = (sum + done) % plane_;
      const std::ptrdiff_t count = std::min(sums - done, plane_ - at);
      const std::ptrdiff_t channel = image * problem_.outChannels + product * problem_.groupOutputs() + row;
      kernels_.copyRows({gradient_ + channel * plane_ + at, plane_, rows, count, to + done, step});
      done += count;
    }
  }

 private:
  const KernelTable& kernels_;
  const Problem& problem_;
  const float* gradient_;
  std::ptrdiff_t plane_;
};

// (image, output) by (input channel, tap).
class TransposedColumns : public SecondFactor {
 public:
  TransposedColumns(const InputColumns& columns, const KernelTable& kernels, const Problem& problem, const float* x)
      : columns_(columns), kernels_(kernels), problem_(problem), x_(x) {}

  const float* inPlace(std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t) const override { return nullptr; }

  // Rows of the unfolded input, some outputs of them at a time, and transposed.
  void pack(const PanelRange& range, float* to) const override {
    alignas(64) float rows[2 * kMaxWidth * kRowStep];
    InputColumns::Runs runs;
    const std::ptrdiff_t plane = columns_.columns();
    for (std::ptrdiff_t done = 0; done < range.sums;) {
      const std::ptrdiff_t image = (range.sum + done) / plane, at = (range.sum + done) % plane;
      const std::ptrdiff_t count = std::min({kOutputs, range.sums - done, plane - at});
      columns_.find(at, count, count, runs);
      const float* const x =
          x_ + (image * problem_.inChannels + range.product * problem_.groupInputs()) * columns_.plane();
      float* panel = to;
      for (std::ptrdiff_t column = 0; column < range.columns; column += range.width, panel += range.step) {
        const std::ptrdiff_t present = range.present(column), width = range.written(column);
        columns_.unfold(runs, x, range.column + column, present, rows, kRowStep);
        float* const into = panel + done * width;
        if (present < width) std::fill_n(into, count * width, 0.0f);
        kernels_.transpose({rows, kRowStep, present, count, into, width});
      }
      done += count;
    }
  }

 private:
  static constexpr std::ptrdiff_t kOutputs = 64, kRowStep = kOutputs + kMaxWidth;

  const InputColumns& columns_;
  const KernelTable& kernels_;
  const Problem& problem_;
  const float* x_;
};

class GemmWeightsGradient final : public Kernel {
 public:
  GemmWeightsGradient(const Problem& problem, const Schedule& schedule, const ProductBlocks& blocks)
      : problem_(problem),
        schedule_(schedule),
        blocks_(blocks),
        columns_(problem, *schedule.kernels),
        product_(blocks, problem.batch > 1 || blocks.k % kAliasedFloats == 0, true) {}

  std::vector<std::size_t> inputBytes() const override {
    const Pixels x = inputPixels(problem_, schedule_), y = outputPixels(problem_, schedule_);
    return {bytesOf(static_cast<std::size_t>(x.size())), bytesOf(static_cast<std::size_t>(y.size()))};
  }
  std::vector<std::size_t> outputBytes() const override { return {bytesOf(static_cast<std::size_t>(problem_.size()))}; }
  std::size_t workspaceBytes() const override { return bytesOf(static_cast<std::size_t>(product_.workspaceFloats())); }
  int threads() const override { return schedule_.threads; }
  bool wakes() const override { return schedule_.wake; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    Stopwatch watch;
    const ThreadPool::Session awake(ThreadPool::shared(), schedule_.threads, schedule_.wake);
    const GradientRows gradient(*blocks_.kernels, problem_, inputs[1].floats());
    const TransposedColumns columns(columns_, *blocks_.kernels, problem_, inputs[0].floats());
    product_.run(
        problem_.groups, gradient, columns,
        [&](std::ptrdiff_t group) {
          return ProductResult{outputs[0].floats() + group * blocks_.m * blocks_.n, blocks_.n};
        },
        run, run.workspace.floats());
    return {watch.lap()};
  }

 private:
  const Problem problem_;
  const Schedule schedule_;
  const ProductBlocks blocks_;
  const InputColumns columns_;
  const BlockedProduct product_;
};

std::unique_ptr<Kernel> prepareKernel(const Value& description) {
  const Problem problem = readProblem(description["problem"]);
  const Value value = description["schedule"];
  const Schedule schedule = readPlanarSchedule(value);
  return std::make_unique<GemmWeightsGradient>(
      problem, schedule,
      readProductBlocks(
          value, problem.groupOutputs(), problem.groupInputs() * volume(problem.kernel),
          static_cast<std::ptrdiff_t>(checkedMultiply(static_cast<std::size_t>(problem.batch),
                                                      static_cast<std::size_t>(volume(problem.output))))));
}

}  // namespace

extern const Algorithm kGemmWeightsGradient;
const Algorithm kGemmWeightsGradient{"gemm", Direction::backwardWeights, prepareKernel, nullptr};

}  // namespace winograd
