#include "operators/conv/common/weights.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "runtime/threads.h"

namespace winograd {
namespace {

// An n-mode product in double precision for `lanes` kernels side by side:
// out[left][row][right][lane] = Σ matrix[row][column] in[left][column][right][lane].
void modeProduct(const double* matrix, int rows, int columns, const double* in, double* out, std::ptrdiff_t left,
                 std::ptrdiff_t right) {
  for (std::ptrdiff_t l = 0; l < left; l++) {
    for (int r = 0; r < rows; r++) {
      double* to = out + (l * rows + r) * right;
      std::fill_n(to, right, 0.0);
      for (int c = 0; c < columns; c++) {
        const double coefficient = matrix[r * columns + c];
        if (coefficient == 0) continue;
        const double* from = in + (l * columns + c) * right;
        for (std::ptrdiff_t x = 0; x < right; x++) to[x] += coefficient * from[x];
      }
    }
  }
}

std::size_t size(std::ptrdiff_t value) {
  return static_cast<std::size_t>(value);
}

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

const Layer& valid(const Layer& layer) {
  validate(layer);
  return layer;
}

}  // namespace

Weights::Weights(const Layer& layer, const float* weight, const float* bias)
    : layer_(valid(layer)),
      panelsOfGroup_(layer.narrowGroups() ? layer.outChannels : layer.groupOutputs(), layer.kernels->width,
                     layer.weightFormat) {
  packedSize_ = packedSize();
  const std::ptrdiff_t groups = layer.narrowGroups() ? 1 : layer.groups, outputs = layer.outChannels / groups;
  bias_ = std::make_unique<Block>(size(panelsOfGroup_.padded() * groups));
  if (bias != nullptr) {
    for (std::ptrdiff_t g = 0; g < groups; g++) {
      std::copy_n(bias + g * outputs, outputs, bias_->data() + g * panelsOfGroup_.padded());
    }
  }
  const std::ptrdiff_t count = layer.outChannels * layer.groupInputs() * volume(layer.kernel);
  source_ = std::make_unique<Block>(size(count));
  std::copy_n(weight, count, source_->data());
}

std::size_t Weights::packedSize() const {
  const std::size_t channels = size(layer_.groups * layer_.groupInputs());
  const std::size_t padded = checkedMultiply(channels, size(panelsOfGroup_.padded()));
  switch (layer_.algorithm) {
    case Algorithm::winograd:
      return checkedMultiply(checkedMultiply(size(panelsOfGroup_.stored()), size(layer_.depth())),
                             size(layer_.products()));
    case Algorithm::positions:
      return checkedMultiply(checkedMultiply(channels, size(layer_.groupOutputs())),
                             size(roundUp(layer_.products(), layer_.kernels->width)));
    case Algorithm::direct:
      break;
  }
  const std::size_t taps = size(volume(layer_.kernel));
  if (layer_.narrowGroups()) return checkedMultiply(size(layer_.groupInputs() * panelsOfGroup_.padded()), taps);
  return checkedMultiply(padded, taps);
}

void Weights::prepare(int threads) const {
  std::call_once(once_, [&] {
    auto packed = std::make_unique<Block>(packedSize_);
    switch (layer_.algorithm) {
      case Algorithm::winograd:
        packWinograd(packed->data(), threads);
        break;
      case Algorithm::positions:
        packPositions(packed->data(), threads);
        break;
      case Algorithm::direct:
        if (layer_.narrowGroups()) {
          packGrouped(packed->data());
        } else {
          packDirect(packed->data(), threads);
        }
        break;
    }
    packed_ = std::move(packed);
    source_.reset();
  });
}

// Transforms the kernels of one group's channel (with its tap of the folded axes) for `filled` of `lanes` output
// channels; returns [product][lane]. The buffers are reused from call to call.
const double* Weights::transformKernels(Kernels& kernels, std::ptrdiff_t group, std::ptrdiff_t channel,
                                        std::ptrdiff_t firstOutput, std::ptrdiff_t filled, std::ptrdiff_t lanes) const {
  const KernelTransform *d = &layer_.transforms[0], *h = &layer_.transforms[1], *w = &layer_.transforms[2];
  const Axes &kernel = layer_.kernel, folded = layer_.folded();
  const std::ptrdiff_t tap = channel % volume(folded);
  const std::ptrdiff_t most =
      lanes * std::max(d->products, d->taps) * std::max(h->products, h->taps) * std::max(w->products, w->taps);
  std::vector<double>&from = kernels.from, &to = kernels.to;
  from.assign(size(most), 0);
  to.resize(size(most));
  for (std::ptrdiff_t lane = 0; lane < filled; lane++) {
    const std::ptrdiff_t output = group * layer_.groupOutputs() + firstOutput + lane;
    const float* taps =
        source_->data() + ((output * layer_.groupInputs() + channel / volume(folded)) * kernel[0] + tap / folded[1]) *
                              kernel[1] * kernel[2];
    double* value = &from[size(lane)];
    for (int z = 0; z < d->taps; z++) {
      for (int y = 0; y < h->taps; y++) {
        const float* row = taps + (z * kernel[1] + y + tap % folded[1]) * kernel[2];
        for (int x = 0; x < w->taps; x++, value += lanes) *value = row[x];
      }
    }
  }
  modeProduct(w->C.data(), w->products, w->taps, from.data(), to.data(), d->taps * h->taps, lanes);
  modeProduct(h->C.data(), h->products, h->taps, to.data(), from.data(), d->taps, w->products * lanes);
  modeProduct(d->C.data(), d->products, d->taps, from.data(), to.data(), 1, h->products * w->products * lanes);
  return to.data();
}

void Weights::packWinograd(float* packed, int threads) const {
  const std::ptrdiff_t channels = layer_.depth(), width = layer_.kernels->width;
  const std::ptrdiff_t products = layer_.products();
  const Panels& panels = panelsOfGroup_;
  ThreadPool::shared().forEach(panels.count(), threads, [&](std::ptrdiff_t p, int) {
    const Panel panel = panels.at(p);
    const std::ptrdiff_t lanes = panel.vectors * width;
    Kernels kernels;
    for (std::ptrdiff_t c = 0; c < channels; c++) {
      const double* values =
          transformKernels(kernels, 0, c, panel.channel, std::min(lanes, layer_.outChannels - panel.channel), lanes);
      for (std::ptrdiff_t i = 0; i < products; i++) {
        store(values + i * lanes, layer_.weightFormat, panel.vectors, width,
              packed + (panel.first * products + i * panel.stored) * channels + c * panel.stored);
      }
    }
  });
}

void Weights::packPositions(float* packed, int threads) const {
  const std::ptrdiff_t channels = layer_.groupInputs(), outputs = layer_.groupOutputs(), width = layer_.kernels->width;
  const std::ptrdiff_t products = layer_.products(), vectors = divideUp(products, width);
  const std::ptrdiff_t most = layer_.kernels->positionKernels, tiles = divideUp(outputs, most);
  ThreadPool::shared().forEach(layer_.groups * tiles, threads, [&](std::ptrdiff_t item, int) {
    const std::ptrdiff_t group = item / tiles, first = item % tiles * most, count = std::min(most, outputs - first);
    float* const out = packed + (group * outputs + first) * channels * vectors * width;
    Kernels kernels;
    for (std::ptrdiff_t c = 0; c < channels; c++) {
      const double* values = transformKernels(kernels, group, c, first, count, count);
      for (std::ptrdiff_t i = 0; i < products; i++) {
        for (std::ptrdiff_t k = 0; k < count; k++) {
          out[((i / width * channels + c) * count + k) * width + i % width] = static_cast<float>(values[i * count + k]);
        }
      }
    }
  });
}

void Weights::packGrouped(float* packed) const {
  const std::ptrdiff_t width = layer_.kernels->width, segments = layer_.groupInputs() * volume(layer_.kernel);
  for (std::ptrdiff_t k = 0; k < layer_.outChannels; k++) {
    float* const out = packed + k / width * segments * width + k % width;
    for (std::ptrdiff_t s = 0; s < segments; s++) out[s * width] = source_->data()[k * segments + s];
  }
}

void Weights::packDirect(float* packed, int threads) const {
  const int width = layer_.kernels->width;
  const std::ptrdiff_t channels = layer_.groupInputs(), outputs = layer_.groupOutputs();
  const std::ptrdiff_t taps = volume(layer_.kernel);
  const Panels& panels = panelsOfGroup_;
  const std::ptrdiff_t group = channels * taps * panels.padded();
  const float* weight = source_->data();
  ThreadPool::shared().forEach(layer_.groups * panels.count(), threads, [&](std::ptrdiff_t item, int) {
    const std::ptrdiff_t g = item / panels.count();
    const Panel panel = panels.at(item % panels.count());
    const std::ptrdiff_t lanes = panel.vectors * width;
    const std::ptrdiff_t filled = std::min(lanes, outputs - panel.channel);
    float* out = packed + g * group + panel.channel * channels * taps;
    const std::ptrdiff_t columns = layer_.kernel[2], whole = channels / width * width;
    const auto addRow = [&](std::ptrdiff_t row, std::ptrdiff_t first, std::ptrdiff_t end) {
      for (std::ptrdiff_t block = first; block < end; block += width) {
        for (std::ptrdiff_t t = row * columns; t < (row + 1) * columns; t++) {
          for (std::ptrdiff_t c = block; c < std::min<std::ptrdiff_t>(block + width, end); c++, out += lanes) {
            for (std::ptrdiff_t lane = 0; lane < filled; lane++) {
              out[lane] = weight[((g * outputs + panel.channel + lane) * channels + c) * taps + t];
            }
          }
        }
      }
    };
    for (std::ptrdiff_t row = 0; row < taps / columns; row++) addRow(row, 0, whole);
    for (std::ptrdiff_t row = 0; row < taps / columns; row++) addRow(row, whole, channels);
  });
}

}  // namespace winograd
