#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "operators/conv/common/problem.h"
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

/// A layer's weights in the layout its algorithm reads front to back; shared by plans, from any thread.
///
/// Winograd: [panel][product of three axes][input channel][panel's channels], transformed in double precision
/// (Budden et al. 2017, equation 4) and rounded once, to the layer's weight format.
/// Positions: [group][tile of kernels][vector of positions][channel][kernel of the tile][position].
/// Direct, groups narrower than a vector: [vector of output channels][input channel of the group][tap][output channel].
/// Direct, else: [group][panel][segment][channel of the segment][panel's channels]; a segment is one tap of one channel
/// block, taps innermost.
///
/// They are packed at first use, by the pass that needs them, so that making a layer never keeps its thread waiting.
class Weights {
 public:
  /// Copies weight (O x I/groups x D x H x W) and bias (O values, or null).
  /// Throws std::invalid_argument, std::overflow_error, OutOfMemory.
  Weights(const Layer& layer, const float* weight, const float* bias);

  /// Packs the weights unless that is done. Throws OutOfMemory.
  void prepare(int threads) const;

  const Layer& layer() const { return layer_; }
  /// The packed weights, after `prepare`.
  const float* panels() const { return packed_->data(); }
  /// Bias of a group's channels, padded with zeros to whole vectors; narrow groups share one.
  const float* bias(std::ptrdiff_t group) const { return bias_->data() + group * panelsOfGroup_.padded(); }
  /// Memory held once the weights are packed.
  std::size_t bytes() const { return (packedSize_ + bias_->size()) * sizeof(float); }

 private:
  struct Kernels {
    std::vector<double> from, to;
  };
  const double* transformKernels(Kernels& kernels, std::ptrdiff_t group, std::ptrdiff_t channel,
                                 std::ptrdiff_t firstOutput, std::ptrdiff_t filled, std::ptrdiff_t lanes) const;
  std::size_t packedSize() const;  // in floats
  void packWinograd(float* to, int threads) const;
  void packPositions(float* to, int threads) const;
  void packGrouped(float* to) const;
  void packDirect(float* to, int threads) const;

  Layer layer_;
  Panels panelsOfGroup_;  // or of all narrow groups
  std::size_t packedSize_;
  std::unique_ptr<Block> bias_;
  mutable std::once_flag once_;
  mutable std::unique_ptr<Block> source_, packed_;  // the one before, the other after `prepare`
};

}  // namespace winograd
