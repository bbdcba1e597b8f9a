#include "direct.h"

#include <algorithm>

#include "../runtime/stopwatch.h"
#include "../runtime/threads.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kNearInput = 128 * 1024;  // floats of input that stay in the second level of cache
constexpr std::size_t kFarOutput = 8 << 20;        // floats of a result that the third level of cache does not keep
constexpr std::ptrdiff_t kItemsPerThread = 4, kEnoughPieces = 8, kManyLines = 8;
constexpr std::ptrdiff_t kLeastPixels = 56;    // of an item
constexpr std::ptrdiff_t kBufferPixels = 112;  // computed before they are stored; whole register tiles and vectors
constexpr std::ptrdiff_t kShortSum = 160, kShortTile = 8;

// Taps along an axis that meet the input, not its padding.
struct Range {
  std::ptrdiff_t first, end;
};
Range tapsInside(std::ptrdiff_t start, std::ptrdiff_t dilation, std::ptrdiff_t taps, std::ptrdiff_t size) {
  const std::ptrdiff_t end = std::min(taps, start < size ? divideUp(size - start, dilation) : 0);
  return {std::min(start < 0 ? divideUp(-start, dilation) : 0, end), end};
}

}  // namespace

DirectPlan::DirectPlan(std::shared_ptr<const Weights> weights, const Problem& problem)
    : Plan(std::move(weights), problem), kernels_(*layer().kernels), panels_(layer().groupOutputs(), kernels_.width) {
  chooseReading();
  layOutSegments();
  joinLines();
  choosePieces();
}

// Planar pixels are as good to read as blocked ones. Where they must be copied anyway, blocked ones lie closer
// together, unless channels are too few to fill them.
void DirectPlan::chooseReading() {
  const std::ptrdiff_t width = kernels_.width, channels = layer().groupInputs();
  const std::ptrdiff_t reach =
      (output_[2] - 1) * problem_.stride[2] + problem_.dilation[2] * (layer().kernel[2] - 1) + 1;
  copied_ = problem_.padBegin[2] > 0 || reach > problem_.input[2];
  const bool planar = problem_.inputLayout == Layout::planar && (!copied_ || channels < width);
  reading_ = planar ? Layout::planar : Layout::blocked;
  extents_ = problem_.input;
  // No column beyond the last tap's reach is ever read.
  if (copied_) extents_[2] = reach;
  pixel_ = planar ? 1 : width;
  planes_ = planar ? channels : divideUp(channels, width);
}

// In the order of the weights: whole channel blocks before single channels, each row of taps by row of taps.
void DirectPlan::layOutSegments() {
  const std::ptrdiff_t width = kernels_.width, channels = layer().groupInputs(), whole = channels / width * width;
  const Axes& kernel = layer().kernel;
  const bool planar = reading_ == Layout::planar;
  const auto addRow = [&](std::ptrdiff_t row, std::ptrdiff_t firstChannel, std::ptrdiff_t endChannel) {
    const std::ptrdiff_t y =
        row / kernel[1] * problem_.dilation[0] * extents_[1] + row % kernel[1] * problem_.dilation[1];
    for (std::ptrdiff_t block = firstChannel; block < endChannel; block += width) {
      for (std::ptrdiff_t w = 0; w < kernel[2]; w++) {
        const std::ptrdiff_t at = (y * extents_[2] + w * problem_.dilation[2]) * pixel_;
        const bool full = !planar && block + width <= endChannel;
        for (std::ptrdiff_t c = block; c < (full ? block + 1 : std::min(block + width, endChannel)); c++) {
          const std::ptrdiff_t plane = planar ? c : c / width, lane = planar ? 0 : c % width;
          offsets_.push_back(plane * volume(extents_) * pixel_ + at + lane);
        }
      }
    }
  };
  const std::ptrdiff_t rows = kernel[0] * kernel[1];
  for (std::ptrdiff_t row = 0; row < rows; row++) addRow(row, 0, whole);
  perRow_[0] = static_cast<std::ptrdiff_t>(offsets_.size()) / rows;
  for (std::ptrdiff_t row = 0; row < rows; row++) addRow(row, whole, channels);
  perRow_[1] = static_cast<std::ptrdiff_t>(offsets_.size()) / rows - perRow_[0];
  full_ = planar ? 0 : rows * perRow_[0];
}

// Lines whose inputs follow one another are one line: its register tiles are all full but the last.
void DirectPlan::joinLines() {
  lines_ = output_;
  const Axes& stride = problem_.stride;
  const auto unpadded = [&](int a) {
    return problem_.padBegin[a] == 0 &&
           (output_[a] - 1) * stride[a] + problem_.dilation[a] * (layer().kernel[a] - 1) < problem_.input[a];
  };
  if (!unpadded(1) || (lines_[1] > 1 && stride[1] * extents_[2] != output_[2] * stride[2])) return;
  lines_ = {output_[0], 1, output_[1] * output_[2]};
  if (!unpadded(0) || (lines_[0] > 1 && stride[0] * extents_[1] * extents_[2] != lines_[2] * stride[2])) return;
  lines_ = {1, 1, volume(output_)};
}

// Inputs of a chunk of pixels stay in cache from panel to panel.
void DirectPlan::choosePieces() {
  tileRows_ = kernels_.gemmRows;
  if (channelsBefore(static_cast<std::ptrdiff_t>(offsets_.size())) <= kShortSum) {
    tileRows_ = std::min(tileRows_, kShortTile);
  }
  std::ptrdiff_t input = layer().groupInputs();
  for (int a = 0; a < 3; a++) input *= std::min(extents_[a], output_[a] * layer().kernel[a]);
  chunks_ = divideUp(input, kNearInput);
  // As much work for one thread as for the other.
  const std::ptrdiff_t items = itemCount(), panels = layer().groups * panels_.count();
  if (panels % items != 0 && chunks_ * panels < kEnoughPieces * items) chunks_ = roundUp(chunks_, items);
  chunks_ = std::min(chunks_, divideUp(volume(output_), kLeastPixels));
}

std::ptrdiff_t DirectPlan::itemCount() const {
  return problem_.threads == 1 ? 1 : problem_.threads * kItemsPerThread;
}

DirectPlan::Piece DirectPlan::piece(std::ptrdiff_t index) const {
  const std::ptrdiff_t panel = index % panels_.count(), chunk = index / panels_.count() % chunks_;
  // Whole lines, if they are many.
  const std::ptrdiff_t unit = lines_[0] * lines_[1] >= kManyLines * chunks_ ? lines_[2] : tileRows_;
  const std::ptrdiff_t pixels = volume(output_), units = divideUp(pixels, unit);
  return {index / panels_.count() / chunks_, panel, units * chunk / chunks_ * unit,
          std::min(units * (chunk + 1) / chunks_ * unit, pixels)};
}

std::size_t DirectPlan::workspaceBytes() const {
  const std::size_t copy = copied_ ? checkedMultiply(static_cast<std::size_t>(layer().groups * planes_ * pixel_),
                                                     static_cast<std::size_t>(volume(extents_)))
                                   : 0;
  const std::ptrdiff_t buffers = problem_.threads * 2 * kernels_.width * kBufferPixels;
  return checkedMultiply(checkedAdd(copy, static_cast<std::size_t>(buffers)), sizeof(float));
}

Times DirectPlan::execute(const float* x, float* y, const float* residual) const {
  const Activations activations{x, y, residual, streamsOutput() && outputSize() >= kFarOutput};
  const ThreadPool::Session session(ThreadPool::shared(), problem_.threads);
  weights_->prepare(problem_.threads);
  Stopwatch total;
  std::vector<Times> times(static_cast<std::size_t>(problem_.threads));
  const std::shared_ptr<Block> workspace = pooledBlock(workspaceBytes() / sizeof(float));
  const std::ptrdiff_t bufferSize = 2 * kernels_.width * kBufferPixels;
  float* const buffers = workspace->data();
  float* const copy = buffers + problem_.threads * bufferSize;
  const std::ptrdiff_t groupSize = planes_ * volume(extents_) * pixel_;
  ThreadPool& pool = ThreadPool::shared();
  for (std::ptrdiff_t image = 0; image < problem_.batch; image++) {
    if (copied_) {
      pool.forEach(layer().groups * planes_ * extents_[0], problem_.threads, [&](std::ptrdiff_t index, int slot) {
        Stopwatch watch;
        copyPlane(x, image, index, copy);
        times[static_cast<std::size_t>(slot)].input += watch.lap();
      });
    }
    const float* const source = copied_ ? copy : x + image * layer().groups * groupSize;
    const std::ptrdiff_t pieces = layer().groups * chunks_ * panels_.count(), items = itemCount();
    pool.forEach(items, problem_.threads, [&](std::ptrdiff_t item, int slot) {
      Stopwatch watch;
      for (std::ptrdiff_t index = pieces * item / items; index < pieces * (item + 1) / items; index++) {
        const Piece part = piece(index);
        compute(activations, image, part, source + part.group * groupSize, buffers + slot * bufferSize);
      }
      if (activations.streamed) drainStores();
      times[static_cast<std::size_t>(slot)].product += watch.lap();
    });
  }
  return sumOf(times, total.lap());
}

// One plane of one channel or channel block, with the padding of its rows.
void DirectPlan::copyPlane(const float* x, std::ptrdiff_t image, std::ptrdiff_t index, float* copy) const {
  const std::ptrdiff_t z = index % extents_[0], plane = index / extents_[0], channels = layer().groupInputs();
  float* to = copy + index * extents_[1] * extents_[2] * pixel_;
  InputRow row{image,   {z, 0, -problem_.padBegin[2]}, extents_[2], plane / planes_ * channels, plane % planes_,
               channels};
  for (std::ptrdiff_t h = 0; h < extents_[1]; h++, to += extents_[2] * pixel_) {
    row.at[1] = h;
    (reading_ == Layout::planar ? loadPlanarRow : loadInputRow)(layer(), problem_, x, row, to);
  }
}

// The segments of a line, without the taps on padding above and below.
void DirectPlan::findRuns(std::ptrdiff_t line, std::vector<Run>& runs) const {
  const Axes& kernel = layer().kernel;
  const Axes at{line / lines_[1], line % lines_[1], 0};
  std::array<Range, 2> taps;
  for (int a = 0; a < 2; a++) {
    taps[a] = tapsInside(at[a] * problem_.stride[a] - problem_.padBegin[a], problem_.dilation[a], kernel[a],
                         problem_.input[a]);
  }
  runs.assign(1, {0, 0, 0});
  for (int part = 0; part < 2; part++) {
    const std::ptrdiff_t begin = part == 0 ? 0 : kernel[0] * kernel[1] * perRow_[0];
    for (std::ptrdiff_t d = taps[0].first; d < taps[0].end; d++) {
      const std::ptrdiff_t first = begin + (d * kernel[1] + taps[1].first) * perRow_[part];
      const std::ptrdiff_t count = (taps[1].end - taps[1].first) * perRow_[part];
      if (count == 0) continue;
      Run& last = runs.back();
      if (last.full + last.single == 0) last.first = first;
      if (last.first + last.full + last.single != first) runs.push_back({first, 0, 0});
      (first < full_ ? runs.back().full : runs.back().single) += count;
    }
  }
}

void DirectPlan::compute(const Activations& activations, std::ptrdiff_t image, const Piece& piece, const float* source,
                         float* buffer) const {
  const std::ptrdiff_t width = kernels_.width, outputs = layer().groupOutputs(), pixels = volume(output_);
  const Panel panel = panels_.at(piece.panel);
  const std::ptrdiff_t lanes = panel.vectors * width;
  // Register tiles go straight to blocked results; planar ones are reshuffled in longer rows.
  const bool straight = problem_.outputLayout == Layout::blocked &&
                        (activations.residual == nullptr || problem_.residualLayout == Layout::blocked);
  const auto& kernels = kernels_.gemmStrided[panel.vectors - 1];
  const float* const weights = weights_->panels() + (piece.group * panels_.padded() + panel.channel) *
                                                        layer().groupInputs() * volume(layer().kernel);
  const float* const bias = weights_->bias(piece.group) + panel.channel;
  const Activation* const activation =
      straight && !changesNothing(problem_.activation) ? &problem_.activation : nullptr;
  std::ptrdiff_t buffered = 0;
  const auto flush = [&](std::ptrdiff_t end) {
    for (int v = 0; v < panel.vectors; v++) {
      const std::ptrdiff_t channel = panel.channel + v * width;
      storeOutputRow(layer(), problem_, output_, activations,
                     {image,
                      {0, 0, end - buffered},
                      buffered,
                      piece.group * outputs + channel,
                      static_cast<int>(std::min(width, outputs - channel)),
                      bias + v * width},
                     buffer + v * width, lanes);
    }
    buffered = 0;
  };

  GemmArgs args{};
  args.rowStride = problem_.stride[2] * pixel_;
  args.cStride = straight ? width : lanes;
  args.cVector = straight ? pixels * width : width;
  std::vector<Run> runs;
  for (std::ptrdiff_t pixel = piece.firstPixel, count; pixel < piece.endPixel; pixel += count) {
    const std::ptrdiff_t line = pixel / lines_[2], x = pixel % lines_[2];
    count = std::min(piece.endPixel - pixel, lines_[2] - x);
    const std::ptrdiff_t z = line / lines_[1] * problem_.stride[0] - problem_.padBegin[0];
    const std::ptrdiff_t y = line % lines_[1] * problem_.stride[1] - problem_.padBegin[1];
    // Where the first tap is on padding this lies before the input; no segment of the line does.
    const float* const from = source + (z * extents_[1] + y) * extents_[2] * pixel_ + x * args.rowStride;
    findRuns(line, runs);
    const std::ptrdiff_t tiles = divideUp(count, tileRows_);
    for (std::ptrdiff_t t = 0; t < tiles; t++) {
      const std::ptrdiff_t first = count * t / tiles, rows = count * (t + 1) / tiles - first;
      args.a = from + first * args.rowStride;
      args.bias = args.addend = nullptr;
      args.activation = nullptr;
      args.streamed = false;
      if (straight) {
        const std::ptrdiff_t at = ((image * layer().groups + piece.group) * panels_.padded() + panel.channel) * pixels +
                                  (pixel + first) * width;
        args.c = activations.y + at;
        args.bias = bias;
        if (activations.residual != nullptr) args.addend = activations.residual + at;
      } else {
        if (buffered + rows > kBufferPixels) flush(pixel + first);
        args.c = buffer + buffered * lanes;
        buffered += rows;
      }
      for (std::size_t r = 0; r < runs.size(); r++) {
        args.offsets = offsets_.data() + runs[r].first;
        args.full = runs[r].full;
        args.single = runs[r].single;
        args.b = weights + channelsBefore(runs[r].first) * lanes;
        if (r + 1 == runs.size()) {
          args.activation = activation;
          args.streamed = straight && activations.streamed;
        }
        kernels[rows - 1](args);
        args.bias = nullptr;
        args.addend = args.c;
      }
    }
  }
  if (!straight) flush(piece.endPixel);
}

}  // namespace winograd
