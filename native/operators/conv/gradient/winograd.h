#pragma once

#include <vector>

#include "operators/conv/gradient/gradient.h"
#include "operators/conv/winograd/input.h"

/// The gradient of a convolution's weights by nested F(G, S), the dual of the F(S, G) of its forward pass: tiles'
/// inputs and tiles' gradients take the places of data and kernel, and are summed over instead of channels.
///
///   U[i][tile][input channel]  = tiles of x transformed along each axis                (B, as in the forward pass)
///   V[i][tile][output channel] = tiles of the gradient of y transformed along each axis (transposed A)
///   sums[i]                    = Σ over tiles of outer products of V[i] and U[i]
///   gradient of the weights    = sums transformed along each axis                      (transposed C)
///
/// i counts the products of all axes. The transforms back happen once, after the last tile.
namespace winograd {

/// The decisions.
struct WinogradGradientSchedule {
  Tilings tilings;            // of x
  Tilings gradientTilings;    // the same tiles of the gradient of y
  LineTransforms back;        // of each axis one: taps x products
  Lanes lanes;                // of the outer products
  std::ptrdiff_t tileBlock;   // most tiles that pass through the stages together
  std::ptrdiff_t sumBlock;    // most tiles that are summed in registers before the sum goes to memory
  std::ptrdiff_t rowGroup;    // channels of the rows' side …
  std::ptrdiff_t laneGroup;   // … and of the lanes' side whose sums are transformed back together
  std::ptrdiff_t longestRun;  // tiles of a strip, which stays in the first two levels of cache
  std::ptrdiff_t slice;       // floats of a slice of a strip, which stays in the first
};

/// Throws std::invalid_argument for what can't be obeyed.
WinogradGradientSchedule readWinogradGradientSchedule(const Value& value, const Problem& problem,
                                                      const Schedule& schedule);

/// The last two stages: sums of outer products, and their way back.
class WeightSums {
 public:
  WeightSums(const KernelTable& kernels, const WeightsGradient& result, const WinogradGradientSchedule& decisions,
             const std::vector<TileBlock>& blocks, const TransformedInput& rows, const TransformedInput& lanes);

  /// Groups of channels that can be worked on at once.
  std::ptrdiff_t groups() const { return rowGroups_ * laneGroups_; }
  /// Floats of the sums that blocks leave to each other, and of what a thread works in.
  std::size_t sharedFloats() const;
  std::size_t scratchFloats() const;

  /// Adds a block's tiles to a group's sums; transforms them back after the last one.
  void run(std::size_t block, std::ptrdiff_t group, const float* rows, const float* lanes, float* shared,
           float* scratch, float* to) const;

 private:
  /// Channels of a group.
  struct Group {
    std::ptrdiff_t firstRow, rows, firstLane, lanes;
  };
  Group groupOf(std::ptrdiff_t group) const;
  void addProducts(const TileBlock& block, bool first, const Group& group, std::ptrdiff_t product, const float* rows,
                   const float* lanes, float* sums) const;
  void transformLines(std::size_t axis, const float* from, float* to, std::ptrdiff_t inner, const Group& group) const;
  void store(const Group& group, const float* taps, float* to) const;

  const KernelTable& kernels_;
  const WeightsGradient& result_;
  const WinogradGradientSchedule& decisions_;
  const std::vector<TileBlock>& blocks_;
  TransformedInput rows_, lanes_;
  Axes taps_;
  std::ptrdiff_t rowGroups_, laneGroups_;
  std::ptrdiff_t rowsOfGroup_, lanesOfGroup_;
  std::ptrdiff_t plane_;  // floats of a group's sums of one product
};

}  // namespace winograd
