#include "operators/conv/winograd/products.h"

#include <algorithm>

namespace winograd {
namespace {

constexpr std::ptrdiff_t kLineBytes = 64;  // of a cache line

}  // namespace

// The more groups there are, the fewer of their channels fetch.
Products::Pace Products::paceOf(std::ptrdiff_t groups, std::ptrdiff_t rowBytes) {
  const std::ptrdiff_t channels = divideUp(4, groups);
  const std::ptrdiff_t step = divideUp(4 * std::min(rowBytes, kLineBytes), channels * groups);
  return {static_cast<int>(channels), step, channels * divideUp(rowBytes, kLineBytes) * step};
}

Products::Products(const KernelTable& kernels, const Panels& panels, WeightFormat format, std::ptrdiff_t depth,
                   std::ptrdiff_t sumBlock, const std::vector<TileBlock>& blocks, const TransformedInput& from,
                   const ProductSums& to)
    : kernels_(kernels), panels_(panels), format_(format), depth_(depth), sumBlock_(sumBlock), from_(from), to_(to) {
  const std::ptrdiff_t tiles = largestOf(blocks);
  offsets_.resize(static_cast<std::size_t>(tiles) + 1);
  for (const TileBlock& block : blocks) {
    for (const Band& band : block.bandOf) {
      std::vector<std::ptrdiff_t>& offsets = offsets_[static_cast<std::size_t>(band.tiles)];
      if (!offsets.empty()) continue;
      const std::ptrdiff_t single = depth_ % kernels_.width, whole = depth_ - single;
      for (std::ptrdiff_t c = 0; c < whole; c += kernels_.width) offsets.push_back(c * band.tiles);
      for (std::ptrdiff_t c = 0; c < single; c++) offsets.push_back(whole * band.tiles + c);
    }
  }
  for (int vectors = 1; vectors <= 2; vectors++) {
    const std::ptrdiff_t rowBytes =
        storedVectors(format, vectors) * kernels_.width * static_cast<std::ptrdiff_t>(sizeof(float));
    for (std::ptrdiff_t groups = 1; groups <= tiles; groups++)
      paces_[static_cast<std::size_t>(vectors - 1)].push_back(paceOf(groups, rowBytes));
  }
}

// M[i] = U[i] × weights of product i, for all products and a group of panels. While the groups of tiles work on a
// panel, each fetches its share of the next one.
void Products::run(const TileBlock& block, const float* packed, std::ptrdiff_t firstPanel, std::ptrdiff_t endPanel,
                   const float* u, float* m) const {
  const std::ptrdiff_t width = kernels_.width, channels = depth_;
  const std::ptrdiff_t segments = channels / width, rest = channels % width;
  const std::ptrdiff_t chunk = sumBlock_ > 0 ? sumBlock_ / width : std::max<std::ptrdiff_t>(segments, 1);
  const std::ptrdiff_t productCount = volume(from_.products);
  const auto& kernels = kernels_.gemm[static_cast<int>(format_)];
  const auto weightsOf = [&](std::ptrdiff_t panel, std::ptrdiff_t product) {
    const Panel at = panels_.at(panel);
    return packed + (at.first * productCount + product * at.stored) * channels;
  };

  GemmArgs args{};  // once: all of this costs where sums are short
  for (std::ptrdiff_t i = 0; i < productCount; i++) {
    const std::vector<Group>& groups =
        block.participations[static_cast<std::size_t>(block.participationOf[static_cast<std::size_t>(i)])];
    if (groups.empty()) continue;
    for (std::ptrdiff_t p = firstPanel; p < endPanel; p++) {
      const Panel panel = panels_.at(p);
      const float* const weights = weightsOf(p, i);
      const float* const next = p + 1 < endPanel       ? weightsOf(p + 1, i)
                                : i + 1 < productCount ? weightsOf(firstPanel, i + 1)
                                                       : weightsOf(endPanel % panels_.count(), 0);
      const Pace& pace = paces_[static_cast<std::size_t>(panel.vectors - 1)][groups.size() - 1];
      args.fetchingChannels = pace.channels;
      args.prefetchStep = pace.step;
      for (std::size_t g = 0; g < groups.size(); g++) {
        const Group& group = groups[g];
        const Gemm gemm = kernels[panel.vectors - 1][group.rows - 1];
        args.a = u + i * from_.plane + group.band.first * from_.channels + (group.first - group.band.first) * width;
        args.c = m + i * to_.plane + (p - firstPanel) * to_.panel + group.first * panel.vectors * width;
        const std::ptrdiff_t* const offsets = offsets_[static_cast<std::size_t>(group.band.tiles)].data();
        for (std::ptrdiff_t s = 0; s < std::max<std::ptrdiff_t>(segments, 1); s += chunk) {
          args.full = std::min(chunk, segments - s);
          args.single = s + chunk >= segments ? rest : 0;
          args.offsets = offsets + s;
          args.b = weights + s * width * panel.stored;
          args.addend = s > 0 ? args.c : nullptr;
          args.prefetch = reinterpret_cast<const char*>(next) +
                          (static_cast<std::ptrdiff_t>(g) * channels + s * width) / 4 * pace.bytesPerFour;
          gemm(args);
        }
      }
    }
  }
}

}  // namespace winograd
