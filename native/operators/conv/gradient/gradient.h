#pragma once

#include "operators/conv/common/schedule.h"

/// What both ways to the gradient of a convolution's weights have in common.
namespace winograd {

/// A register tile is channels of one side by vectors of channels of the other.
enum class Lanes { inputs, outputs };

/// Reads `lanes` of a schedule. Throws std::invalid_argument.
Lanes readLanes(const Value& schedule);

/// The gradient, O x I/groups x kernel, as register tiles see it: channels of the rows' side and of the lanes' side.
class WeightsGradient {
 public:
  WeightsGradient(const Problem& problem, Lanes lanes);

  std::ptrdiff_t rows() const { return rows_; }
  std::ptrdiff_t lanes() const { return lanes_; }
  std::ptrdiff_t taps() const { return taps_; }
  /// Channels of the lanes' side that have weights with a channel of the rows' side: those of its group.
  std::ptrdiff_t firstLane(std::ptrdiff_t row) const { return row / ofRows_ * ofLanes_; }
  std::ptrdiff_t endLane(std::ptrdiff_t row) const { return firstLane(row) + ofLanes_; }

  /// Some taps of one row and `count` lanes of its group: from[tap * step + lane].
  void store(const KernelTable& kernels, std::ptrdiff_t row, std::ptrdiff_t lane, std::ptrdiff_t count,
             std::ptrdiff_t firstTap, std::ptrdiff_t taps, const float* from, std::ptrdiff_t step, float* to) const;

 private:
  bool lanesAreInputs_;
  std::ptrdiff_t rows_, lanes_;
  std::ptrdiff_t ofRows_, ofLanes_;  // channels of a group
  std::ptrdiff_t taps_;
  std::ptrdiff_t rowStep_, laneStep_;  // floats from a channel to the next
};

}  // namespace winograd
