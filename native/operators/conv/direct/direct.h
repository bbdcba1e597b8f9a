#pragma once

#include "operators/conv/common/plan.h"
#include "operators/conv/direct/input.h"

namespace winograd {

/// Direct convolution of any stride, dilation and groups: lines of outputs are sums of small matrix products, one per
/// tap and channel block (Georganas et al. 2018, section II). It serves what Winograd does not cover, and is the
/// baseline.
class DirectPlan final : public Plan {
 public:
  DirectPlan(std::shared_ptr<const Weights> weights, const Problem& problem);

  Times execute(const float* x, float* y, const float* residual) const override;
  std::size_t workspaceBytes() const override;

 private:
  /// Some outputs, counted through all lines, of one panel of a group's channels.
  struct Piece {
    std::ptrdiff_t group, panel, firstPixel, endPixel;
  };
  using Region = DirectInput::Region;

  void choosePieces();
  Piece piece(std::ptrdiff_t index) const;
  template <class Body>
  void forEachPiece(std::ptrdiff_t item, const Body& body) const;
  void compute(const Activations& activations, std::ptrdiff_t image, const Piece& piece, const float* source,
               const Region& region, float* buffer) const;

  const KernelTable& kernels_;
  Panels panels_;
  DirectInput input_;
  std::ptrdiff_t tileRows_;  // most rows of a register tile
  std::ptrdiff_t chunks_;    // parts of the pixels
  std::ptrdiff_t items_;     // parts of all pieces, for threads to share
};

}  // namespace winograd
