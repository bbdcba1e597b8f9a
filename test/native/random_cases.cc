#include <algorithm>

#include "cases.h"
#include "cook_toom.h"
#include "runtime/memory.h"

using namespace winograd;
using cook_toom::evaluations;
using cook_toom::form;
using cook_toom::plainForm;

namespace {

constexpr int kLongest[] = {0, 60, 14, 9};  // inputs along each axis, of one to three

std::size_t size(std::ptrdiff_t count) {
  return static_cast<std::size_t>(count);
}

// Channels, few or many as the algorithm likes them.
void chooseChannels(Case& c, std::mt19937& generator) {
  Problem& p = c.problem;
  const bool positions = c.algorithm == "positions", fast = c.algorithm == "winograd" || positions;
  const bool narrow = c.algorithm == "grouped", whole = c.algorithm == "direct" && generator() % 4 == 0;
  const int unit = whole ? c.schedule.kernels->width : 1;
  p.groups = c.algorithm == "winograd" ? 1 : upTo(narrow ? 40 : 3, generator);
  const bool few = narrow || whole;
  p.inChannels = p.groups * unit * upTo(few ? 4 : positions ? 6 : fast ? 40 : 20, generator);
  p.outChannels = p.groups * unit * upTo(few ? 4 : positions ? 15 : 70, generator);
  if (narrow && generator() % 2) p.outChannels = p.inChannels;
}

// F(4, 3) and F(2, 3) in any order along an axis of three taps, or what a strided, a short, an unconvolved or a folded
// one has.
void chooseTiles(Case& c, std::size_t a, std::mt19937& generator) {
  const Problem& p = c.problem;
  const bool positions = c.algorithm == "positions";
  KernelTransform& transform = c.winograd.weights.transforms[a];
  Tiling& tiling = c.winograd.tilings[a];
  const std::ptrdiff_t output = (p.input[a] + p.padBegin[a] + p.padEnd[a] - p.kernel[a]) / p.stride[a] + 1;
  const bool fold = p.kernel[a] > 1 && a < 2 && !positions && generator() % 6 == 0;
  if (p.kernel[a] == 1 || fold) {
    c.winograd.weights.folds[a] = fold;
    tiling.sequence.assign(size(output), 0);
    return;
  }
  if (p.stride[a] > 1) {
    const int stride = static_cast<int>(p.stride[a]);
    transform = {3, 6, cook_toom::repeated(2, 3)};
    tiling = {{plainForm(2, 3, stride), plainForm(1, 3, stride)}, {}};
    for (std::ptrdiff_t covered = 0; covered < output;) {
      const int f = generator() % 2;
      tiling.sequence.push_back(f);
      covered += f == 0 ? 2 : 1;
    }
    return;
  }
  c.scale *= cook_toom::kScale;
  transform = {3, 6, evaluations(6, 3)};
  if (p.input[a] == 2 && p.padBegin[a] == 1 && p.padEnd[a] == 1) {
    tiling = {{cook_toom::shortForm()}, {0}};
    if (positions) transform = {3, 4, evaluations(4, 3)};
    return;
  }
  tiling = {{form(4, 3), form(2, 3)}, {}};
  if (positions) tiling = {{form(4, 3)}, std::vector<int>(size(divideUp(output, 4)))};
  for (std::ptrdiff_t covered = 0; !positions && covered < output;) {
    const int f = generator() % 2;
    tiling.sequence.push_back(f);
    covered += f == 0 ? 4 : 2;
  }
}

void chooseAxes(Case& c, std::mt19937& generator) {
  Problem& p = c.problem;
  const bool fast = c.algorithm == "winograd" || c.algorithm == "positions";
  const std::size_t dimensions = size(upTo(3, generator));
  for (std::size_t a = 0; a < 3; a++) {
    c.winograd.weights.transforms[a].C = {1};
    c.winograd.tilings[a] = {{cook_toom::identity()}, {0}};
    if (a < 3 - dimensions) continue;
    p.kernel[a] = fast ? (generator() % 8 == 0 ? 1 : 3) : upTo(4, generator);
    p.padBegin[a] = static_cast<std::ptrdiff_t>(generator() % size(p.kernel[a]));
    p.padEnd[a] = static_cast<std::ptrdiff_t>(generator() % size(p.kernel[a]));
    if (c.algorithm != "positions") p.stride[a] = upTo(3, generator);
    if (!fast) p.dilation[a] = upTo(2, generator);
    const std::ptrdiff_t least = p.reach(static_cast<int>(a), 1) - p.padBegin[a] - p.padEnd[a];
    p.input[a] = std::max(upTo(kLongest[dimensions], generator), least);
    if (fast) chooseTiles(c, a, generator);
  }
}

// Channels beyond the last one of a blocked result hold what the activation makes of zero; activations keep that zero,
// to compare all.
void chooseLayouts(Case& c, std::mt19937& generator) {
  const Problem& p = c.problem;
  const int width = c.schedule.kernels->width;
  bool input = true, output = true;
  if (c.algorithm == "winograd") input = c.winograd.weights.folds == Folds{};
  if (c.algorithm == "grouped") input = p.inChannels == p.outChannels && width % p.groupOutputs() == 0;
  if (c.algorithm == "direct") {
    input = wholeVectors(p, p.groupInputs(), width);
    output = wholeVectors(p, p.groupOutputs(), width);
  }
  if (c.algorithm == "gemm" || c.algorithm == "sparse") input = output = false;
  Layouts& layouts = c.schedule.layouts;
  if (input && generator() % 3 == 0) layouts.input = Layout::blocked;
  if (output && generator() % 3 == 0) layouts.output = Layout::blocked;
  if (output && generator() % 3 == 0) layouts.residual = Layout::blocked;
}

void chooseBlocks(Case& c, std::mt19937& generator) {
  const Problem& p = c.problem;
  const std::ptrdiff_t width = c.schedule.kernels->width;
  const bool planar = c.schedule.layouts.input == Layout::planar;
  WinogradSchedule& w = c.winograd;
  std::ptrdiff_t tiles = p.batch;
  for (const Tiling& tiling : w.tilings) tiles *= static_cast<std::ptrdiff_t>(tiling.sequence.size());
  w.tileBlock = std::min(upTo(30, generator), tiles);
  w.channelGroup = 2 * width * upTo(static_cast<int>(divideUp(p.outChannels, 2 * width)), generator);
  w.split = generator() % 2 ? Split::tiles : Split::channels;
  w.sumBlock = generator() % 3 == 0 ? width * upTo(3, generator) : 0;
  w.longestRun = upTo(8, generator);
  w.slice = upTo(4000, generator);
  if (planar && w.weights.folds == Folds{} && generator() % 3 == 0) w.slab = upTo(20000, generator);

  const bool padded = p.padBegin[2] > 0 || p.reach(2, p.output[2]) > p.input[2];
  if (!padded && generator() % 2) c.direct.copyInput = CopyInput::none;
  if (planar && generator() % 2) c.direct.copyInput = CopyInput::planar;
  c.direct.tileRows = upTo(c.schedule.kernels->gemmRows, generator);
  c.direct.chunks = std::min(upTo(9, generator), volume(p.output));
  c.direct.wholeLines = generator() % 2;
  c.direct.items = upTo(12, generator);
  for (std::size_t a = 0; a < 3; a++) c.band[a] = upTo(static_cast<int>(p.output[a]), generator);
  if (c.algorithm != "gemm" && c.algorithm != "sparse") return;
  w.sumBlock = upTo(90, generator);
  c.gemm = {upTo(30, generator),
            2 * width * upTo(3, generator),
            upTo(static_cast<int>(p.groupInputs()), generator),
            upTo(4, generator),
            0,
            generator() % 2 == 0};
}

}  // namespace

Case randomCase(const KernelTable& kernels, const std::string& algorithm, std::mt19937& generator) {
  Case c;
  c.algorithm = algorithm;
  c.schedule.kernels = &kernels;
  if (algorithm == "winograd" && generator() % 3 == 0) c.winograd.weights.format = WeightFormat::bfloat16;
  chooseChannels(c, generator);
  Problem& p = c.problem;
  p.batch = upTo(2, generator);
  p.bias = generator() % 2;
  p.residual = generator() % 2;
  if (generator() % 2) p.activation = {generator() % 2 ? 0.0f : 0.5f, -20, 60};
  c.schedule.threads = static_cast<int>(upTo(3, generator));
  c.schedule.wake = generator() % 4 != 0;
  c.schedule.streamOutput =
      algorithm != "positions" && algorithm != "gemm" && algorithm != "sparse" && generator() % 4 == 0;
  chooseAxes(c, generator);
  c.complete();
  chooseLayouts(c, generator);
  chooseBlocks(c, generator);
  c.name = std::string(kernels.name) + " " + algorithm +
           (c.winograd.weights.format == WeightFormat::bfloat16 ? " bfloat16" : "") + " C" +
           std::to_string(p.inChannels) + " K" + std::to_string(p.outChannels) + " groups " + std::to_string(p.groups) +
           " threads " + std::to_string(c.schedule.threads) + " input";
  for (std::size_t a = 0; a < 3; a++) c.name += " " + std::to_string(p.input[a]) + "/" + std::to_string(p.kernel[a]);
  return c;
}
