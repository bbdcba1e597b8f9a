#include "operators/conv/winograd/pack.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "operators/common/work.h"
#include "operators/conv/common/packing.h"
#include "operators/conv/transform/weights.h"
#include "runtime/memory.h"

namespace winograd {
namespace {

constexpr std::size_t kStreamedBytes = 1 << 20;  // what is larger would push all else out of the second level

// The bits of the nearest bfloat16, the even one where two are. A double between two floats first becomes that one of
// them whose last bit is set: it lies on the same side of every bfloat16, and of the middle between any two.
std::uint32_t toBfloat16(double value) {
  const float nearest = static_cast<float>(value);
  if (std::isnan(nearest)) return 0x7fc0;
  std::uint32_t bits = std::bit_cast<std::uint32_t>(nearest);
  if (nearest != value) bits = (bits - (std::abs(nearest) > std::abs(value))) | 1;
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

// The weights of a panel's channels, as the kernels take them.
void storeBfloat16(const double* values, int vectors, std::ptrdiff_t width, float* to) {
  for (std::ptrdiff_t lane = 0; lane < width; lane++) {
    const std::uint32_t second = vectors > 1 ? toBfloat16(values[width + lane]) : 0;
    to[lane] = std::bit_cast<float>(toBfloat16(values[lane]) << 16 | second);
  }
}

}  // namespace

std::size_t packedWinogradFloats(const Filters& filters, const WinogradWeights& weights, const KernelTable& kernels) {
  const Panels panels(filters.outChannels, kernels.width, weights.format);
  return checkedMultiply(
      checkedMultiply(static_cast<std::size_t>(panels.stored()), static_cast<std::size_t>(weights.depth(filters))),
      static_cast<std::size_t>(volume(productsOf(weights.transforms))));
}

std::unique_ptr<Kernel> packWinograd(const Filters& filters, const WinogradWeights& weights, const KernelTable& kernels,
                                     int threads) {
  const Panels panels(filters.outChannels, kernels.width, weights.format);
  const WeightTransform transform(filters, weights.transforms, weights.folds, kernels);
  const std::ptrdiff_t channels = weights.depth(filters), width = kernels.width, products = transform.products();
  const std::ptrdiff_t atOnce = transform.channelsAtOnce(2 * width), chunks = divideUp(channels, atOnce);
  const WeightFormat format = weights.format;
  const std::size_t floats = packedWinogradFloats(filters, weights, kernels);
  const bool streamed = floats * sizeof(float) > kStreamedBytes;
  const auto pack = [=, &kernels](const float* from, float* packed, const Run& run) {
    forEachItem(panels.count() * chunks, threads, run, [&](std::ptrdiff_t item, int) {
      const Panel panel = panels.at(item / chunks);
      const std::ptrdiff_t first = item % chunks * atOnce, count = std::min(atOnce, channels - first);
      const std::ptrdiff_t lanes = panel.vectors * width;
      const std::ptrdiff_t filled = std::min(lanes, filters.outChannels - panel.channel);
      // Kept from item to item, for fresh pages would cost as much as the transforms.
      thread_local WeightTransform::Buffers buffers;
      const double* values = transform.transform(from, 0, first, count, panel.channel, filled, lanes, buffers);
      for (std::ptrdiff_t i = 0; i < products; i++) {
        float* const to = packed + (panel.first * products + i * panel.stored) * channels + first * panel.stored;
        const double* const product = values + i * count * lanes;
        if (format == WeightFormat::float32) {
          kernels.narrow({product, count * lanes, to, streamed});
          continue;
        }
        for (std::ptrdiff_t c = 0; c < count; c++)
          storeBfloat16(product + c * lanes, panel.vectors, width, to + c * panel.stored);
      }
      if (streamed) drainStores();
    });
  };
  return makePacking(filters, floats, threads, Written::everything, pack);
}

}  // namespace winograd
