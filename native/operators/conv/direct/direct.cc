#include "operators/conv/direct/direct.h"

#include <algorithm>

#include "operators/conv/algorithm.h"
#include "operators/conv/direct/pack.h"
#include "runtime/stopwatch.h"
#include "runtime/threads.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kBufferPixels = 112;  // computed before they are stored; whole register tiles and vectors

}  // namespace

DirectKernel::DirectKernel(const Problem& problem, const Schedule& schedule, const DirectSchedule& decisions)
    : ConvolutionKernel(problem, schedule, packedDirectFloats(problem, *schedule.kernels), problem.groups),
      decisions_(decisions),
      panels_(problem.groupOutputs(), kernels_.width),
      reader_(problem, input_, decisions.copyInput, volume(schedule.layouts.phases) == 1) {
  std::vector<Region> regions;
  for (std::ptrdiff_t item = 0; item < decisions_.items; item++) {
    forEachPiece(item, [&](const Piece&, const Region& region) {
      if (regions.empty() || !(regions.back() == region)) regions.push_back(region);
    });
  }
  reader_.layOut(regions);
}

DirectKernel::Piece DirectKernel::piece(std::ptrdiff_t index) const {
  const std::ptrdiff_t panel = index % panels_.count(), chunk = index / panels_.count() % decisions_.chunks;
  const std::ptrdiff_t unit = decisions_.wholeLines ? reader_.lines()[2] : decisions_.tileRows;
  const std::ptrdiff_t pixels = volume(problem_.output), units = divideUp(pixels, unit);
  return {index / panels_.count() / decisions_.chunks, panel, units * chunk / decisions_.chunks * unit,
          std::min(units * (chunk + 1) / decisions_.chunks * unit, pixels)};
}

// Calls body(piece, region) for the pieces of an item; those of one group share a region of inputs.
template <class Body>
void DirectKernel::forEachPiece(std::ptrdiff_t item, const Body& body) const {
  const std::ptrdiff_t pieces = problem_.groups * decisions_.chunks * panels_.count(), line = reader_.lines()[2];
  const std::ptrdiff_t end = pieces * (item + 1) / decisions_.items, ofGroup = decisions_.chunks * panels_.count();
  for (std::ptrdiff_t index = pieces * item / decisions_.items, next; index < end; index = next) {
    next = std::min(end, (index / ofGroup + 1) * ofGroup);
    const Piece first = piece(index), last = piece(next - 1);
    const Region region = reader_.regionOf(first.group, first.firstPixel / line, divideUp(last.endPixel, line));
    for (std::ptrdiff_t i = index; i < next; i++) body(piece(i), region);
  }
}

std::ptrdiff_t DirectKernel::bufferFloats() const {
  return 2 * kernels_.width * kBufferPixels;
}

std::size_t DirectKernel::scratchFloats() const {
  const std::ptrdiff_t perThread = roundUp(bufferFloats() + reader_.copySize(), kLineFloats);
  return checkedMultiply(static_cast<std::size_t>(schedule_.threads), static_cast<std::size_t>(perThread));
}

Times DirectKernel::compute(const Pass& pass, float* scratch, const Run& run) const {
  Stopwatch total;
  const std::size_t threads = static_cast<std::size_t>(schedule_.threads);
  const std::ptrdiff_t perThread = static_cast<std::ptrdiff_t>(scratchFloats() / threads);
  std::vector<Times> times(threads);
  for (std::ptrdiff_t image = 0; image < problem_.batch; image++) {
    std::vector<Region> copies(threads, Region{-1, {}, {}});
    ThreadPool::shared().forEach(decisions_.items, schedule_.threads, [&](std::ptrdiff_t item, int slot) {
      Times& spent = times[static_cast<std::size_t>(slot)];
      Region& copied = copies[static_cast<std::size_t>(slot)];
      float* const buffer = scratch + slot * perThread;
      float* const copy = buffer + bufferFloats();
      Stopwatch watch;
      forEachPiece(item, [&](const Piece& piece, const Region& region) {
        run.check();
        if (reader_.copied() && !(copied == region)) {
          reader_.copy(pass.x, image, region, copy);
          copied = region;
          spent.input += watch.lap();
        }
        const float* const source = reader_.copied() ? copy : reader_.inPlace(pass.x, image, piece.group);
        computePiece(pass, image, piece, source, region, buffer, run);
      });
      if (epilogue_.streamed) drainStores();
      spent.product += watch.lap();
    });
  }
  return sumOf(times, total.lap());
}

// Where a blocked result has the first pixel of a channel's vector.
std::ptrdiff_t DirectKernel::placeOf(std::ptrdiff_t image, std::ptrdiff_t channel) const {
  const Axes &phases = schedule_.layouts.phases, &lines = reader_.lines();
  const std::ptrdiff_t ofPhase = problem_.groups * panels_.padded() / volume(phases);
  const std::ptrdiff_t phase = channel / ofPhase, plane = (image * ofPhase + channel % ofPhase) * volume(phases);
  const std::ptrdiff_t z = phase / phases[2] / phases[1], y = phase / phases[2] % phases[1], x = phase % phases[2];
  const std::ptrdiff_t pixel = (z * lines[1] * phases[1] + y) * lines[2] * phases[2] + x;
  return plane * volume(problem_.output) + pixel * kernels_.width;
}

// And how far behind that the pixel of a line of outputs is.
std::ptrdiff_t DirectKernel::placeOfPixel(std::ptrdiff_t line, std::ptrdiff_t x) const {
  const Axes &phases = schedule_.layouts.phases, &lines = reader_.lines();
  const std::ptrdiff_t z = line / lines[1] * phases[0], y = line % lines[1] * phases[1];
  return ((z * lines[1] * phases[1] + y) * lines[2] + x) * phases[2] * kernels_.width;
}

// Bias and residual join a sum last, in this order, whichever way it takes to the result: the bits are the same.
void DirectKernel::computePiece(const Pass& pass, std::ptrdiff_t image, const Piece& piece, const float* source,
                                const Region& region, float* buffer, const Run& run) const {
  const std::ptrdiff_t width = kernels_.width, outputs = problem_.groupOutputs();
  const Panel panel = panels_.at(piece.panel);
  const std::ptrdiff_t lanes = panel.vectors * width;
  // Register tiles go straight to blocked results; planar ones are reshuffled in longer rows.
  const bool straight = epilogue_.output.layout == Layout::blocked &&
                        (pass.residual == nullptr || epilogue_.residual.layout == Layout::blocked);
  const auto& kernels = kernels_.gemmStrided[panel.vectors - 1];
  const float* const weights = pass.weights + (piece.group * panels_.padded() + panel.channel) *
                                                  problem_.groupInputs() * volume(problem_.kernel);
  const float* const bias = biasOf(pass, piece.group) + panel.channel;
  const Activation* const activation = changesNothing(problem_.activation) ? nullptr : &problem_.activation;
  std::ptrdiff_t buffered = 0;
  const auto flush = [&](std::ptrdiff_t end) {
    for (int v = 0; v < panel.vectors; v++) {
      const std::ptrdiff_t channel = panel.channel + v * width;
      epilogue_.store(pass,
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
  args.rowStride = reader_.pixelStride();
  const std::ptrdiff_t channel = piece.group * panels_.padded() + panel.channel, place = placeOf(image, channel);
  args.cStride = straight ? schedule_.layouts.phases[2] * width : lanes;
  args.cVector = straight ? placeOf(image, channel + width) - place : width;
  const std::ptrdiff_t length = reader_.lines()[2];
  std::vector<DirectInput::Segments> runs;
  for (std::ptrdiff_t pixel = piece.firstPixel, count; pixel < piece.endPixel; pixel += count) {
    run.check();
    const std::ptrdiff_t line = pixel / length, x = pixel % length;
    count = std::min(piece.endPixel - pixel, length - x);
    const float* const from = source + reader_.lineStart(line, region) + x * args.rowStride;
    reader_.findRuns(line, runs);
    const std::ptrdiff_t tiles = divideUp(count, decisions_.tileRows);
    for (std::ptrdiff_t t = 0; t < tiles; t++) {
      const std::ptrdiff_t first = count * t / tiles, rows = count * (t + 1) / tiles - first;
      const std::ptrdiff_t at = place + placeOfPixel(line, x + first);  // in a blocked result
      args.a = from + first * args.rowStride;
      args.addend = nullptr;
      if (straight) {
        args.c = pass.y + at;
      } else {
        if (buffered + rows > kBufferPixels) flush(pixel + first);
        args.c = buffer + buffered * lanes;
        buffered += rows;
      }
      for (std::size_t r = 0; r < runs.size(); r++) {
        const bool last = straight && r + 1 == runs.size();
        args.offsets = reader_.offsets(runs[r]);
        args.full = runs[r].full;
        args.single = runs[r].single;
        args.b = weights + reader_.channelsBefore(runs[r]) * lanes;
        args.bias = last && problem_.bias ? bias : nullptr;
        args.residual = last && pass.residual != nullptr ? pass.residual + at : nullptr;
        args.activation = last ? activation : nullptr;
        args.streamed = last && epilogue_.streamed;
        kernels[rows - 1](args);
        args.addend = args.c;
      }
    }
  }
  if (!straight) flush(piece.endPixel);
}

extern const Algorithm kDirect;
const Algorithm kDirect{"direct", Direction::forward,
                        [](const Value& description) -> std::unique_ptr<Kernel> {
                          const Problem problem = readProblem(description["problem"]);
                          const Schedule schedule = readSchedule(description["schedule"]);
                          return std::make_unique<DirectKernel>(
                              problem, schedule, readDirectSchedule(description["schedule"], problem, schedule));
                        },
                        [](const Value& description) {
                          const Value schedule = description["schedule"];
                          return packDirect(readFilters(description["problem"]), readKernels(schedule),
                                            readThreads(schedule));
                        }};

}  // namespace winograd
