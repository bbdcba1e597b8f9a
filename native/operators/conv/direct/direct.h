#pragma once

#include "operators/conv/common/kernel.h"
#include "operators/conv/common/panels.h"
#include "operators/conv/direct/input.h"
#include "operators/conv/direct/schedule.h"

namespace winograd {

/// Direct convolution of any stride, dilation and groups: lines of outputs are sums of small matrix products, one per
/// tap and channel block (Georganas et al. 2018, section II). It serves what Winograd does not cover, and is the
/// baseline.
class DirectKernel final : public ConvolutionKernel {
 public:
  DirectKernel(const Problem& problem, const Schedule& schedule, const DirectSchedule& decisions);

 private:
  /// Some outputs, counted through all lines, of one panel of a group's channels.
  struct Piece {
    std::ptrdiff_t group, panel, firstPixel, endPixel;
  };
  using Region = DirectInput::Region;

  std::size_t scratchFloats() const override;
  Times compute(const Pass& pass, float* scratch, const Run& run) const override;
  Piece piece(std::ptrdiff_t index) const;
  template <class Body>
  void forEachPiece(std::ptrdiff_t item, const Body& body) const;
  void computePiece(const Pass& pass, std::ptrdiff_t image, const Piece& piece, const float* source,
                    const Region& region, float* buffer, const Run& run) const;
  std::ptrdiff_t bufferFloats() const;
  std::ptrdiff_t placeOf(std::ptrdiff_t image, std::ptrdiff_t channel) const;
  std::ptrdiff_t placeOfPixel(std::ptrdiff_t line, std::ptrdiff_t x) const;

  DirectSchedule decisions_;
  Panels panels_;
  DirectInput reader_;
};

}  // namespace winograd
