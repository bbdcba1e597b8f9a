#pragma once

#include <array>
#include <vector>

#include "operators/conv/winograd/stages.h"

namespace winograd {

/// The middle stage, from U to M: for every product of all axes a matrix product of tiles × channels with packed
/// weights, [panel][product][channel][output channel of the panel].
class Products {
 public:
  /// @param depth inner dimension
  /// @param sumBlock channels, a multiple of the width, that are summed before the sum goes to M; 0: all
  /// @param blocks those that it will run on
  Products(const KernelTable& kernels, const Panels& panels, WeightFormat format, std::ptrdiff_t depth,
           std::ptrdiff_t sumBlock, const std::vector<TileBlock>& blocks, const TransformedInput& from,
           const ProductSums& to);

  /// M of some panels, the first of which it begins with.
  void run(const TileBlock& block, const float* packed, std::ptrdiff_t firstPanel, std::ptrdiff_t endPanel,
           const float* u, float* m) const;

 private:
  /// How groups of tiles that work on a panel of weights share in fetching the next one (GemmArgs).
  struct Pace {
    int channels;  // of four that fetch
    std::ptrdiff_t step;
    std::ptrdiff_t bytesPerFour;  // from where four channels begin to where the next four do
  };
  static Pace paceOf(std::ptrdiff_t groups, std::ptrdiff_t rowBytes);

  const KernelTable& kernels_;
  Panels panels_;
  WeightFormat format_;
  std::ptrdiff_t depth_, sumBlock_;
  TransformedInput from_;
  ProductSums to_;
  std::vector<std::vector<std::ptrdiff_t>> offsets_;  // of channel blocks in U, by the tiles of the band
  std::array<std::vector<Pace>, 2> paces_;            // by the vectors of a panel and the number of groups
};

}  // namespace winograd
