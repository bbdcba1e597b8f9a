#include <algorithm>
#include <array>

#include "operators/common/work.h"
#include "operators/conv/algorithm.h"
#include "operators/conv/common/kernel.h"
#include "operators/conv/gradient/gradient.h"
#include "runtime/memory.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kChunkBytes = 24 << 10;  // of x and the gradient, which stay in L1 for all taps of a row

// Vectors of channels of the lanes' side, and one of the rows' side with which some group has them in common.
struct Pair {
  std::ptrdiff_t rows, lanes, vectors;
};

// One side's activations: pixels, in floats.
struct Side {
  std::ptrdiff_t blocks;          // vectors of channels
  std::ptrdiff_t vector, plane;   // floats of a vector's pixels, of a plane of them
  std::ptrdiff_t row, outputRow;  // floats from a row to the next, and to that of the next output
  std::ptrdiff_t pixel;           // floats from the pixel of an output to that of the next
};

// dW[k][c][tap] = Σ dy[n][k][o] x[n][c][o * stride + tap * dilation - padding] over images n and outputs o: for vectors
// of channels one outer product for each position. An item is a pair of these and a plane of taps; it goes through the
// images by chunks of rows that stay in L1 while all taps of the plane read them. Items write apart from each other, so
// that results do not depend on the threads.
class DirectWeightsGradient final : public Kernel {
 public:
  DirectWeightsGradient(const Problem& problem, const Schedule& schedule, Lanes lanes)
      : problem_(problem),
        schedule_(schedule),
        kernels_(*schedule.kernels),
        lanes_(lanes),
        result_(problem, lanes),
        x_(sideOf(problem.inChannels, problem.input, problem.stride)),
        gradient_(sideOf(problem.outChannels, problem.output, {1, 1, 1})),
        vectors_(kernels_.outerVectors) {
    findPairs();
    sumFloats_ = static_cast<std::ptrdiff_t>(
        checkedMultiply(static_cast<std::size_t>(problem.kernel[1] * problem.kernel[2]),
                        static_cast<std::size_t>(kernels_.width * kernels_.width * vectors_)));
    checkedMultiply(pairs_.size(), static_cast<std::size_t>(problem.kernel[0]));
    const Side &rows = rowsSide(), &others = lanesSide();
    const std::ptrdiff_t rowBytes =
        static_cast<std::ptrdiff_t>(sizeof(float)) * (rows.outputRow + vectors_ * others.outputRow);
    chunkRows_ = std::max<std::ptrdiff_t>(1, kChunkBytes / rowBytes);
  }

  std::vector<std::size_t> inputBytes() const override {
    return {bytesOf(static_cast<std::size_t>(problem_.batch * x_.blocks * x_.vector)),
            bytesOf(static_cast<std::size_t>(problem_.batch * gradient_.blocks * gradient_.vector))};
  }
  std::vector<std::size_t> outputBytes() const override { return {bytesOf(static_cast<std::size_t>(problem_.size()))}; }
  std::size_t workspaceBytes() const override {
    return bytesOf(checkedMultiply(static_cast<std::size_t>(sumFloats_), static_cast<std::size_t>(threads())));
  }
  int threads() const override { return schedule_.threads; }
  bool wakes() const override { return schedule_.wake; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    Stopwatch watch;
    const std::ptrdiff_t planes = problem_.kernel[0];
    forEachItem(static_cast<std::ptrdiff_t>(pairs_.size()) * planes, threads(), run,
                [&](std::ptrdiff_t item, int slot) {
                  float* const sums = workspaceAt(run, sumFloats_ * slot);
                  const Pair& pair = pairs_[static_cast<std::size_t>(item / planes)];
                  std::fill_n(sums, sumFloats_, 0.0f);
                  for (std::ptrdiff_t image = 0; image < problem_.batch && !run.stopped(); image++)
                    addImage(image, pair, item % planes, inputs[0].floats(), inputs[1].floats(), sums);
                  store(pair, item % planes, sums, outputs[0].floats());
                });
    return {watch.lap()};
  }

 private:
  Side sideOf(std::ptrdiff_t channels, const Axes& extents, const Axes& stride) const {
    const std::ptrdiff_t row = extents[2] * kernels_.width;
    return {
        divideUp(channels, kernels_.width), volume(extents) * kernels_.width, extents[1] * row, row, stride[1] * row,
        stride[2] * kernels_.width};
  }
  const Side& rowsSide() const { return lanes_ == Lanes::inputs ? gradient_ : x_; }
  const Side& lanesSide() const { return lanes_ == Lanes::inputs ? x_ : gradient_; }
  std::ptrdiff_t sumRow() const { return vectors_ * kernels_.width; }

  void findPairs() {
    const std::ptrdiff_t width = kernels_.width;
    for (std::ptrdiff_t r = 0; r < divideUp(result_.rows(), width); r++) {
      const std::ptrdiff_t last = std::min((r + 1) * width, result_.rows()) - 1;
      const std::ptrdiff_t end = divideUp(result_.endLane(last), width);
      for (std::ptrdiff_t l = result_.firstLane(r * width) / width; l < end; l += vectors_)
        pairs_.push_back({r, l, std::min(vectors_, end - l)});
    }
  }

  // Outputs along an axis that a tap gives a pixel: the first, and the one after the last.
  struct Range {
    std::ptrdiff_t first, end;
  };
  Range met(std::size_t axis, std::ptrdiff_t tap) const {
    const std::ptrdiff_t stride = problem_.stride[axis], output = problem_.output[axis];
    const std::ptrdiff_t left = problem_.input[axis] - shift(axis, tap);
    const std::ptrdiff_t first = std::min(output, divideUp(std::max<std::ptrdiff_t>(0, -shift(axis, tap)), stride));
    return {first, left <= 0 ? first : std::max(first, std::min(output, divideUp(left, stride)))};
  }
  // Pixels from the one of output 0 times the stride to the one that a tap of it meets.
  std::ptrdiff_t shift(std::size_t axis, std::ptrdiff_t tap) const {
    return tap * problem_.dilation[axis] - problem_.padBegin[axis];
  }

  void addImage(std::ptrdiff_t image, const Pair& pair, std::ptrdiff_t plane, const float* x, const float* gradient,
                float* sums) const {
    const bool inputs = lanes_ == Lanes::inputs;
    x += (image * x_.blocks + (inputs ? pair.lanes : pair.rows)) * x_.vector;
    gradient += (image * gradient_.blocks + (inputs ? pair.rows : pair.lanes)) * gradient_.vector;
    const Range deep = met(0, plane);
    for (std::ptrdiff_t z = deep.first; z < deep.end; z++) {
      const float* const xPlane = x + (z * problem_.stride[0] + shift(0, plane)) * x_.plane;
      for (std::ptrdiff_t y = 0; y < problem_.output[1]; y += chunkRows_) {
        for (std::ptrdiff_t j = 0; j < problem_.kernel[1]; j++) {
          const Range high = met(1, j);
          const std::ptrdiff_t first = std::max(y, high.first), end = std::min(y + chunkRows_, high.end);
          if (first >= end) continue;
          addRows(pair, xPlane + (first * problem_.stride[1] + shift(1, j)) * x_.row,
                  gradient + z * gradient_.plane + first * gradient_.row, end - first,
                  sums + j * problem_.kernel[2] * kernels_.width * sumRow());
        }
      }
    }
  }

  // Rows of the gradient and what they meet of x, for all taps of a row.
  void addRows(const Pair& pair, const float* x, const float* gradient, std::ptrdiff_t rows, float* sums) const {
    const std::ptrdiff_t width = kernels_.width;
    const Outer outer = kernels_.outer[pair.vectors - 1];
    const Side &left = rowsSide(), &right = lanesSide();
    const std::ptrdiff_t channels = std::min(width, result_.rows() - pair.rows * width);
    for (std::ptrdiff_t tap = 0; tap < problem_.kernel[2]; tap++) {
      const Range across = met(2, tap);
      if (across.first >= across.end) continue;
      const float* const fromX = x + (across.first * problem_.stride[2] + shift(2, tap)) * width;
      const float* const fromGradient = gradient + across.first * width;
      OuterArgs args{lanes_ == Lanes::inputs ? fromGradient : fromX,
                     left.outputRow,
                     left.pixel,
                     lanes_ == Lanes::inputs ? fromX : fromGradient,
                     right.outputRow,
                     right.pixel,
                     right.vector,
                     rows,
                     across.end - across.first,
                     sums + tap * width * sumRow(),
                     sumRow(),
                     true};
      for (std::ptrdiff_t r = 0; r < channels; r += kOuterRows) {
        outer(args);
        args.a += kOuterRows;
        args.to += kOuterRows * sumRow();
      }
    }
  }

  void store(const Pair& pair, std::ptrdiff_t plane, const float* sums, float* to) const {
    const std::ptrdiff_t width = kernels_.width, taps = problem_.kernel[1] * problem_.kernel[2];
    for (std::ptrdiff_t r = pair.rows * width; r < std::min(result_.rows(), (pair.rows + 1) * width); r++) {
      const std::ptrdiff_t first = std::max(result_.firstLane(r), pair.lanes * width);
      const std::ptrdiff_t end = std::min(result_.endLane(r), (pair.lanes + pair.vectors) * width);
      if (first >= end) continue;
      const float* const from = sums + r % width * sumRow() + first - pair.lanes * width;
      result_.store(kernels_, r, first, end - first, plane * taps, taps, from, width * sumRow(), to);
    }
  }

  const Problem problem_;
  const Schedule schedule_;
  const KernelTable& kernels_;
  const Lanes lanes_;
  const WeightsGradient result_;
  const Side x_, gradient_;
  const std::ptrdiff_t vectors_;
  std::vector<Pair> pairs_;
  std::ptrdiff_t sumFloats_, chunkRows_;
};

}  // namespace

extern const Algorithm kDirectWeightsGradient;
const Algorithm kDirectWeightsGradient{"direct", Direction::backwardWeights,
                                       [](const Value& description) -> std::unique_ptr<Kernel> {
                                         const Value given = description["schedule"];
                                         const Schedule schedule = readSchedule(given);
                                         const Value layouts = given["layouts"];
                                         if (schedule.layouts.input == Layout::planar)
                                           layouts["input"].refuse("\"blocked\" for this direction");
                                         if (schedule.layouts.output == Layout::planar)
                                           layouts["output"].refuse("\"blocked\" for this direction");
                                         return std::make_unique<DirectWeightsGradient>(
                                             readProblem(description["problem"]), schedule, readLanes(given));
                                       },
                                       nullptr};

}  // namespace winograd
