// Convolution by weights most of which are zero: rows of a sparse matrix, one for each output channel, by panels of the
// unfolded input, which are packed from the input as they are needed.

#include <algorithm>
#include <stdexcept>
#include <string>

#include "operators/conv/algorithm.h"
#include "operators/conv/common/kernel.h"
#include "operators/conv/common/packing.h"
#include "operators/conv/gemm/columns.h"
#include "operators/sparse/rows.h"
#include "runtime/stopwatch.h"
#include "runtime/threads.h"

namespace winograd {
namespace {

// What the schedule says, and where things lie in packed weights: for each group and block of sums pointers of its
// rows, then offsets into a panel and values of all non-zeros.
struct SparseSchedule {
  std::ptrdiff_t nonZeros;
  std::ptrdiff_t sumBlock;  // rows of the unfolded input that are multiplied together
  std::ptrdiff_t rowParts;  // of each panel's results, for threads to share

  std::ptrdiff_t blocks(const Filters& filters) const { return divideUp(sums(filters), sumBlock); }
  std::ptrdiff_t pointers(const Filters& filters) const {
    return filters.groups * blocks(filters) * filters.groupOutputs() + 1;
  }
  std::ptrdiff_t floats(const Filters& filters) const {
    return roundUp(pointers(filters), kLineFloats) + 2 * roundUp(nonZeros, kLineFloats);
  }
  static std::ptrdiff_t sums(const Filters& filters) { return filters.groupInputs() * volume(filters.kernel); }
};

SparseSchedule readSparse(const Value& schedule, const Filters& filters) {
  const SparseSchedule sparse{schedule["nonZeros"].integer(0, filters.size()),
                              schedule["sumBlock"].integer(1, kMaxExtent), schedule["rowParts"].integer(1, kMaxExtent)};
  checkedMultiply(static_cast<std::size_t>(sparse.blocks(filters)), static_cast<std::size_t>(filters.outChannels));
  return sparse;
}

std::string wrongCount(const SparseSchedule& sparse) {
  return "Expected weights to have " + std::to_string(sparse.nonZeros) + " numbers other than zero but received others";
}

std::ptrdiff_t panelColumns(const KernelTable& kernels) {
  return kMaxSparseVectors * kernels.width;
}

class SparseConvolution final : public ConvolutionKernel {
 public:
  SparseConvolution(const Problem& problem, const Schedule& schedule, const SparseSchedule& sparse)
      : ConvolutionKernel(problem, schedule, static_cast<std::size_t>(sparse.floats(problem)), problem.groups),
        sparse_(sparse),
        columns_(problem, kernels_),
        sums_(std::min(sparse.sumBlock, columns_.rows())),
        panel_(panelColumns(kernels_)) {}

 private:
  // A thread's spare vectors, then its panel, behind which unfolding may write a vector.
  std::size_t slotFloats() const {
    const std::size_t panel = checkedMultiply(static_cast<std::size_t>(sums_), static_cast<std::size_t>(panel_));
    return checkedAdd(panel, static_cast<std::size_t>(SparseTile::spareFloats(kernels_.width) + kLineFloats));
  }
  std::size_t scratchFloats() const override {
    return checkedMultiply(static_cast<std::size_t>(schedule_.threads), slotFloats());
  }

  Times compute(const Pass& pass, float* scratch, const Run& run) const override {
    Stopwatch watch;
    const std::ptrdiff_t panels = divideUp(columns_.columns(), panel_);
    const std::ptrdiff_t products = problem_.batch * problem_.groups, parts = sparse_.rowParts;
    ThreadPool::shared().forEach(products * panels * parts, schedule_.threads, [&](std::ptrdiff_t item, int slot) {
      float* const own = scratch + static_cast<std::ptrdiff_t>(slotFloats()) * slot;
      computePanel(pass, item / parts / panels, item / parts % panels * panel_, item % parts, own, run);
    });
    run.check();
    return {watch.lap()};
  }

  void computePanel(const Pass& pass, std::ptrdiff_t product, std::ptrdiff_t column, std::ptrdiff_t part, float* own,
                    const Run& run) const {
    const std::ptrdiff_t columns = std::min(panel_, columns_.columns() - column), group = product % problem_.groups;
    const std::ptrdiff_t outputs = problem_.groupOutputs(), pointerCount = sparse_.pointers(problem_);
    const auto* const pointers = reinterpret_cast<const std::int32_t*>(pass.weights);
    const auto* const offsets = pointers + roundUp(pointerCount, kLineFloats);
    const float* const values =
        pass.weights + roundUp(pointerCount, kLineFloats) + roundUp(sparse_.nonZeros, kLineFloats);
    float* const panel = own + SparseTile::spareFloats(kernels_.width);
    const SparseTile tile(kernels_, columns, own);
    const std::ptrdiff_t first = outputs * part / sparse_.rowParts, end = outputs * (part + 1) / sparse_.rowParts;
    InputColumns::Runs runs;
    columns_.find(column, columns, roundUp(columns, kernels_.width), runs);
    const float* const x = pass.x + product * problem_.groupInputs() * columns_.plane();
    const std::ptrdiff_t blocks = sparse_.blocks(problem_);
    for (std::ptrdiff_t block = 0; block < blocks; block++) {
      if (run.stopped()) return;
      const std::ptrdiff_t sum = block * sparse_.sumBlock;
      columns_.unfold(runs, x, sum, std::min(sums_, columns_.rows() - sum), panel, panel_);
      const std::int32_t* const rows = pointers + (group * blocks + block) * outputs;
      for (std::ptrdiff_t row = first; row < end; row++) {
        const std::ptrdiff_t at = (product * outputs + row) * columns_.columns() + column, begin = rows[row];
        SparseRowArgs args{values + begin, offsets + begin, rows[row + 1] - begin, panel, pass.y + at, block > 0, 0,
                           nullptr,        nullptr};
        if (block == 0) args.bias = biasOf(pass, group)[row];
        if (block + 1 == blocks) {
          if (pass.residual != nullptr) args.residual = pass.residual + at;
          if (!changesNothing(problem_.activation)) args.activation = &problem_.activation;
        }
        tile.run(args);
      }
    }
  }

  const SparseSchedule sparse_;
  const InputColumns columns_;
  const std::ptrdiff_t sums_, panel_;
};

std::unique_ptr<Kernel> prepareKernel(const Value& description) {
  const Problem problem = readProblem(description["problem"]);
  const Value value = description["schedule"];
  const Schedule schedule = readPlanarSchedule(value);
  return std::make_unique<SparseConvolution>(problem, schedule, readSparse(value, problem));
}

// Throws std::invalid_argument where other weights have other non-zeros than the schedule says.
std::unique_ptr<Kernel> preparePacking(const Value& description) {
  const Filters filters = readFilters(description["problem"]);
  const Value schedule = description["schedule"];
  const SparseSchedule sparse = readSparse(schedule, filters);
  const std::ptrdiff_t width = panelColumns(readKernels(schedule));
  const auto pack = [=](const float* from, float* packed, const Run& run) {
    const std::ptrdiff_t sums = SparseSchedule::sums(filters), outputs = filters.groupOutputs();
    auto* const pointers = reinterpret_cast<std::int32_t*>(packed);
    auto* const offsets = pointers + roundUp(sparse.pointers(filters), kLineFloats);
    float* const values = packed + (offsets - pointers) + roundUp(sparse.nonZeros, kLineFloats);
    std::ptrdiff_t count = 0, row = 0;
    for (std::ptrdiff_t group = 0; group < filters.groups; group++) {
      for (std::ptrdiff_t sum = 0; sum < sums; sum += sparse.sumBlock) {
        run.check();
        for (std::ptrdiff_t output = group * outputs; output < (group + 1) * outputs; output++) {
          pointers[row++] = static_cast<std::int32_t>(count);
          for (std::ptrdiff_t s = sum; s < std::min(sums, sum + sparse.sumBlock); s++) {
            const float value = from[output * sums + s];
            if (value == 0) continue;
            if (count == sparse.nonZeros) throw std::invalid_argument(wrongCount(sparse));
            offsets[count] = static_cast<std::int32_t>((s - sum) * width);
            values[count++] = value;
          }
        }
      }
    }
    if (count != sparse.nonZeros) throw std::invalid_argument(wrongCount(sparse));
    pointers[row] = static_cast<std::int32_t>(count);
  };
  return makePacking(filters, static_cast<std::size_t>(sparse.floats(filters)), readThreads(schedule), Written::part,
                     pack);
}

}  // namespace

extern const Algorithm kSparseConvolution;
const Algorithm kSparseConvolution{"sparse", Direction::forward, prepareKernel, preparePacking};

}  // namespace winograd
