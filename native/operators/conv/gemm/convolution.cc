// Convolution as a product of matrices: weights, output channels by (input channel, tap), by the unfolded input, which
// comes into being panel by panel while it is packed (CONVGEMM, Barrachina et al. 2023, section 3.2).

#include <algorithm>

#include "operators/common/work.h"
#include "operators/conv/algorithm.h"
#include "operators/conv/common/kernel.h"
#include "operators/conv/common/packing.h"
#include "operators/conv/gemm/columns.h"
#include "operators/conv/gemm/weights.h"
#include "operators/gemm/blocked.h"
#include "operators/gemm/plain.h"
#include "runtime/stopwatch.h"
#include "runtime/threads.h"

namespace winograd {
namespace {

// Panels of the unfolded input; a product is a group of an image.
class UnfoldedColumns : public SecondFactor {
 public:
  UnfoldedColumns(const InputColumns& columns, const float* x, std::ptrdiff_t groupFloats)
      : columns_(columns), x_(x), groupFloats_(groupFloats) {}

  const float* inPlace(std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t) const override { return nullptr; }

  void pack(const PanelRange& range, float* to) const override {
    const std::ptrdiff_t taps = columns_.taps();
    if (range.sums >= taps) return packTaps(range, to, 0, taps);
    // Of more taps than there are sums only those that these meet.
    for (std::ptrdiff_t done = 0; done < range.sums;) {
      const std::ptrdiff_t tap = (range.sum + done) % taps, count = std::min(taps - tap, range.sums - done);
      PanelRange part = range;
      part.sum += done;
      part.sums = count;
      packTaps(part, to, tap, count, done);
      done += count;
    }
  }

 private:
  // Some channels at a time across all panels: their rows of the input are read as far as they are contiguous.
  // `done` sums lie in the panels already.
  void packTaps(const PanelRange& range, float* to, std::ptrdiff_t tap, std::ptrdiff_t taps,
                std::ptrdiff_t done = 0) const {
    const float* const x = x_ + range.product * groupFloats_;
    const std::ptrdiff_t panels = divideUp(range.columns, range.width);
    std::vector<InputColumns::Runs> runs(static_cast<std::size_t>(panels));
    for (std::ptrdiff_t p = 0; p < panels; p++)
      columns_.find(range.column + p * range.width, range.present(p * range.width), range.written(p * range.width),
                    runs[static_cast<std::size_t>(p)], tap, taps);
    const std::ptrdiff_t together = roundUp(kRowsTogether, taps);
    for (std::ptrdiff_t sum = 0; sum < range.sums; sum += together) {
      const std::ptrdiff_t rows = std::min(together, range.sums - sum);
      for (std::ptrdiff_t p = 0; p < panels; p++) {
        const std::ptrdiff_t width = range.written(p * range.width);
        columns_.unfold(runs[static_cast<std::size_t>(p)], x, range.sum + sum, rows,
                        to + p * range.step + (done + sum) * width, width);
      }
    }
  }

  static constexpr std::ptrdiff_t kRowsTogether = 8;

  const InputColumns& columns_;
  const float* x_;
  std::ptrdiff_t groupFloats_;
};

class GemmConvolution final : public ConvolutionKernel {
 public:
  GemmConvolution(const Problem& problem, const Schedule& schedule, const ProductBlocks& blocks)
      : ConvolutionKernel(
            problem, schedule,
            static_cast<std::size_t>(problem.outChannels) * static_cast<std::size_t>(weightStep(blocks.k)),
            problem.groups),
        columns_(problem, kernels_),
        product_(blocks, false, true),
        step_(weightStep(blocks.k)) {}

 private:
  std::size_t scratchFloats() const override { return static_cast<std::size_t>(product_.workspaceFloats()); }

  Times compute(const Pass& pass, float* scratch, const Run& run) const override {
    Stopwatch watch;
    const PlainRows weights(kernels_, pass.weights, step_, false,
                            {nullptr, problem_.groups, problem_.groupOutputs() * step_});
    const UnfoldedColumns columns(columns_, pass.x, problem_.groupInputs() * columns_.plane());
    const std::ptrdiff_t outputs = problem_.groupOutputs() * columns_.columns();
    product_.run(
        problem_.batch * problem_.groups, weights, columns,
        [&](std::ptrdiff_t product) {
          ProductResult result{pass.y + product * outputs, columns_.columns()};
          if (problem_.bias) result.rowBias = biasOf(pass, product % problem_.groups);
          if (pass.residual != nullptr) result.residual = pass.residual + product * outputs;
          if (!changesNothing(problem_.activation)) result.activation = &problem_.activation;
          return result;
        },
        run, scratch);
    return {watch.lap()};
  }

  const InputColumns columns_;
  const BlockedProduct product_;
  const std::ptrdiff_t step_;
};

std::unique_ptr<Kernel> prepareKernel(const Value& description) {
  const Problem problem = readProblem(description["problem"]);
  const Value value = description["schedule"];
  const Schedule schedule = readPlanarSchedule(value);
  return std::make_unique<GemmConvolution>(problem, schedule,
                                           readProductBlocks(value, problem.groupOutputs(), volume(problem.output),
                                                             problem.groupInputs() * volume(problem.kernel)));
}

// Rows of weights as they are, but for the gaps between them.
std::unique_ptr<Kernel> preparePacking(const Value& description) {
  const Filters filters = readFilters(description["problem"]);
  const Value schedule = description["schedule"];
  const KernelTable& kernels = readKernels(schedule);
  const std::ptrdiff_t floats = filters.groupInputs() * volume(filters.kernel), step = weightStep(floats);
  const int threads = readThreads(schedule);
  const auto pack = [=, &kernels](const float* from, float* packed, const Run& run) {
    forEachRange(filters.outChannels, grainOf(filters.outChannels, threads, filters.outChannels), threads, run,
                 [&](std::ptrdiff_t begin, std::ptrdiff_t end, int) {
                   kernels.copyRows({from + begin * floats, floats, end - begin, floats, packed + begin * step, step});
                   for (std::ptrdiff_t row = begin; row < end; row++)
                     std::fill_n(packed + row * step + floats, step - floats, 0.0f);
                 });
  };
  return makePacking(filters, static_cast<std::size_t>(filters.outChannels) * static_cast<std::size_t>(step), threads,
                     Written::everything, pack);
}

}  // namespace

extern const Algorithm kGemmConvolution;
const Algorithm kGemmConvolution{"gemm", Direction::forward, prepareKernel, preparePacking};

}  // namespace winograd
