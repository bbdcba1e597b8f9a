#pragma once

#include <cstddef>
#include <vector>

#include "kernels/kernels.h"

namespace winograd {

enum class TensorLayout { planar, blocked };

/// Sizes of a tensor, slowest first; N x C x spatial, whatever the layout.
struct TensorShape {
  std::vector<std::ptrdiff_t> sizes;
  TensorLayout layout = TensorLayout::planar;

  /// Floats in memory: blocked channels come in whole vectors. Throws std::overflow_error.
  std::ptrdiff_t floats(int width) const;
};

/// How inputs are broadcast to a result: which of their elements meet in a strip of it. A result is a sequence of rows,
/// the longest in which no input changes its ways.
class Broadcast {
 public:
  /// Inputs have as many axes as the result, each as long as the result's or 1. A blocked input wants a blocked result;
  /// a planar one meets a blocked result only with a single channel. Throws std::invalid_argument.
  Broadcast(const KernelTable& kernels, const TensorShape& result, const std::vector<TensorShape>& inputs,
            std::ptrdiff_t longestStrip);

  /// Floats of the result.
  std::ptrdiff_t floats() const { return floats_; }
  std::ptrdiff_t strips() const { return strips_; }
  struct Strip {
    std::ptrdiff_t begin, count;
  };
  Strip strip(std::ptrdiff_t index) const;

  /// Floats for inputs that have to be spread out.
  std::ptrdiff_t workspaceFloats() const { return static_cast<std::ptrdiff_t>(inputs_.size()) * slot_; }
  /// Whether any part of `row` floats, counted from the beginning, that is no longer than a strip can be resolved.
  bool takes(std::ptrdiff_t row) const { return stripsPerRow_ > 0 ? row_ % row == 0 : row == row_; }
  std::ptrdiff_t longestStrip() const { return strip_; }
  /// Where the inputs of a strip lie: in their place, or spread out in the workspace.
  void resolve(const Strip& strip, const float* const* from, StripOperand* operands, float* workspace) const;

  /// Writes zeros to the lanes of a strip of a blocked result that stand for no channel.
  void clearMissing(const Strip& strip, float* result) const;
  /// Whether the strip has such lanes.
  bool hasMissing(const Strip& strip) const;

 private:
  /// What an input does along a row.
  enum class Way {
    along,   // its elements side by side
    vector,  // the same `width` elements again and again
    value,   // one element
    lanes,   // an element for each `width` of the row, `step` apart
  };
  struct Input {
    std::vector<std::ptrdiff_t> strides;  // of the axes outside rows
    Way way;
    std::ptrdiff_t step;
    bool flat;  // lies as the result does
  };

  std::ptrdiff_t offset(const Input& input, std::ptrdiff_t row) const;
  void spread(const Input& input, const float* from, std::ptrdiff_t x, std::ptrdiff_t count, float* to) const;

  int width_;
  std::ptrdiff_t floats_, row_, strip_, strips_, stripsPerRow_, slot_;
  std::vector<std::ptrdiff_t> outer_;  // sizes of the axes outside rows
  std::vector<Input> inputs_;
  std::ptrdiff_t blockFloats_ = 0, blocks_ = 1;  // of a vector of channels, and how many of these a sample has
  int lastLanes_;                                // channels in the last of them
};

}  // namespace winograd
