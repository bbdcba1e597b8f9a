// From U to M: the products of a pass (winograd.h).

#include <algorithm>

#include "operators/conv/winograd/winograd.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kLineBytes = 64;  // of a cache line

}  // namespace

// The more groups there are, the fewer of their channels fetch.
WinogradPlan::Pace WinogradPlan::paceOf(std::ptrdiff_t groups, std::ptrdiff_t rowBytes) {
  const std::ptrdiff_t channels = divideUp(4, groups);
  const std::ptrdiff_t step = divideUp(4 * std::min(rowBytes, kLineBytes), channels * groups);
  return {static_cast<int>(channels), step, channels * divideUp(rowBytes, kLineBytes) * step};
}

// M[i] = U[i] × weights of product i, for all products and a group of panels. While the groups of tiles work on a
// panel, each fetches its share of the next one.
void WinogradPlan::multiply(const TileBlock& block, std::ptrdiff_t firstPanel, std::ptrdiff_t endPanel, const float* u,
                            float* m) const {
  const std::ptrdiff_t width = kernels_.width, channels = layer().depth();
  const std::ptrdiff_t segments = channels / width, rest = channels % width;
  const std::ptrdiff_t chunk = problem_.sumBlock > 0 ? std::max<std::ptrdiff_t>(problem_.sumBlock / width, 1)
                                                     : std::max<std::ptrdiff_t>(segments, 1);
  const std::ptrdiff_t productCount = volume(products_);
  const auto& kernels = kernels_.gemm[static_cast<int>(layer().weightFormat)];
  const auto weightsOf = [&](std::ptrdiff_t panel, std::ptrdiff_t product) {
    const Panel at = panels_.at(panel);
    return weights_->panels() + (at.first * productCount + product * at.stored) * channels;
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
        args.a = u + i * uPlane_ + group.band.first * channels_ + (group.first - group.band.first) * width;
        args.c = m + i * mPlane_ + (p - firstPanel) * mPanel_ + group.first * panel.vectors * width;
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
