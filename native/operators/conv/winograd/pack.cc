#include "operators/conv/winograd/pack.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "operators/conv/common/packing.h"
#include "operators/conv/transform/weights.h"
#include "runtime/threads.h"

namespace winograd {
namespace {

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
void store(const double* values, WeightFormat format, int vectors, std::ptrdiff_t width, float* to) {
  if (format == WeightFormat::float32) {
    for (std::ptrdiff_t lane = 0; lane < vectors * width; lane++) to[lane] = static_cast<float>(values[lane]);
    return;
  }
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
  const WeightTransform transform(filters, weights.transforms, weights.folds);
  const std::ptrdiff_t channels = weights.depth(filters), width = kernels.width, products = transform.products();
  const WeightFormat format = weights.format;
  const auto pack = [=](const float* from, float* packed, const Run& run) {
    ThreadPool::shared().forEach(panels.count(), threads, [&](std::ptrdiff_t p, int) {
      const Panel panel = panels.at(p);
      const std::ptrdiff_t lanes = panel.vectors * width;
      const std::ptrdiff_t filled = std::min(lanes, filters.outChannels - panel.channel);
      WeightTransform::Buffers buffers;
      for (std::ptrdiff_t c = 0; c < channels; c++) {
        run.check();
        const double* values = transform.transform(from, 0, c, panel.channel, filled, lanes, buffers);
        for (std::ptrdiff_t i = 0; i < products; i++) {
          store(values + i * lanes, format, panel.vectors, width,
                packed + (panel.first * products + i * panel.stored) * channels + c * panel.stored);
        }
      }
    });
  };
  return makePacking(filters, packedWinogradFloats(filters, weights, kernels), threads, pack);
}

}  // namespace winograd
