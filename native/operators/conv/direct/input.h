#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "operators/conv/common/rows.h"
#include "operators/conv/direct/schedule.h"

namespace winograd {

/// How direct convolution reads its input: where a line of outputs finds the pixels under its taps.
///
/// The input is read where it lies, or each thread copies the rows that it is about to read, with their padding, so
/// that they are in its own cache. Taps on padding above and below are left out.
class DirectInput {
 public:
  /// Some of a sum (see GemmArgs) that follow one another, both here and in the weights.
  struct Segments {
    std::ptrdiff_t first, full, single;
  };
  /// Rows of a group's channels, along depth and height.
  struct Region {
    std::ptrdiff_t group;
    std::array<std::ptrdiff_t, 2> begin, end;
    bool operator==(const Region&) const = default;
  };

  /// @param joined whether lines of outputs whose inputs follow one another may be one line
  DirectInput(const Problem& problem, const Pixels& input, CopyInput copy, bool joined);

  /// To be called before anything below: makes room for copies of these regions. Throws std::overflow_error.
  void layOut(const std::vector<Region>& regions);

  bool copied() const { return copied_; }
  /// Floats of a copy.
  std::ptrdiff_t copySize() const { return copySize_; }
  /// The rows under some lines of outputs.
  Region regionOf(std::ptrdiff_t group, std::ptrdiff_t firstLine, std::ptrdiff_t endLine) const;
  void copy(const float* x, std::ptrdiff_t image, const Region& region, float* to) const;
  /// A group's channels where they are not copied.
  const float* inPlace(const float* x, std::ptrdiff_t image, std::ptrdiff_t group) const {
    return x + (image * problem_.groups + group) * planes_ * volume(extents_) * pixel_;
  }

  /// Two axes of lines of outputs, and their length. Lines whose inputs follow one another are one line.
  const Axes& lines() const { return lines_; }
  /// The pixel under a line's first output and tap, from the start of the group's channels or of their copy. It may lie
  /// before that, where the tap is on padding.
  std::ptrdiff_t lineStart(std::ptrdiff_t line, const Region& region) const;
  /// Floats between the pixels under one tap of neighbouring outputs.
  std::ptrdiff_t pixelStride() const { return problem_.stride[2] * pixel_; }
  /// The segments of a line's sums, of one channel or of `width` ones; never none.
  void findRuns(std::ptrdiff_t line, std::vector<Segments>& runs) const;
  const std::ptrdiff_t* offsets(const Segments& run) const { return offsets_.data() + run.first; }
  /// Channels of the weights before a run.
  std::ptrdiff_t channelsBefore(const Segments& run) const {
    return std::min(run.first, full_) * input_.kernels->width + std::max<std::ptrdiff_t>(run.first - full_, 0);
  }

 private:
  struct Range {
    std::ptrdiff_t first, end;
  };

  void joinLines();
  Range tapsInside(int axis, std::ptrdiff_t output) const;
  void addSegments(std::ptrdiff_t tapRow, std::ptrdiff_t firstChannel, std::ptrdiff_t endChannel);

  Problem problem_;
  Pixels input_;
  bool copied_, planar_;  // planar or blocked pixels, of the input or of its copies
  Axes extents_;          // of the input or of its copies
  Axes lines_;            // of outputs
  std::ptrdiff_t copySize_ = 0;
  std::ptrdiff_t pixel_, planes_;         // floats between pixels; channels or blocks of a group
  std::vector<std::ptrdiff_t> offsets_;   // of the segments: those of whole channel blocks, then those of the others
  std::ptrdiff_t full_;                   // segments of `width` channels; the others are of one
  std::array<std::ptrdiff_t, 2> perRow_;  // segments of one row of taps, in whole channel blocks and in the others
};

}  // namespace winograd
