#pragma once

#include <vector>

#include "operators/conv/transform/tiling.h"

namespace winograd {

/// Transforms weights in double precision, Cₙ along each axis (Budden et al. 2017, equation 4).
class WeightTransform {
 public:
  WeightTransform(const Filters& filters, const KernelTransforms& transforms, const Folds& folds);

  /// Products of one tile, all axes.
  std::ptrdiff_t products() const { return volume(productsOf(transforms_)); }
  /// Taps that count as channels: the inner dimension of the products is the group's channels times those.
  std::ptrdiff_t foldedTaps() const { return volume(folded_); }

  /// Memory of one thread, kept from call to call.
  struct Buffers {
    std::vector<double> from, to;
  };
  /// Transforms the kernels of one group's channel (counted with the folded taps, innermost) for `filled` of `lanes`
  /// output channels; returns [product][lane], which lies in the buffers.
  const double* transform(const float* weights, std::ptrdiff_t group, std::ptrdiff_t channel,
                          std::ptrdiff_t firstOutput, std::ptrdiff_t filled, std::ptrdiff_t lanes,
                          Buffers& buffers) const;

 private:
  Filters filters_;
  KernelTransforms transforms_;
  Axes folded_;
};

}  // namespace winograd
