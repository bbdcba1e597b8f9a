#pragma once

#include <array>
#include <vector>

#include "plan.h"
#include "rows.h"

namespace winograd {

/// Direct convolution of any stride, dilation and groups: lines of outputs are sums of small matrix products, one per
/// tap and channel block (Georganas et al. 2018, section II). It serves what Winograd does not cover, and is the
/// baseline.
///
/// The input is read where it lies, unless its rows need padding: then it is copied once, with it. Taps on padding
/// above and below are left out.
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
  /// Segments of a line's sums that follow one another, in the input's offsets and in the weights.
  struct Run {
    std::ptrdiff_t first, full, single;
  };

  void chooseReading();
  void layOutSegments();
  void joinLines();
  void choosePieces();
  std::ptrdiff_t itemCount() const;
  Piece piece(std::ptrdiff_t index) const;
  void copyPlane(const float* x, std::ptrdiff_t image, std::ptrdiff_t index, float* copy) const;
  void compute(const Activations& activations, std::ptrdiff_t image, const Piece& piece, const float* source,
               float* buffer) const;
  void findRuns(std::ptrdiff_t line, std::vector<Run>& runs) const;
  /// Channels of the weights before a segment.
  std::ptrdiff_t channelsBefore(std::ptrdiff_t segment) const {
    return std::min(segment, full_) * kernels_.width + std::max<std::ptrdiff_t>(segment - full_, 0);
  }

  const KernelTable& kernels_;
  Panels panels_;
  Layout reading_;  // of the input or its copy
  bool copied_;
  Axes extents_;                          // of the input or its copy
  std::ptrdiff_t pixel_, planes_;         // floats between pixels; channels or blocks of a group that are read
  std::vector<std::ptrdiff_t> offsets_;   // of the segments: those of whole channel blocks, then those of the others
  std::ptrdiff_t full_;                   // segments of `width` channels; the others are of one
  std::array<std::ptrdiff_t, 2> perRow_;  // segments of one row of taps, in whole channel blocks and in the others
  Axes lines_;                            // of outputs: two axes of lines, and their length
  std::ptrdiff_t tileRows_;               // most rows of a register tile
  std::ptrdiff_t chunks_;                 // parts of the pixels
};

}  // namespace winograd
