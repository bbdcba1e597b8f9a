#include "operators/gather/gather.h"

#include <algorithm>
#include <cstring>

#include "operators/common/describe.h"
#include "operators/common/work.h"
#include "operators/gather/axes.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kItemFloats = 1 << 15;
constexpr std::ptrdiff_t kLongRun = 64;    // floats from which a run is a row of its own
constexpr std::ptrdiff_t kShortAxis = 2;   // elements from which a transpose pays
constexpr std::ptrdiff_t kTile = 64;       // a tile of a transpose and its result fit the first level of cache
constexpr std::ptrdiff_t kShortPiece = 4;  // elements of the pieces that a table falls into

// A part of a row whose elements lie a constant step apart, or are filled.
struct Piece {
  std::ptrdiff_t count, offset, step;
  bool filled;
};

std::vector<Piece> piecesOf(const GatherAxis& axis) {
  if (axis.affine()) return {{axis.count, 0, axis.step, false}};
  std::vector<Piece> pieces;
  for (std::ptrdiff_t i = 0; i < axis.count; i++) {
    const bool filled = axis.filled(i);
    const std::ptrdiff_t offset = filled ? 0 : axis.offset(i);
    if (!pieces.empty() && pieces.back().filled == filled) {
      Piece& last = pieces.back();
      const std::ptrdiff_t step = last.count == 1 ? offset - last.offset : last.step;
      if (filled || offset == last.offset + last.count * step) {
        last.step = filled ? 0 : step;
        last.count++;
        continue;
      }
    }
    pieces.push_back({1, offset, 0, filled});
  }
  return pieces;
}

class Gather : public Kernel {
 public:
  explicit Gather(const Value& description)
      : kernels_(describe::kernels(description)),
        threads_(describe::threads(description)),
        fill_(static_cast<float>(description["fill"].number())) {
    GatherAxes given = readGatherAxes(description);
    inputs_ = given.inputs;
    base_ = given.base;
    outputs_ = given.outputs();
    outer_ = std::move(given.axes);
    if (outputs_ == 0) return;
    std::erase_if(outer_, [](const GatherAxis& axis) { return axis.affine() && axis.count == 1; });
    const auto takeLast = [&](GatherAxis& to) {
      if (outer_.empty()) return;
      to = std::move(outer_.back());
      outer_.pop_back();
    };
    if (outer_.size() > 1 && outer_.back().affine() && outer_.back().step == 1 && outer_.back().count < kLongRun) {
      run_ = outer_.back().count;
      outer_.pop_back();
    }
    takeLast(row_);
    pieces_ = piecesOf(row_);
    scattered_ = static_cast<std::ptrdiff_t>(pieces_.size()) * kShortPiece > row_.count;
    if (run_ == 1) findTranspose();
  }

  std::vector<std::size_t> inputBytes() const override { return {describe::floatBytes(inputs_)}; }
  std::vector<std::size_t> outputBytes() const override { return {describe::floatBytes(outputs_)}; }
  std::size_t workspaceBytes() const override { return 0; }
  int threads() const override { return threads_; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    Stopwatch watch;
    if (outputs_ > 0) {
      lines_.count > 0 ? transpose(inputs[0].floats(), outputs[0].floats(), run)
                       : gather(inputs[0].floats(), outputs[0].floats(), run);
    }
    return {watch.lap()};
  }

 private:
  // An axis along which the input is contiguous, to be transposed with the row. It stays in outer_, as tiles.
  void findTranspose() {
    if (!row_.affine() || row_.count < kShortAxis || row_.step == 1 || row_.step == 0) return;
    std::ptrdiff_t step = row_.count;
    for (std::size_t axis = outer_.size(); axis-- > 0; step *= outer_[axis].count) {
      if (!outer_[axis].affine() || outer_[axis].step != 1 || outer_[axis].count < kShortAxis) continue;
      lines_ = outer_[axis];
      lineStep_ = step;
      outer_.erase(outer_.begin() + static_cast<std::ptrdiff_t>(axis));
      outerBefore_ = axis;
      return;
    }
    lines_.count = 0;
  }

  // Rows one after another: the result is written from its beginning to its end.
  void gather(const float* from, float* to, const Run& run) const {
    const std::ptrdiff_t floats = row_.count * run_, rows = outputs_ / floats;
    // A row that is longer than an item is cut, unless it is a table.
    const std::ptrdiff_t cuts = row_.affine() ? (floats + kItemFloats - 1) / kItemFloats : 1;
    if (cuts > 1) {
      const std::ptrdiff_t share = (row_.count + cuts - 1) / cuts;
      return forEachItem(rows * cuts, threads_, run, [&](std::ptrdiff_t item, int) {
        const GatherWalk walk(outer_, base_, item / cuts);
        const std::ptrdiff_t begin = std::min(row_.count, item % cuts * share);
        const std::ptrdiff_t count = std::min(share, row_.count - begin);
        float* const at = to + item / cuts * floats + begin * run_;
        const Piece piece{count, begin * row_.step, row_.step, walk.filled()};
        copy(piece, from + walk.offset(), at);
      });
    }
    const std::ptrdiff_t grain = grainOf(rows, threads_, std::max<std::ptrdiff_t>(1, kItemFloats / floats));
    forEachRange(rows, grain, threads_, run, [&](std::ptrdiff_t begin, std::ptrdiff_t end, int) {
      GatherWalk walk(outer_, base_, begin);
      for (std::ptrdiff_t row = begin; row < end; row++, walk.next()) {
        float* const at = to + row * floats;
        if (walk.filled()) {
          std::fill_n(at, floats, fill_);
        } else {
          copyRow(from + walk.offset(), at);
        }
      }
    });
  }

  void copyRow(const float* from, float* to) const {
    if (scattered_) {
      const CopyRunsArgs args{from, row_.affine() ? nullptr : row_.table.data(), row_.step, row_.count, run_, fill_,
                              to};
      return (run_ == 1 ? kernels_.copySingles : kernels_.copyRuns)(args);
    }
    for (const Piece& piece : pieces_) {
      copy(piece, from, to);
      to += piece.count * run_;
    }
  }

  void copy(const Piece& piece, const float* from, float* to) const {
    if (piece.filled) {
      std::fill_n(to, piece.count * run_, fill_);
    } else if (piece.step == run_ || piece.count == 1) {
      std::memcpy(to, from + piece.offset, describe::floatBytes(piece.count * run_));
    } else {
      (run_ == 1 ? kernels_.copySingles
                 : kernels_.copyRuns)({from + piece.offset, nullptr, piece.step, piece.count, run_, fill_, to});
    }
  }

  void transpose(const float* from, float* to, const Run& run) const {
    const std::ptrdiff_t lineTiles = (lines_.count + kTile - 1) / kTile, rowTiles = (row_.count + kTile - 1) / kTile;
    const std::ptrdiff_t tiles = lineTiles * rowTiles, planes = outputs_ / (lines_.count * row_.count);
    // Outer axes behind that of the lines are within its step in the result, those before it are beyond.
    std::ptrdiff_t inner = 1;
    for (std::size_t axis = outerBefore_; axis < outer_.size(); axis++) inner *= outer_[axis].count;
    const std::ptrdiff_t grain = grainOf(planes * tiles, threads_, kItemFloats / (kTile * kTile));
    forEachRange(planes * tiles, grain, threads_, run, [&](std::ptrdiff_t begin, std::ptrdiff_t end, int) {
      GatherWalk walk(outer_, base_, begin / tiles);
      for (std::ptrdiff_t item = begin; item < end; item++) {
        const std::ptrdiff_t plane = item / tiles;
        const std::ptrdiff_t line = item % tiles / rowTiles * kTile, column = item % rowTiles * kTile;
        const std::ptrdiff_t lines = std::min(kTile, lines_.count - line);
        const std::ptrdiff_t columns = std::min(kTile, row_.count - column);
        float* const at =
            to + plane / inner * (lineStep_ * lines_.count) + plane % inner * row_.count + line * lineStep_ + column;
        if (walk.filled()) {
          for (std::ptrdiff_t l = 0; l < lines; l++) std::fill_n(at + l * lineStep_, columns, fill_);
        } else {
          kernels_.transpose(
              {from + walk.offset() + column * row_.step + line, row_.step, columns, lines, at, lineStep_});
        }
        if (item % tiles == tiles - 1) walk.next();
      }
    });
  }

  const KernelTable& kernels_;
  int threads_;
  float fill_;
  std::ptrdiff_t inputs_, base_, outputs_;
  std::vector<GatherAxis> outer_;
  GatherAxis row_;          // the last axis but for short runs, in pieces
  std::ptrdiff_t run_ = 1;  // floats that stay together
  std::vector<Piece> pieces_;
  bool scattered_ = false;      // the pieces are too short
  GatherAxis lines_{0, 0, {}};  // of a transpose
  std::ptrdiff_t lineStep_ = 0;
  std::size_t outerBefore_ = 0;  // axes before it
};

}  // namespace

const Operator kGather{"gather", prepare<Gather>};

}  // namespace winograd
