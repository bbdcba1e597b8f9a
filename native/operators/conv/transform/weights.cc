#include "operators/conv/transform/weights.h"

#include <algorithm>

namespace winograd {
namespace {

constexpr std::ptrdiff_t kBufferBytes = 128 << 10;  // of each of the two, beside each other in the second level

}  // namespace

WeightTransform::WeightTransform(const Filters& filters, const KernelTransforms& transforms, const Folds& folds,
                                 const KernelTable& kernels)
    : filters_(filters),
      transforms_(transforms),
      folded_{folds[0] ? filters.kernel[0] : 1, folds[1] ? filters.kernel[1] : 1, 1},
      kernels_(&kernels) {}

std::ptrdiff_t WeightTransform::mostNumbers() const {
  const auto& [d, h, w] = transforms_;
  return std::ptrdiff_t{std::max(d.products, d.taps)} * std::max(h.products, h.taps) * std::max(w.products, w.taps);
}

std::ptrdiff_t WeightTransform::channelsAtOnce(std::ptrdiff_t lanes) const {
  constexpr std::ptrdiff_t most = 16;
  const std::ptrdiff_t bytes = mostNumbers() * lanes * static_cast<std::ptrdiff_t>(sizeof(double));
  return std::clamp<std::ptrdiff_t>(kBufferBytes / bytes, 1, most);
}

// The taps of one kernel whose folded taps count as channels, `step` numbers apart.
void WeightTransform::loadFolded(const float* weights, std::ptrdiff_t group, std::ptrdiff_t channel,
                                 std::ptrdiff_t output, double* to, std::ptrdiff_t step) const {
  const auto& [d, h, w] = transforms_;
  const Axes& kernel = filters_.kernel;
  const std::ptrdiff_t tap = channel % foldedTaps();
  const std::ptrdiff_t plane =
      ((group * filters_.groupOutputs() + output) * filters_.groupInputs() + channel / foldedTaps()) * kernel[0] +
      tap / folded_[1];
  const float* const taps = weights + plane * kernel[1] * kernel[2];
  for (int z = 0; z < d.taps; z++) {
    for (int y = 0; y < h.taps; y++) {
      const float* row = taps + (z * kernel[1] + y + tap % folded_[1]) * kernel[2];
      for (int x = 0; x < w.taps; x++, to += step) *to = row[x];
    }
  }
}

// Kernels of neighbouring channels lie one behind the other: a matrix of an output's in a row, which is transposed.
void WeightTransform::loadWhole(const float* weights, std::ptrdiff_t group, std::ptrdiff_t channel,
                                std::ptrdiff_t count, std::ptrdiff_t firstOutput, std::ptrdiff_t filled,
                                std::ptrdiff_t lanes, Buffers& buffers) const {
  const std::ptrdiff_t taps = volume(filters_.kernel), row = filters_.groupInputs() * taps;
  const float* const first = weights + (group * filters_.groupOutputs() + firstOutput) * row + channel * taps;
  buffers.taps.resize(static_cast<std::size_t>(count * taps * lanes));
  float* const turned = buffers.taps.data();
  if (filled < lanes) std::fill(buffers.taps.begin(), buffers.taps.end(), 0.0f);
  kernels_->transpose({first, row, filled, count * taps, turned, lanes});
  for (std::ptrdiff_t tap = 0; tap < taps; tap++)
    kernels_->widen({turned + tap * lanes, taps * lanes, count, lanes, buffers.from.data() + tap * count * lanes});
}

const double* WeightTransform::transform(const float* weights, std::ptrdiff_t group, std::ptrdiff_t channel,
                                         std::ptrdiff_t count, std::ptrdiff_t firstOutput, std::ptrdiff_t filled,
                                         std::ptrdiff_t lanes, Buffers& buffers) const {
  const auto& [d, h, w] = transforms_;
  const std::ptrdiff_t all = count * lanes, most = mostNumbers() * all;
  std::vector<double>&from = buffers.from, &to = buffers.to;
  from.resize(static_cast<std::size_t>(most));
  to.resize(static_cast<std::size_t>(most));
  if (foldedTaps() == 1) {
    loadWhole(weights, group, channel, count, firstOutput, filled, lanes, buffers);
  } else {
    if (filled < lanes) std::fill(from.begin(), from.end(), 0.0);
    for (std::ptrdiff_t lane = 0; lane < filled; lane++) {
      for (std::ptrdiff_t c = 0; c < count; c++)
        loadFolded(weights, group, channel + c, firstOutput + lane, from.data() + c * lanes + lane, all);
    }
  }
  const auto along = [&](const KernelTransform& axis, const double* in, double* out, std::ptrdiff_t left,
                         std::ptrdiff_t right) {
    kernels_->modeProduct({axis.C.data(), axis.products, axis.taps, in, out, left, right});
  };
  along(w, from.data(), to.data(), std::ptrdiff_t{d.taps} * h.taps, all);
  along(h, to.data(), from.data(), d.taps, w.products * all);
  along(d, from.data(), to.data(), 1, std::ptrdiff_t{h.products} * w.products * all);
  return to.data();
}

}  // namespace winograd
