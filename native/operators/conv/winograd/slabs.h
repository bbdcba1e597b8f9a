#pragma once

#include "operators/conv/winograd/input.h"

namespace winograd {

/// Blocks of tiles that read planar inputs out of one blocked copy of some planes. These lie across the first axis and
/// are counted through all images.
struct Slab {
  std::size_t firstBlock, endBlock;
  std::ptrdiff_t firstPlane, endPlane;
};

/// Blocked copies of planar inputs: strips overlap and begin anew in every row, and would bring the same pixels into
/// blocks again and again.
class Slabs {
 public:
  /// Takes blocks in turn, as long as what they read fits `most` floats, so that a copy stays in cache.
  Slabs(const Pixels& input, const Axes& padding, const Tilings& tilings, const std::vector<TileBlock>& blocks,
        std::ptrdiff_t most);

  const std::vector<Slab>& all() const { return slabs_; }
  /// Floats of the largest copy.
  std::ptrdiff_t size() const;
  /// Copies a slab's planes, by several threads.
  InputSource copy(const float* x, const Slab& slab, int threads, float* to) const;

 private:
  std::ptrdiff_t planeFloats() const;

  Pixels planes_;  // the input with planes for rows
  std::vector<Slab> slabs_;
};

}  // namespace winograd
