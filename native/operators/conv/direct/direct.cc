#include "operators/conv/direct/direct.h"

#include <algorithm>

#include "runtime/stopwatch.h"
#include "runtime/threads.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kNearInput = 128 * 1024;  // floats of input that stay in the second level of cache
constexpr std::size_t kFarOutput = 8 << 20;        // floats of a result that the third level of cache does not keep
constexpr std::ptrdiff_t kItemsPerThread = 4;
constexpr std::ptrdiff_t kManyLines = 8;       // of a chunk; fewer are cut
constexpr std::ptrdiff_t kLeastPixels = 56;    // of a chunk
constexpr std::ptrdiff_t kBufferPixels = 112;  // computed before they are stored; whole register tiles and vectors
// Of sums this short, storing a large register tile would take longer than the stores' queue can hide.
constexpr std::ptrdiff_t kShortSum = 160, kShortTile = 8;

}  // namespace

DirectPlan::DirectPlan(std::shared_ptr<const Weights> weights, const Problem& problem)
    : Plan(std::move(weights), problem),
      kernels_(*layer().kernels),
      panels_(layer().groupOutputs(), kernels_.width),
      input_(layer(), problem_) {
  choosePieces();
  std::vector<Region> regions;
  for (std::ptrdiff_t item = 0; item < items_; item++) {
    forEachPiece(item, [&](const Piece&, const Region& region) {
      if (regions.empty() || !(regions.back() == region)) regions.push_back(region);
    });
  }
  input_.layOut(regions);
}

// Inputs of a chunk of pixels stay in cache from panel to panel. Each item has as much work as the others: some whole
// chunks, or some panels of the only one.
void DirectPlan::choosePieces() {
  const std::ptrdiff_t sum = layer().groupInputs() * volume(layer().kernel);
  tileRows_ = sum <= kShortSum ? std::min<std::ptrdiff_t>(kernels_.gemmRows, kShortTile) : kernels_.gemmRows;
  items_ = problem_.threads == 1 ? 1 : problem_.threads * kItemsPerThread;
  std::ptrdiff_t input = layer().groupInputs();
  for (int a = 0; a < 3; a++) input *= std::min(problem_.input[a], output_[a] * layer().kernel[a]);
  chunks_ = divideUp(input, kNearInput);
  if (chunks_ > 1 || layer().groups * panels_.count() % items_ != 0) chunks_ = roundUp(chunks_, items_);
  chunks_ = std::min(chunks_, divideUp(volume(output_), kLeastPixels));
}

DirectPlan::Piece DirectPlan::piece(std::ptrdiff_t index) const {
  const std::ptrdiff_t panel = index % panels_.count(), chunk = index / panels_.count() % chunks_;
  const Axes& lines = input_.lines();
  const std::ptrdiff_t unit = lines[0] * lines[1] >= kManyLines * chunks_ ? lines[2] : tileRows_;
  const std::ptrdiff_t pixels = volume(output_), units = divideUp(pixels, unit);
  return {index / panels_.count() / chunks_, panel, units * chunk / chunks_ * unit,
          std::min(units * (chunk + 1) / chunks_ * unit, pixels)};
}

// Calls body(piece, region) for the pieces of an item; those of one group share a region of inputs.
template <class Body>
void DirectPlan::forEachPiece(std::ptrdiff_t item, const Body& body) const {
  const std::ptrdiff_t pieces = layer().groups * chunks_ * panels_.count(), line = input_.lines()[2];
  const std::ptrdiff_t end = pieces * (item + 1) / items_, ofGroup = chunks_ * panels_.count();
  for (std::ptrdiff_t index = pieces * item / items_, next; index < end; index = next) {
    next = std::min(end, (index / ofGroup + 1) * ofGroup);
    const Piece first = piece(index), last = piece(next - 1);
    const Region region = input_.regionOf(first.group, first.firstPixel / line, divideUp(last.endPixel, line));
    for (std::ptrdiff_t i = index; i < next; i++) body(piece(i), region);
  }
}

std::size_t DirectPlan::workspaceBytes() const {
  const std::ptrdiff_t perThread = 2 * kernels_.width * kBufferPixels + input_.copySize();
  return checkedMultiply(static_cast<std::size_t>(problem_.threads),
                         static_cast<std::size_t>(perThread) * sizeof(float));
}

Times DirectPlan::execute(const float* x, float* y, const float* residual) const {
  const Activations activations{x, y, residual, problem_.outputLayout == Layout::blocked && outputSize() >= kFarOutput};
  const ThreadPool::Session awake = session();
  weights_->prepare(problem_.threads);
  Stopwatch total;
  const std::size_t threads = static_cast<std::size_t>(problem_.threads);
  std::vector<Times> times(threads);
  const std::shared_ptr<Block> workspace = pooledBlock(workspaceBytes() / sizeof(float));
  const std::ptrdiff_t bufferSize = 2 * kernels_.width * kBufferPixels;
  for (std::ptrdiff_t image = 0; image < problem_.batch; image++) {
    std::vector<Region> copies(threads, Region{-1, {}, {}});
    ThreadPool::shared().forEach(items_, problem_.threads, [&](std::ptrdiff_t item, int slot) {
      Times& spent = times[static_cast<std::size_t>(slot)];
      Region& copied = copies[static_cast<std::size_t>(slot)];
      float* const buffer = workspace->data() + slot * (bufferSize + input_.copySize());
      float* const copy = buffer + bufferSize;
      Stopwatch watch;
      forEachPiece(item, [&](const Piece& piece, const Region& region) {
        if (input_.copied() && !(copied == region)) {
          input_.copy(x, image, region, copy);
          copied = region;
          spent.input += watch.lap();
        }
        const float* const source = input_.copied() ? copy : input_.inPlace(x, image, piece.group);
        compute(activations, image, piece, source, region, buffer);
      });
      if (activations.streamed) drainStores();
      spent.product += watch.lap();
    });
  }
  return sumOf(times, total.lap());
}

void DirectPlan::compute(const Activations& activations, std::ptrdiff_t image, const Piece& piece, const float* source,
                         const Region& region, float* buffer) const {
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
  args.rowStride = input_.pixelStride();
  args.cStride = straight ? width : lanes;
  args.cVector = straight ? pixels * width : width;
  const std::ptrdiff_t length = input_.lines()[2];
  std::vector<DirectInput::Run> runs;
  for (std::ptrdiff_t pixel = piece.firstPixel, count; pixel < piece.endPixel; pixel += count) {
    const std::ptrdiff_t line = pixel / length, x = pixel % length;
    count = std::min(piece.endPixel - pixel, length - x);
    const float* const from = source + input_.lineStart(line, region) + x * args.rowStride;
    input_.findRuns(line, runs);
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
        args.offsets = input_.offsets(runs[r]);
        args.full = runs[r].full;
        args.single = runs[r].single;
        args.b = weights + input_.channelsBefore(runs[r]) * lanes;
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
