#pragma once

#include <cstddef>

#include "kernels/kernels.h"
#include "runtime/memory.h"

namespace winograd {

/// Where a panel of output channels lies: panels hold 2 vectors of channels, the last one perhaps only 1.
struct Panel {
  std::ptrdiff_t channel;  // first output channel (of the group)
  int vectors;
  std::ptrdiff_t first, stored;  // floats of one weight of each channel: before the panel, and of the panel
};

/// Output channels of one group, cut into panels for the register tiles.
class Panels {
 public:
  Panels(std::ptrdiff_t channels, int width, WeightFormat format = WeightFormat::float32)
      : width_(width), format_(format), vectors_(divideUp(channels, width)), count_(divideUp(vectors_, 2)) {}
  std::ptrdiff_t count() const { return count_; }
  Panel at(std::ptrdiff_t index) const {
    const int vectors = index * 2 + 2 <= vectors_ ? 2 : 1;
    const std::ptrdiff_t whole = storedVectors(format_, 2) * width_;
    return {index * 2 * width_, vectors, index * whole, storedVectors(format_, vectors) * width_};
  }
  /// Floats of one weight of each channel.
  std::ptrdiff_t stored() const {
    const Panel last = at(count_ - 1);
    return last.first + last.stored;
  }
  /// Output channels with padding.
  std::ptrdiff_t padded() const { return vectors_ * width_; }

 private:
  int width_;
  WeightFormat format_;
  std::ptrdiff_t vectors_, count_;
};

}  // namespace winograd
