#include "operators/conv/grouped/grouped.h"

#include <algorithm>

#include "runtime/stopwatch.h"
#include "runtime/threads.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kBand = 96 * 1024;  // floats of a band's inputs that stay in the second level of cache
constexpr std::ptrdiff_t kShares = 4;        // bands for each thread where there are several, that they end together

}  // namespace

GroupedPlan::GroupedPlan(std::shared_ptr<const Weights> weights, const Problem& problem)
    : Plan(std::move(weights), problem),
      kernels_(*layer().kernels),
      blocks_(divideUp(layer().outChannels, kernels_.width)),
      band_(chooseBand()) {
  for (int a = 0; a < 3; a++) bands_[a] = divideUp(output_[a], band_[a]);
  // Bands of about one size.
  for (int a = 0; a < 3; a++) band_[a] = divideUp(output_[a], bands_[a]);
  gathered_ = gatheredBy(band_);
  row_ = std::max(inputsOf(band_)[2], band_[2]) * kernels_.width;
  layOutTaps();
}

std::ptrdiff_t GroupedPlan::gatheredBy(const Axes& outputs) const {
  std::size_t floats = static_cast<std::size_t>(layer().groupInputs() * kernels_.width);
  for (const std::ptrdiff_t extent : inputsOf(outputs))
    floats = checkedMultiply(floats, static_cast<std::size_t>(extent));
  return static_cast<std::ptrdiff_t>(floats);
}

// Whole rows, as many and from as many planes as are worth it: neighbouring bands gather again what they share.
Axes GroupedPlan::chooseBand() const {
  const std::ptrdiff_t bands = problem_.threads == 1 ? 1 : kShares * problem_.threads;
  const std::ptrdiff_t most = divideUp(output_[0] * output_[1], divideUp(bands, problem_.batch * blocks_));
  Axes best{1, 1, output_[2]};
  double least = static_cast<double>(gatheredBy(best));
  for (std::ptrdiff_t rows = 1; rows <= output_[1]; rows++) {
    for (std::ptrdiff_t planes = 1; planes <= output_[0]; planes++) {
      const std::ptrdiff_t gathered = gatheredBy({planes, rows, output_[2]});
      if (gathered > kBand || planes * rows > most) break;
      const double each = static_cast<double>(gathered) / static_cast<double>(planes * rows);
      if (each >= least) continue;
      least = each;
      best = {planes, rows, output_[2]};
    }
  }
  return best;
}

// Three taps side by side share their loads where neighbouring outputs have neighbouring inputs.
void GroupedPlan::layOutTaps() {
  const Axes place = inputsOf(band_), &kernel = layer().kernel, &dilation = problem_.dilation;
  const std::ptrdiff_t width = kernels_.width;
  const std::ptrdiff_t inTriples = problem_.stride[2] == 1 && dilation[2] == 1 ? kernel[2] / 3 * 3 : 0;
  const auto add = [&](std::ptrdiff_t first, std::ptrdiff_t end, std::ptrdiff_t step) {
    for (std::ptrdiff_t c = 0; c < layer().groupInputs(); c++) {
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

std::size_t GroupedPlan::workspaceBytes() const {
  return checkedMultiply(static_cast<std::size_t>(problem_.threads),
                         static_cast<std::size_t>(gathered_ + row_) * sizeof(float));
}

// Inputs under so many outputs.
Axes GroupedPlan::inputsOf(const Axes& outputs) const {
  Axes inputs;
  for (int a = 0; a < 3; a++) {
    inputs[a] = (outputs[a] - 1) * problem_.stride[a] + problem_.dilation[a] * (layer().kernel[a] - 1) + 1;
  }
  return inputs;
}

// Bands of one vector of channels follow each other, rows innermost: neighbours share inputs.
GroupedPlan::Band GroupedPlan::bandOf(std::ptrdiff_t item) const {
  const std::ptrdiff_t plane = item / volume(bands_);
  Band band{plane / blocks_, plane % blocks_, {}, {}};
  const Axes index{item / bands_[1] % bands_[0], item % bands_[1], 0};
  for (int a = 0; a < 3; a++) {
    band.start[a] = index[a] * band_[a];
    band.extent[a] = std::min(band_[a], output_[a] - band.start[a]);
  }
  return band;
}

Times GroupedPlan::execute(const float* x, float* y, const float* residual) const {
  const ThreadPool::Session awake = session();
  weights_->prepare(problem_.threads);
  Stopwatch total;
  const Activations activations{x, y, residual};
  std::vector<Times> times(static_cast<std::size_t>(problem_.threads));
  const std::shared_ptr<Block> workspace = pooledBlock(workspaceBytes() / sizeof(float));
  ThreadPool::shared().forEach(problem_.batch * blocks_ * volume(bands_), problem_.threads,
                               [&](std::ptrdiff_t item, int slot) {
                                 float* const gathered = workspace->data() + slot * (gathered_ + row_);
                                 Times& time = times[static_cast<std::size_t>(slot)];
                                 Stopwatch watch;
                                 const Band band = bandOf(item);
                                 gather(x, band, gathered, gathered + gathered_);
                                 time.input += watch.lap();
                                 compute(activations, band, gathered, gathered + gathered_);
                                 time.product += watch.lap();
                               });
  return sumOf(times, total.lap());
}

// [input channel of the group][depth][row][column][output channel of the vector].
void GroupedPlan::gather(const float* x, const Band& band, float* to, float* aligned) const {
  const std::ptrdiff_t width = kernels_.width, channels = layer().groupInputs(), outputs = layer().groupOutputs();
  const Axes place = inputsOf(band_), inputs = inputsOf(band.extent);
  // Where its channels fill a row of their own, they are loaded once and spread.
  const bool spread = channels > 1 && layer().alignedGroups();
  InputRow row{band.image, {}, inputs[2], 0, band.block, layer().inChannels};
  if (!layer().alignedGroups()) {
    row.channels = layer().outChannels;
    row.lanes = outputs;
    row.step = channels;
  }
  for (std::ptrdiff_t d = 0; d < inputs[0]; d++) {
    for (std::ptrdiff_t h = 0; h < inputs[1]; h++) {
      const Axes inner{d, h, 0};
      for (int a = 0; a < 3; a++) row.at[a] = band.start[a] * problem_.stride[a] - problem_.padBegin[a] + inner[a];
      if (spread) loadInputRow(layer(), problem_, x, row, aligned);
      for (std::ptrdiff_t c = 0; c < channels; c++) {
        float* const line = to + ((c * place[0] + d) * place[1] + h) * place[2] * width;
        if (!spread) {
          row.firstChannel = c;
          loadInputRow(layer(), problem_, x, row, line);
          continue;
        }
        int lanes[kMaxWidth];
        for (int l = 0; l < width; l++) lanes[l] = static_cast<int>(l / outputs * channels + c);
        kernels_.spread({aligned, inputs[2], lanes, line});
      }
    }
  }
}

void GroupedPlan::compute(const Activations& activations, const Band& band, const float* from, float* row) const {
  const std::ptrdiff_t width = kernels_.width, channel = band.block * width, pixels = band.extent[2];
  const Axes place = inputsOf(band_);
  GroupedArgs args{};
  args.pixelStride = problem_.stride[2] * width;
  args.taps = taps_.data();
  args.triples = triples_;
  args.singles = static_cast<std::ptrdiff_t>(taps_.size()) - triples_;
  args.weights = weights_->panels() + channel * layer().groupInputs() * volume(layer().kernel);
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
      storeOutputRow(layer(), problem_, output_, activations,
                     {band.image,
                      {band.start[0] + d, band.start[1] + h, 0},
                      pixels,
                      channel,
                      static_cast<int>(std::min(width, layer().outChannels - channel)),
                      weights_->bias(0) + channel},
                     row, width);
    }
  }
}

}  // namespace winograd
