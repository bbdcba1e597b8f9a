#pragma once

#include "operators/conv/common/panels.h"
#include "operators/conv/common/schedule.h"
#include "operators/conv/transform/tiles.h"

namespace winograd {

/// How threads share a Winograd convolution: each its own blocks of tiles, or all the same block and each its own
/// output channels.
enum class Split { tiles, channels };

/// What the form of Winograd's weights depends on.
struct WinogradWeights {
  KernelTransforms transforms;
  Folds folds;
  WeightFormat format;

  /// Taps that count as channels, along each axis.
  Axes folded(const Axes& kernel) const { return {folds[0] ? kernel[0] : 1, folds[1] ? kernel[1] : 1, 1}; }
  /// The inner dimension of the products.
  std::ptrdiff_t depth(const Filters& filters) const { return filters.inChannels * volume(folded(filters.kernel)); }
};

/// The decisions for Winograd with vectors of channels.
struct WinogradSchedule {
  WinogradWeights weights;
  Tilings tilings;
  std::ptrdiff_t tileBlock;     // most tiles that pass through the stages together
  std::ptrdiff_t channelGroup;  // output channels that are transformed back together
  std::ptrdiff_t sumBlock;      // input channels summed in registers before the sum goes to memory; 0: all
  Split split;
  std::ptrdiff_t longestRun;  // tiles of a strip, which stays in the first two levels of cache
  std::ptrdiff_t slice;       // floats of a slice of a strip, which stays in the first
  std::ptrdiff_t slab;        // floats of blocked copies of planar inputs; 0: they are read where they lie
};

/// Throw std::invalid_argument for what Winograd can't obey.
WinogradWeights readWinogradWeights(const Value& schedule, const Filters& filters);
WinogradSchedule readWinogradSchedule(const Value& value, const Problem& problem, const Schedule& schedule);

}  // namespace winograd
