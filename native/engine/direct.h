#pragma once

#include <vector>

#include "plan.h"
#include "rows.h"

namespace winograd {

/// Direct convolution of any stride, dilation and groups: the input is copied once into blocked pixels with its
/// padding, then each row of outputs is a sum of small matrix products, one per tap and channel block
/// (Georganas et al. 2018, section II). It serves what Winograd does not cover, and is the baseline.
class DirectPlan final : public Plan {
 public:
  DirectPlan(std::shared_ptr<const Weights> weights, const Problem& problem);

  Times execute(const float* x, float* y, const float* residual) const override;
  std::size_t workspaceBytes() const override;

 private:
  void gather(const float* x, std::ptrdiff_t image, std::ptrdiff_t group, std::ptrdiff_t channelBlock, std::ptrdiff_t z,
              float* blocked) const;
  void computeRows(const Activations& activations, std::ptrdiff_t image, std::ptrdiff_t group,
                   std::ptrdiff_t panelIndex, std::ptrdiff_t depth, const float* blocked, float* row) const;

  const KernelTable& kernels_;
  Panels panels_;
  std::ptrdiff_t channelBlocks_;         // per group
  Axes padded_;                          // extents of the blocked input
  std::vector<std::ptrdiff_t> offsets_;  // of the segments: whole channel blocks × taps, then the partial one × taps
  std::ptrdiff_t full_, partial_;
};

}  // namespace winograd
