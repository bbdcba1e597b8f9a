// The gradient of the input as a product of matrices: the transposed weights by the gradient of the result make
// columns, which are added to where they belong as soon as a block of them is there (DECONVGEMM, Barrachina et al.
// 2023, section 3.3). An item has some input channels of a group of an image to itself, so that the order of additions
// does not depend on threads.

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

class GemmInputGradient final : public Kernel {
 public:
  GemmInputGradient(const Problem& problem, const Schedule& schedule, const ProductBlocks& blocks,
                    std::ptrdiff_t channelBlock)
      : problem_(problem),
        schedule_(schedule),
        blocks_(blocks),
        columns_(problem, *schedule.kernels),
        product_(blocks, false, true),
        channelBlock_(channelBlock),
        weightStep_(weightStep(blocks.k)),
        columnStep_(roundUp(std::min(blocks.columnBlock, blocks.n), kLineFloats)),
        columnFloats_(checkedMultiply(static_cast<std::size_t>(channelBlock * columns_.taps()),
                                      static_cast<std::size_t>(columnStep_))) {}

  std::vector<std::size_t> inputBytes() const override {
    const std::size_t rows = static_cast<std::size_t>(problem_.groups * blocks_.m);
    return {bytesOf(static_cast<std::size_t>(outputPixels(problem_, schedule_).size())),
            bytesOf(checkedMultiply(rows, static_cast<std::size_t>(weightStep_))),
            problem_.bias ? bytesOf(static_cast<std::size_t>(problem_.inChannels)) : 0};
  }
  std::vector<std::size_t> outputBytes() const override {
    return {bytesOf(static_cast<std::size_t>(inputPixels(problem_, schedule_).size()))};
  }
  std::size_t workspaceBytes() const override {
    return bytesOf(checkedMultiply(static_cast<std::size_t>(schedule_.threads), slotFloats()));
  }
  int threads() const override { return schedule_.threads; }
  bool wakes() const override { return schedule_.wake; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    Stopwatch watch;
    const ThreadPool::Session awake(ThreadPool::shared(), schedule_.threads, schedule_.wake);
    const PlainRows weights(*blocks_.kernels, inputs[1].floats(), weightStep_, false,
                            {nullptr, problem_.groups, blocks_.m * weightStep_});
    const PlainColumns gradient(*blocks_.kernels, inputs[0].floats(), {false, blocks_.n, 1},
                                {nullptr, problem_.batch * problem_.groups, blocks_.k * blocks_.n});
    const std::ptrdiff_t parts = divideUp(problem_.groupInputs(), channelBlock_);
    ThreadPool::shared().forEach(
        problem_.batch * problem_.groups * parts, schedule_.threads, [&](std::ptrdiff_t item, int slot) {
          const std::ptrdiff_t product = item / parts, channel = item % parts * channelBlock_;
          const std::ptrdiff_t channels = std::min(channelBlock_, problem_.groupInputs() - channel);
          float* const own = run.workspace.floats() + static_cast<std::ptrdiff_t>(slotFloats()) * slot;
          float* const x = outputs[0].floats() + product * problem_.groupInputs() * columns_.plane();
          for (std::ptrdiff_t c = channel; c < channel + channels; c++) {
            const std::ptrdiff_t all = product % problem_.groups * problem_.groupInputs() + c;
            std::fill_n(x + c * columns_.plane(), columns_.plane(), problem_.bias ? inputs[2].floats()[all] : 0.0f);
          }
          InputColumns::Runs runs;
          for (std::ptrdiff_t column = 0; column < blocks_.n; column += blocks_.columnBlock) {
            if (run.stopped()) return;
            const std::ptrdiff_t count = std::min(blocks_.columnBlock, blocks_.n - column);
            const std::ptrdiff_t row = channel * columns_.taps(), rows = channels * columns_.taps();
            product_.multiply({product, row, rows, column, count}, weights, gradient, {own, columnStep_}, run,
                              own + columnFloats_);
            columns_.find(column, count, count, runs);
            columns_.fold(runs, own, columnStep_, row, rows, x);
          }
        });
    run.check();
    return {watch.lap()};
  }

 private:
  std::size_t slotFloats() const {
    return checkedAdd(columnFloats_, static_cast<std::size_t>(roundUp(product_.slotFloats(), kLineFloats)));
  }

  const Problem problem_;
  const Schedule schedule_;
  const ProductBlocks blocks_;
  const InputColumns columns_;
  const BlockedProduct product_;
  const std::ptrdiff_t channelBlock_, weightStep_, columnStep_;
  const std::size_t columnFloats_;
};

std::unique_ptr<Kernel> prepareKernel(const Value& description) {
  const Problem problem = readProblem(description["problem"]);
  const Value value = description["schedule"];
  const Schedule schedule = readPlanarSchedule(value);
  const ProductBlocks blocks = readProductBlocks(value, problem.groupInputs() * volume(problem.kernel),
                                                 volume(problem.output), problem.groupOutputs());
  if (blocks.shared == Shared::rows) value["shared"].refuse("\"columns\" for this direction");
  return std::make_unique<GemmInputGradient>(problem, schedule, blocks,
                                             value["channelBlock"].integer(1, problem.groupInputs()));
}

// Rows that are transposed together.
constexpr std::ptrdiff_t kRowsTogether = 256;

// Of each group's weights the transposed ones, (input channel, tap) by output channels.
std::unique_ptr<Kernel> preparePacking(const Value& description) {
  const Filters filters = readFilters(description["problem"]);
  const Value schedule = description["schedule"];
  const KernelTable& kernels = readKernels(schedule);
  const std::ptrdiff_t rows = filters.groupInputs() * volume(filters.kernel), outputs = filters.groupOutputs();
  const std::ptrdiff_t step = weightStep(outputs);
  const int threads = readThreads(schedule);
  const auto pack = [=, &kernels](const float* from, float* packed, const Run& run) {
    for (std::ptrdiff_t g = 0; g < filters.groups; g++) {
      const float* const group = from + g * outputs * rows;
      forEachRange(rows, grainOf(rows, threads, kRowsTogether), threads, run,
                   [&](std::ptrdiff_t begin, std::ptrdiff_t end, int) {
                     float* const to = packed + (g * rows + begin) * step;
                     kernels.transpose({group + begin, rows, outputs, end - begin, to, step});
                     for (std::ptrdiff_t row = 0; row < end - begin; row++)
                       std::fill_n(to + row * step + outputs, step - outputs, 0.0f);
                   });
    }
  };
  return makePacking(filters,
                     checkedMultiply(static_cast<std::size_t>(filters.groups * rows), static_cast<std::size_t>(step)),
                     threads, Written::everything, pack);
}

}  // namespace

extern const Algorithm kGemmInputGradient;
const Algorithm kGemmInputGradient{"gemm", Direction::backwardData, prepareKernel, preparePacking};

}  // namespace winograd
