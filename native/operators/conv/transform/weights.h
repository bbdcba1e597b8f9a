#pragma once

#include <vector>

#include "operators/conv/transform/tiling.h"

namespace winograd {

/// Transforms weights in double precision, Cₙ along each axis (Budden et al. 2017, equation 4).
class WeightTransform {
 public:
  WeightTransform(const Filters& filters, const KernelTransforms& transforms, const Folds& folds,
                  const KernelTable& kernels);

  /// Products of one tile, all axes.
  std::ptrdiff_t products() const { return volume(productsOf(transforms_)); }
  /// Taps that count as channels: the inner dimension of the products is the group's channels times those.
  std::ptrdiff_t foldedTaps() const { return volume(folded_); }

  /// Memory of one thread, kept from call to call.
  struct Buffers {
    std::vector<float> taps;
    std::vector<double> from, to;
  };
  /// Channels at a time that fit the second level with `lanes` output channels; at least one.
  std::ptrdiff_t channelsAtOnce(std::ptrdiff_t lanes) const;

  /// Transforms the kernels of `count` of a group's channels (counted with the folded taps, innermost) for `filled` of
  /// `lanes` output channels; returns [product][channel][lane], which lies in the buffers.
  const double* transform(const float* weights, std::ptrdiff_t group, std::ptrdiff_t channel, std::ptrdiff_t count,
                          std::ptrdiff_t firstOutput, std::ptrdiff_t filled, std::ptrdiff_t lanes,
                          Buffers& buffers) const;

 private:
  /// Numbers of a channel between any two of its transforms, of one lane.
  std::ptrdiff_t mostNumbers() const;
  void loadFolded(const float* weights, std::ptrdiff_t group, std::ptrdiff_t channel, std::ptrdiff_t output, double* to,
                  std::ptrdiff_t step) const;
  void loadWhole(const float* weights, std::ptrdiff_t group, std::ptrdiff_t channel, std::ptrdiff_t count,
                 std::ptrdiff_t firstOutput, std::ptrdiff_t filled, std::ptrdiff_t lanes, Buffers& buffers) const;

  Filters filters_;
  KernelTransforms transforms_;
  Axes folded_;
  const KernelTable* kernels_;
};

}  // namespace winograd
