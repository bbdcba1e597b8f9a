#include "operators/conv/grouped/grouped.h"

#include <algorithm>

#include "operators/conv/algorithm.h"
#include "operators/conv/common/packing.h"
#include "runtime/stopwatch.h"
#include "runtime/threads.h"

namespace winograd {
namespace {

// Floats of packed weights.
std::size_t packedGroupedFloats(const Filters& filters, const KernelTable& kernels) {
  return checkedMultiply(checkedMultiply(static_cast<std::size_t>(filters.groupInputs()),
                                         static_cast<std::size_t>(volume(filters.kernel))),
                         static_cast<std::size_t>(roundUp(filters.outChannels, kernels.width)));
}

// [vector of output channels][input channel of the group][tap][output channel].
std::unique_ptr<Kernel> packGrouped(const Filters& filters, const KernelTable& kernels) {
  const std::ptrdiff_t width = kernels.width, steps = filters.groupInputs() * volume(filters.kernel);
  const auto pack = [=](const float* from, float* packed, const Run& run) {
    for (std::ptrdiff_t k = 0; k < filters.outChannels; k++) {
      run.check();
      float* const out = packed + k / width * steps * width + k % width;
      for (std::ptrdiff_t s = 0; s < steps; s++) out[s * width] = from[k * steps + s];
    }
  };
  return makePacking(filters, packedGroupedFloats(filters, kernels), 1, Written::part, pack);
}

// Whether a vector of output channels and the input channels of its groups are the same ones.
bool aligned(const Filters& filters, int width) {
  return filters.groupInputs() == filters.groupOutputs() && width % filters.groupOutputs() == 0;
}

}  // namespace

GroupedKernel::GroupedKernel(const Problem& problem, const Schedule& schedule, const Axes& band)
    : ConvolutionKernel(problem, schedule, packedGroupedFloats(problem, *schedule.kernels), 1),
      blocks_(divideUp(problem.outChannels, kernels_.width)),
      band_(band) {
  for (int a = 0; a < 3; a++) bands_[a] = divideUp(problem.output[a], band_[a]);
  const Axes inputs = inputsOf(band_);
  std::size_t gathered =
      checkedMultiply(static_cast<std::size_t>(problem.groupInputs()), static_cast<std::size_t>(kernels_.width));
  for (const std::ptrdiff_t extent : inputs) gathered = checkedMultiply(gathered, static_cast<std::size_t>(extent));
  gathered_ = static_cast<std::ptrdiff_t>(gathered);
  row_ = std::max(inputs[2], band_[2]) * kernels_.width;
  layOutTaps();
}

// Three taps side by side share their loads where neighbouring outputs have neighbouring inputs.
void GroupedKernel::layOutTaps() {
  const Axes place = inputsOf(band_), &kernel = problem_.kernel, &dilation = problem_.dilation;
  const std::ptrdiff_t width = kernels_.width;
  const std::ptrdiff_t inTriples = problem_.stride[2] == 1 && dilation[2] == 1 ? kernel[2] / 3 * 3 : 0;
  const auto add = [&](std::ptrdiff_t first, std::ptrdiff_t end, std::ptrdiff_t step) {
    for (std::ptrdiff_t c = 0; c < problem_.groupInputs(); c++) {
      for (std::ptrdiff_t d = 0; d < kernel[0]; d++) {
        for (std::ptrdiff_t h = 0; h < kernel[1]; h++) {
          const std::ptrdiff_t line = (c * place[0] + d * dilation[0]) * place[1] + h * dilation[1];
          const std::ptrdiff_t tap = ((c * kernel[0] + d) * kernel[1] + h) * kernel[2];
          for (std::ptrdiff_t w = first; w < end; w += step)
            taps_.push_back({(line * place[2] + w * dilation[2]) * width, (tap + w) * width});
        }
      }
    }
  };
  add(0, inTriples, 3);
  triples_ = static_cast<std::ptrdiff_t>(taps_.size());
  add(inTriples, kernel[2], 1);
}

std::size_t GroupedKernel::scratchFloats() const {
  return checkedMultiply(static_cast<std::size_t>(schedule_.threads),
                         static_cast<std::size_t>(roundUp(gathered_ + row_, kLineFloats)));
}

// Inputs under so many outputs.
Axes GroupedKernel::inputsOf(const Axes& outputs) const {
  Axes inputs;
  for (int a = 0; a < 3; a++) inputs[a] = problem_.reach(a, outputs[a]);
  return inputs;
}

// Bands of one vector of channels follow each other, rows innermost: neighbours share inputs.
GroupedKernel::Band GroupedKernel::bandOf(std::ptrdiff_t item) const {
  const std::ptrdiff_t plane = item / volume(bands_);
  Band band{plane / blocks_, plane % blocks_, {}, {}};
  const Axes index{item / bands_[2] / bands_[1] % bands_[0], item / bands_[2] % bands_[1], item % bands_[2]};
  for (int a = 0; a < 3; a++) {
    band.start[a] = index[a] * band_[a];
    band.extent[a] = std::min(band_[a], problem_.output[a] - band.start[a]);
  }
  return band;
}

Times GroupedKernel::compute(const Pass& pass, float* scratch, const Run& run) const {
  Stopwatch total;
  const std::size_t threads = static_cast<std::size_t>(schedule_.threads);
  const std::ptrdiff_t perThread = static_cast<std::ptrdiff_t>(scratchFloats() / threads);
  std::vector<Times> times(threads);
  const auto body = [&](std::ptrdiff_t item, int slot) {
    run.check();
    float* const gathered = scratch + slot * perThread;
    Times& time = times[static_cast<std::size_t>(slot)];
    Stopwatch watch;
    const Band band = bandOf(item);
    gather(pass.x, band, gathered, gathered + gathered_);
    time.input += watch.lap();
    computeBand(pass, band, gathered, gathered + gathered_);
    if (epilogue_.streamed) drainStores();
    time.product += watch.lap();
  };
  ThreadPool::shared().forEach(problem_.batch * blocks_ * volume(bands_), schedule_.threads, body);
  return sumOf(times, total.lap());
}

// [input channel of the group][depth][row][column][output channel of the vector].
void GroupedKernel::gather(const float* x, const Band& band, float* to, float* together) const {
  const std::ptrdiff_t width = kernels_.width, channels = problem_.groupInputs(), outputs = problem_.groupOutputs();
  const Axes place = inputsOf(band_), inputs = inputsOf(band.extent);
  // Where its channels fill a row of their own, they are loaded once and spread.
  const bool sideBySide = aligned(problem_, kernels_.width);
  const bool spread = channels > 1 && sideBySide;
  InputRow row{band.image, {}, inputs[2], 0, band.block, problem_.inChannels};
  if (!sideBySide) {
    row.channels = problem_.outChannels;
    row.lanes = outputs;
    row.step = channels;
  }
  for (std::ptrdiff_t d = 0; d < inputs[0]; d++) {
    for (std::ptrdiff_t h = 0; h < inputs[1]; h++) {
      const Axes inner{d, h, 0};
      for (int a = 0; a < 3; a++) row.at[a] = band.start[a] * problem_.stride[a] - problem_.padBegin[a] + inner[a];
      if (spread) loadInputRow(input_, x, row, together);
      for (std::ptrdiff_t c = 0; c < channels; c++) {
        float* const line = to + ((c * place[0] + d) * place[1] + h) * place[2] * width;
        if (!spread) {
          row.firstChannel = c;
          loadInputRow(input_, x, row, line);
          continue;
        }
        int lanes[kMaxWidth];
        for (int l = 0; l < width; l++) lanes[l] = static_cast<int>(l / outputs * channels + c);
        kernels_.spread({together, inputs[2], lanes, line});
      }
    }
  }
}

void GroupedKernel::computeBand(const Pass& pass, const Band& band, const float* from, float* row) const {
  const std::ptrdiff_t width = kernels_.width, channel = band.block * width, pixels = band.extent[2];
  const Axes place = inputsOf(band_);
  GroupedArgs args{};
  args.pixelStride = problem_.stride[2] * width;
  args.taps = taps_.data();
  args.triples = triples_;
  args.singles = static_cast<std::ptrdiff_t>(taps_.size()) - triples_;
  args.weights = pass.weights + channel * problem_.groupInputs() * volume(problem_.kernel);
  const std::ptrdiff_t tiles = divideUp(pixels, kGroupedPixels);
  for (std::ptrdiff_t d = 0; d < band.extent[0]; d++) {
    for (std::ptrdiff_t h = 0; h < band.extent[1]; h++) {
      const float* line = from + (d * problem_.stride[0] * place[1] + h * problem_.stride[1]) * place[2] * width;
      for (std::ptrdiff_t t = 0; t < tiles; t++) {
        const std::ptrdiff_t first = pixels * t / tiles, count = pixels * (t + 1) / tiles - first;
        args.from = line + first * args.pixelStride;
        args.to = row + first * width;
        kernels_.grouped[count - 1](args);
      }
      epilogue_.store(pass,
                      {band.image,
                       {band.start[0] + d, band.start[1] + h, band.start[2]},
                       pixels,
                       channel,
                       static_cast<int>(std::min(width, problem_.outChannels - channel)),
                       pass.bias + channel},
                      row, width);
    }
  }
}

extern const Algorithm kGrouped;
const Algorithm kGrouped{
    "grouped", Direction::forward,
    [](const Value& description) -> std::unique_ptr<Kernel> {
      const Problem problem = readProblem(description["problem"]);
      const Value value = description["schedule"];
      const Schedule schedule = readSchedule(value);
      checkLayouts(value, schedule.layouts, {aligned(problem, schedule.kernels->width), true});
      return std::make_unique<GroupedKernel>(problem, schedule, readExtents(value["band"], problem.output));
    },
    [](const Value& description) {
      return packGrouped(readFilters(description["problem"]), readKernels(description["schedule"]));
    }};

}  // namespace winograd
