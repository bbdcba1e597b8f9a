#pragma once

#include <array>
#include <vector>

#include "operators/conv/common/kernel.h"
#include "operators/conv/transform/tiling.h"

namespace winograd {

/// Algorithm 2 of Budden et al. 2017: vectors hold neighbouring positions of one transformed tile instead of channels.
/// Nothing is padded to whole vectors of channels, so it is for layers with very few of them per group, down to
/// depthwise ones; T^N should be near a multiple of the width. Tiles are transformed `width` at a time, a tile a lane,
/// and transposed to positions and back.
class PositionsKernel final : public ConvolutionKernel {
 public:
  /// @param tilings of one form each, with all products
  PositionsKernel(const Problem& problem, const Schedule& schedule, const KernelTransforms& transforms,
                  const Tilings& tilings);

  std::vector<std::string> codelets() const override;

 private:
  struct Tile;

  std::size_t scratchFloats() const override;
  Times compute(const Pass& pass, float* scratch, const Run& run) const override;
  void loadTiles(const float* x, const std::vector<Tile>& tiles, std::ptrdiff_t channel, float* lanes) const;
  void transformInput(const float* x, const std::vector<Tile>& tiles, std::ptrdiff_t group, float* u,
                      float* scratch) const;
  void multiply(const float* weights, std::ptrdiff_t group, const float* u, float* m) const;
  void transformOutput(const Pass& pass, const std::vector<Tile>& tiles, std::ptrdiff_t group, const float* m,
                       float* scratch) const;

  void clearRest(float* y, const std::vector<Tile>& tiles) const;
  template <class Body>
  void forEachOutputRow(const std::vector<Tile>& tiles, std::ptrdiff_t channel, const Pixels& place,
                        const Body& body) const;

  LineTransforms inputTransforms_, outputTransforms_;
  Axes offsets_;                      // of a tile's first input under its first output
  Axes inputs_, outputs_, products_;  // extents of one tile
  Axes tiles_;                        // tiles along each axis
  std::ptrdiff_t vectors_;            // of positions, the last one padded with zeros
  std::ptrdiff_t scratch_;            // floats of a strip between the passes
};

}  // namespace winograd
