#include "operators/conv/winograd/winograd.h"

#include <algorithm>

#include "operators/conv/algorithm.h"
#include "operators/conv/common/packing.h"
#include "operators/conv/winograd/pack.h"
#include "runtime/stopwatch.h"
#include "runtime/threads.h"

namespace winograd {
struct WinogradKernel::Workspace {
  float *u, *m, *scratch, *copy;
  std::ptrdiff_t mSize, scratchSize;
  std::vector<Times> times;  // of each thread
};

WinogradKernel::WinogradKernel(const Problem& problem, const Schedule& schedule, WinogradSchedule decisions)
    : ConvolutionKernel(problem, schedule, packedWinogradFloats(problem, decisions.weights, *schedule.kernels), 1),
      decisions_(std::move(decisions)),
      depth_(decisions_.weights.depth(problem)),
      panels_(problem.outChannels, kernels_.width, decisions_.weights.format),
      panelsPerGroup_(decisions_.channelGroup / (2 * kernels_.width)),
      blocks_(makeTileBlocks(decisions_.tilings, problem.batch, productsOf(decisions_.weights.transforms),
                             decisions_.tileBlock, kernels_.gemmRows, decisions_.longestRun)),
      u_(productsOf(decisions_.weights.transforms), roundUp(depth_, kernels_.width), largestOf(blocks_)),
      m_(u_.products, panelsPerGroup_, largestOf(blocks_), kernels_.width),
      strip_(stripFloats(decisions_.tilings, blocks_, kernels_.width)),
      inputStage_(input_, problem.padBegin, decisions_.weights.folded(problem.kernel), decisions_.tilings, u_,
                  decisions_.slice, strip_),
      products_(kernels_, panels_, decisions_.weights.format, depth_, decisions_.sumBlock, blocks_, u_, m_),
      outputStage_(epilogue_, panels_, decisions_.tilings, m_, decisions_.slice, strip_) {
  if (decisions_.slab > 0) slabs_.emplace(input_, problem.padBegin, decisions_.tilings, blocks_, decisions_.slab);
}

std::size_t WinogradKernel::scratchFloats() const {
  const std::size_t threads = static_cast<std::size_t>(schedule_.threads);
  const std::size_t u = checkedMultiply(splitsChannels() ? 1 : threads, static_cast<std::size_t>(u_.size()));
  const std::size_t each = checkedMultiply(threads, static_cast<std::size_t>(m_.size() + 2 * strip_));
  return checkedAdd(checkedAdd(u, each), slabs_ ? static_cast<std::size_t>(slabs_->size()) : 0);
}

std::vector<std::string> WinogradKernel::codelets() const {
  return codeletsOf({&inputStage_.transforms(), &outputStage_.transforms()});
}

std::ptrdiff_t WinogradKernel::inputItems(const TileBlock& block) const {
  return static_cast<std::ptrdiff_t>(block.runs.size()) * (u_.channels / kernels_.width);
}

Times WinogradKernel::compute(const Pass& pass, float* scratch, const Run& run) const {
  Stopwatch total;
  const std::ptrdiff_t threads = schedule_.threads;
  Workspace workspace;
  workspace.mSize = m_.size();
  workspace.scratchSize = 2 * strip_;
  workspace.u = scratch;
  workspace.m = workspace.u + (splitsChannels() ? 1 : threads) * u_.size();
  workspace.scratch = workspace.m + threads * workspace.mSize;
  workspace.copy = workspace.scratch + threads * workspace.scratchSize;
  workspace.times.resize(static_cast<std::size_t>(threads));
  if (slabs_) {
    for (const Slab& slab : slabs_->all()) {
      run.check();
      Stopwatch watch;
      const InputSource copied = slabs_->copy(pass.x, slab, schedule_.threads, workspace.copy);
      workspace.times[0].input += watch.lap();
      runBlocks(pass, copied, slab.firstBlock, slab.endBlock, workspace, run);
    }
  } else {
    runBlocks(pass, inputStage_.whole(pass.x), 0, blocks_.size(), workspace, run);
  }
  return sumOf(workspace.times, total.lap());
}

void WinogradKernel::runBlocks(const Pass& pass, const InputSource& source, std::size_t firstBlock,
                               std::size_t endBlock, Workspace& workspace, const Run& run) const {
  ThreadPool& pool = ThreadPool::shared();
  const int threads = schedule_.threads;
  if (splitsChannels()) {
    for (std::size_t b = firstBlock; b < endBlock; b++) {
      const TileBlock& block = blocks_[b];
      pool.forEach(inputItems(block), threads, [&](std::ptrdiff_t item, int slot) {
        run.check();
        transformInput(source, block, item, slot, workspace.u, workspace);
      });
      pool.forEach(groups(), threads, [&](std::ptrdiff_t group, int slot) {
        run.check();
        multiplyAndTransform(pass, block, group, slot, workspace.u, workspace);
      });
    }
    return;
  }
  pool.forEach(static_cast<std::ptrdiff_t>(endBlock - firstBlock), threads, [&](std::ptrdiff_t b, int slot) {
    const TileBlock& block = blocks_[firstBlock + static_cast<std::size_t>(b)];
    float* const u = workspace.u + slot * u_.size();
    for (std::ptrdiff_t item = 0; item < inputItems(block); item++) {
      run.check();
      transformInput(source, block, item, slot, u, workspace);
    }
    for (std::ptrdiff_t group = 0; group < groups(); group++) {
      run.check();
      multiplyAndTransform(pass, block, group, slot, u, workspace);
    }
  });
}

void WinogradKernel::transformInput(const InputSource& source, const TileBlock& block, std::ptrdiff_t item, int slot,
                                    float* u, Workspace& workspace) const {
  Stopwatch watch;
  const std::ptrdiff_t channelBlocks = u_.channels / kernels_.width;
  inputStage_.run(source, block, block.runs[static_cast<std::size_t>(item / channelBlocks)], item % channelBlocks, u,
                  workspace.scratch + slot * workspace.scratchSize);
  workspace.times[static_cast<std::size_t>(slot)].input += watch.lap();
}

void WinogradKernel::multiplyAndTransform(const Pass& pass, const TileBlock& block, std::ptrdiff_t group, int slot,
                                          const float* u, Workspace& workspace) const {
  Stopwatch watch;
  Times& times = workspace.times[static_cast<std::size_t>(slot)];
  const std::ptrdiff_t first = panels_.count() * group / groups(), end = panels_.count() * (group + 1) / groups();
  float* const m = workspace.m + slot * workspace.mSize;
  products_.run(block, pass.weights, first, end, u, m);
  times.product += watch.lap();
  for (const TileRun& run : block.runs)
    outputStage_.run(pass, run, first, end, m, workspace.scratch + slot * workspace.scratchSize);
  if (epilogue_.streamed) drainStores();
  times.output += watch.lap();
}

extern const Algorithm kWinograd;
const Algorithm kWinograd{"winograd", Direction::forward,
                          [](const Value& description) -> std::unique_ptr<Kernel> {
                            const Problem problem = readProblem(description["problem"]);
                            const Schedule schedule = readSchedule(description["schedule"]);
                            return std::make_unique<WinogradKernel>(
                                problem, schedule, readWinogradSchedule(description["schedule"], problem, schedule));
                          },
                          [](const Value& description) {
                            const Filters filters = readFilters(description["problem"]);
                            const Value schedule = description["schedule"];
                            return packWinograd(filters, readWinogradWeights(schedule, filters), readKernels(schedule),
                                                readThreads(schedule));
                          }};

}  // namespace winograd
