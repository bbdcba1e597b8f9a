#pragma once

#include <vector>

#include "operators/conv/common/kernel.h"

namespace winograd {

/// Direct convolution of any stride and dilation where groups have fewer output channels than a vector has lanes, down
/// to depthwise layers: `width` neighbouring output channels share a vector, whatever their groups. The c-th input
/// channels of those groups are copied side by side, with the padding, for a band of rows that stays in cache; each
/// tap of them is then one multiply-add for all lanes.
class GroupedKernel final : public ConvolutionKernel {
 public:
  /// @param band most outputs of a band along each axis
  GroupedKernel(const Problem& problem, const Schedule& schedule, const Axes& band);

 private:
  /// A vector of output channels, and the part of their outputs that is made at once.
  struct Band {
    std::ptrdiff_t image, block;
    Axes start, extent;
  };

  std::size_t scratchFloats() const override;
  Times compute(const Pass& pass, float* scratch, const Run& run) const override;
  void layOutTaps();
  Band bandOf(std::ptrdiff_t item) const;
  Axes inputsOf(const Axes& outputs) const;
  void gather(const float* x, const Band& band, float* to, float* aligned) const;
  void computeBand(const Pass& pass, const Band& band, const float* from, float* row) const;

  std::ptrdiff_t blocks_;          // vectors of output channels
  Axes band_;                      // outputs of a band
  Axes bands_;                     // along each axis
  std::ptrdiff_t gathered_, row_;  // floats of a band's inputs, and of a row of inputs or sums
  std::vector<GroupedTap> taps_;   // triples first
  std::ptrdiff_t triples_;
};

}  // namespace winograd
