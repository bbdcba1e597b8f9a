#include "operators/conv/gradient/winograd.h"

#include <algorithm>
#include <limits>

#include "operators/common/work.h"
#include "operators/conv/algorithm.h"
#include "operators/conv/common/kernel.h"
#include "runtime/memory.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kMostFloats = std::ptrdiff_t{1} << 40;
constexpr Axes kNone{0, 0, 0}, kOnes{1, 1, 1};

Axes productsOf(const LineTransforms& back) {
  return {back[0].front().columns(), back[1].front().columns(), back[2].front().columns()};
}

// Tiles of the gradient of y beside those of x: as many, by outputs, and no outputs but those of the tile.
Tiling readGradientTiling(const Value& programs, const KernelTable& kernels, const Tiling& tiling) {
  Tiling gradients = tiling;
  gradients.stride = 1;
  const Value::Array elements = programs.array(tiling.forms.size());
  for (std::size_t f = 0; f < elements.size(); f++) {
    Form& form = gradients.forms[f];
    form.inputs = form.outputs;
    form.offset = 0;
    form.B = readLineProgram(elements[f], kernels, form.products, form.outputs);
  }
  return gradients;
}

class WinogradWeightsGradient final : public Kernel {
 public:
  WinogradWeightsGradient(const Problem& problem, const Schedule& schedule, WinogradGradientSchedule decisions)
      : problem_(problem),
        schedule_(schedule),
        kernels_(*schedule.kernels),
        decisions_(std::move(decisions)),
        result_(problem, decisions_.lanes),
        blocks_(makeTileBlocks(decisions_.tilings, problem.batch, productsOf(decisions_.back), decisions_.tileBlock,
                               std::numeric_limits<int>::max(), decisions_.longestRun)),
        x_(inputPixels(problem, schedule)),
        gradient_(outputPixels(problem, schedule)),
        u_(productsOf(decisions_.back), roundUp(problem.inChannels, kernels_.width), largestOf(blocks_)),
        v_(u_.products, roundUp(problem.outChannels, kernels_.width), largestOf(blocks_)),
        strip_(std::max(stripFloats(decisions_.tilings, blocks_, kernels_.width),
                        stripFloats(decisions_.gradientTilings, blocks_, kernels_.width))),
        inputStage_(x_, problem.padBegin, kOnes, decisions_.tilings, u_, decisions_.slice, strip_),
        gradientStage_(gradient_, kNone, kOnes, decisions_.gradientTilings, v_, decisions_.slice, strip_),
        sums_(kernels_, result_, decisions_, blocks_, rowsAreOutputs() ? v_ : u_, rowsAreOutputs() ? u_ : v_) {}

  std::vector<std::size_t> inputBytes() const override {
    return {bytesOf(static_cast<std::size_t>(x_.size())), bytesOf(static_cast<std::size_t>(gradient_.size()))};
  }
  std::vector<std::size_t> outputBytes() const override { return {bytesOf(static_cast<std::size_t>(problem_.size()))}; }
  std::size_t workspaceBytes() const override {
    const std::size_t each = checkedMultiply(static_cast<std::size_t>(threads()), scratchFloats());
    const std::size_t stages = checkedAdd(static_cast<std::size_t>(u_.size()), static_cast<std::size_t>(v_.size()));
    return bytesOf(checkedAdd(checkedAdd(stages, sums_.sharedFloats()), each));
  }
  int threads() const override { return schedule_.threads; }
  bool wakes() const override { return schedule_.wake; }
  std::vector<std::string> codelets() const override {
    return codeletsOf({&inputStage_.transforms(), &gradientStage_.transforms(), &decisions_.back});
  }

  // Every group of channels adds up blocks in their order: results do not depend on the threads.
  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    Stopwatch total;
    const std::ptrdiff_t scratchStep = static_cast<std::ptrdiff_t>(scratchFloats());
    float* const u = workspaceAt(run, 0);
    float* const v = u + u_.size();
    float* const shared = v + v_.size();
    float* const scratch = shared + sums_.sharedFloats();
    const InputSource x = inputStage_.whole(inputs[0].floats()), gradient = gradientStage_.whole(inputs[1].floats());
    std::vector<Times> times(static_cast<std::size_t>(threads()));
    const std::ptrdiff_t ofInput = u_.channels / kernels_.width, ofGradient = v_.channels / kernels_.width;
    for (std::size_t b = 0; b < blocks_.size(); b++) {
      const TileBlock& block = blocks_[b];
      const std::ptrdiff_t channelBlocks = ofInput + ofGradient;
      forEachItem(static_cast<std::ptrdiff_t>(block.runs.size()) * channelBlocks, threads(), run,
                  [&](std::ptrdiff_t item, int slot) {
                    Stopwatch watch;
                    const TileRun& tiles = block.runs[static_cast<std::size_t>(item / channelBlocks)];
                    const std::ptrdiff_t channel = item % channelBlocks;
                    float* const own = scratch + slot * scratchStep;
                    if (channel < ofInput)
                      inputStage_.run(x, block, tiles, channel, u, own);
                    else
                      gradientStage_.run(gradient, block, tiles, channel - ofInput, v, own);
                    times[static_cast<std::size_t>(slot)].input += watch.lap();
                  });
      forEachItem(sums_.groups(), threads(), run, [&](std::ptrdiff_t group, int slot) {
        Stopwatch watch;
        sums_.run(b, group, rowsAreOutputs() ? v : u, rowsAreOutputs() ? u : v, shared, scratch + slot * scratchStep,
                  outputs[0].floats());
        times[static_cast<std::size_t>(slot)].product += watch.lap();
      });
    }
    return sumOf(times, total.lap());
  }

 private:
  bool rowsAreOutputs() const { return decisions_.lanes == Lanes::inputs; }
  std::size_t scratchFloats() const {
    return roundUp(std::max(static_cast<std::size_t>(2 * strip_), sums_.scratchFloats()),
                   static_cast<std::size_t>(kLineFloats));
  }

  const Problem problem_;
  const Schedule schedule_;
  const KernelTable& kernels_;
  const WinogradGradientSchedule decisions_;
  const WeightsGradient result_;
  const std::vector<TileBlock> blocks_;
  const Pixels x_, gradient_;
  const TransformedInput u_, v_;
  const std::ptrdiff_t strip_;
  const InputTransform inputStage_, gradientStage_;
  const WeightSums sums_;
};

}  // namespace

WinogradGradientSchedule readWinogradGradientSchedule(const Value& value, const Problem& problem,
                                                      const Schedule& schedule) {
  if (volume(problem.dilation) != 1) value["algorithm"].refuse("another one for dilations other than 1");
  if (problem.groups != 1) value["algorithm"].refuse("another one for groups");
  const KernelTable& kernels = *schedule.kernels;
  const KernelTransforms transforms = readTransforms(value, problem.kernel, {});
  WinogradGradientSchedule read;
  read.tilings = readTilings(value, kernels, transforms, problem.output, problem.stride);
  const Value::Array gradients = value["gradients"].array(3), back = value["back"].array(3);
  for (std::size_t a = 0; a < 3; a++) {
    read.gradientTilings[a] = readGradientTiling(gradients[a], kernels, read.tilings[a]);
    read.back[a].emplace_back(kernels, readLineProgram(back[a], kernels, transforms[a].taps, transforms[a].products));
  }
  read.lanes = readLanes(value);
  read.tileBlock = value["tileBlock"].integer(1, countTiles(read.tilings, problem.batch));
  read.sumBlock = value["sumBlock"].integer(1, kMostFloats);
  read.rowGroup = readMultiple(kernels.width, value["rowGroup"], kernels.width, kMostFloats);
  read.laneGroup = readMultiple(kernels.width, value["laneGroup"], kernels.width, kMostFloats);
  read.longestRun = value["longestRun"].integer(1, kMaxExtent);
  read.slice = value["slice"].integer(1, kMostFloats);
  return read;
}

extern const Algorithm kWinogradWeightsGradient;
const Algorithm kWinogradWeightsGradient{
    "winograd", Direction::backwardWeights,
    [](const Value& description) -> std::unique_ptr<Kernel> {
      const Problem problem = readProblem(description["problem"]);
      const Schedule schedule = readSchedule(description["schedule"]);
      return std::make_unique<WinogradWeightsGradient>(
          problem, schedule, readWinogradGradientSchedule(description["schedule"], problem, schedule));
    },
    nullptr};

}  // namespace winograd
