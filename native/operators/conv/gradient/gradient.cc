#include "operators/conv/gradient/gradient.h"

namespace winograd {

Lanes readLanes(const Value& schedule) {
  return readWord(schedule["lanes"], {"inputs", "outputs"}) == 0 ? Lanes::inputs : Lanes::outputs;
}

WeightsGradient::WeightsGradient(const Problem& problem, Lanes lanes)
    : lanesAreInputs_(lanes == Lanes::inputs),
      rows_(problem.outChannels),
      lanes_(problem.inChannels),
      ofRows_(problem.groupOutputs()),
      ofLanes_(problem.groupInputs()),
      taps_(volume(problem.kernel)),
      rowStep_(problem.groupInputs() * taps_),
      laneStep_(taps_) {
  if (lanesAreInputs_) return;
  std::swap(rows_, lanes_);
  std::swap(ofRows_, ofLanes_);
  std::swap(rowStep_, laneStep_);
}

// Weights of a group follow each other by output channels; input channels count from the first of the group.
void WeightsGradient::store(const KernelTable& kernels, std::ptrdiff_t row, std::ptrdiff_t lane, std::ptrdiff_t count,
                            std::ptrdiff_t firstTap, std::ptrdiff_t taps, const float* from, std::ptrdiff_t step,
                            float* to) const {
  const std::ptrdiff_t r = lanesAreInputs_ ? row : row % ofRows_;
  const std::ptrdiff_t l = lanesAreInputs_ ? lane % ofLanes_ : lane;
  kernels.transpose({from, step, taps, count, to + r * rowStep_ + l * laneStep_ + firstTap, laneStep_});
}

}  // namespace winograd
