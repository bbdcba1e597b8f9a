#pragma once

#include <array>
#include <vector>

#include "operators/conv/common/plan.h"
#include "operators/conv/transform/line_transform.h"

namespace winograd {

/// Algorithm 2 of Budden et al. 2017: vectors hold neighbouring positions of one transformed tile instead of channels.
/// Nothing is padded to whole vectors of channels, so it is for layers with very few of them per group, down to
/// depthwise ones; T^N should be near a multiple of the width. Tiles are transformed `width` at a time, a tile a lane,
/// and transposed to positions and back.
class PositionsPlan final : public Plan {
 public:
  PositionsPlan(std::shared_ptr<const Weights> weights, const Problem& problem);

  Times execute(const float* x, float* y, const float* residual) const override;
  std::size_t workspaceBytes() const override;
  std::vector<std::string> codelets() const override;

 private:
  struct Tile;

  void loadTiles(const float* x, const std::vector<Tile>& tiles, std::ptrdiff_t channel, float* lanes) const;
  void transformInput(const float* x, const std::vector<Tile>& tiles, std::ptrdiff_t group, float* u,
                      float* scratch) const;
  void multiply(std::ptrdiff_t group, const float* u, float* m) const;
  void transformOutput(const struct Activations& activations, const std::vector<Tile>& tiles, std::ptrdiff_t group,
                       const float* m, float* scratch) const;

  void clearRest(float* y, const std::vector<Tile>& tiles) const;
  template <class Body>
  void forEachOutputRow(const std::vector<Tile>& tiles, std::ptrdiff_t channel, Layout layout, const Body& body) const;

  const KernelTable& kernels_;
  std::array<LineTransform, 3> inputTransforms_, outputTransforms_;
  Axes inputs_, outputs_, products_;  // extents of one tile
  Axes tiles_;                        // tiles along each axis
  std::ptrdiff_t vectors_;            // of positions, the last one padded with zeros
  std::ptrdiff_t scratch_;
};

}  // namespace winograd
