#include "operators/conv/transform/weights.h"

#include <algorithm>

namespace winograd {
namespace {

// An n-mode product for `right` values side by side:
// out[left][row][right] = Σ matrix[row][column] in[left][column][right].
void modeProduct(const KernelTransform& transform, const double* in, double* out, std::ptrdiff_t left,
                 std::ptrdiff_t right) {
  const int rows = transform.products, columns = transform.taps;
  for (std::ptrdiff_t l = 0; l < left; l++) {
    for (int r = 0; r < rows; r++) {
      double* to = out + (l * rows + r) * right;
      std::fill_n(to, right, 0.0);
      for (int c = 0; c < columns; c++) {
        const double coefficient = transform.C[static_cast<std::size_t>(r * columns + c)];
        if (coefficient == 0) continue;
        const double* from = in + (l * columns + c) * right;
        for (std::ptrdiff_t x = 0; x < right; x++) to[x] += coefficient * from[x];
      }
    }
  }
}

}  // namespace

WeightTransform::WeightTransform(const Filters& filters, const KernelTransforms& transforms, const Folds& folds)
    : filters_(filters),
      transforms_(transforms),
      folded_{folds[0] ? filters.kernel[0] : 1, folds[1] ? filters.kernel[1] : 1, 1} {}

const double* WeightTransform::transform(const float* weights, std::ptrdiff_t group, std::ptrdiff_t channel,
                                         std::ptrdiff_t firstOutput, std::ptrdiff_t filled, std::ptrdiff_t lanes,
                                         Buffers& buffers) const {
  const auto& [d, h, w] = transforms_;
  const Axes& kernel = filters_.kernel;
  const std::ptrdiff_t tap = channel % foldedTaps();
  const std::ptrdiff_t most = std::ptrdiff_t{std::max(d.products, d.taps)} * std::max(h.products, h.taps) *
                              std::max(w.products, w.taps) * lanes;
  std::vector<double>&from = buffers.from, &to = buffers.to;
  from.assign(static_cast<std::size_t>(most), 0);
  to.resize(static_cast<std::size_t>(most));
  for (std::ptrdiff_t lane = 0; lane < filled; lane++) {
    const std::ptrdiff_t output = group * filters_.groupOutputs() + firstOutput + lane;
    const std::ptrdiff_t plane =
        (output * filters_.groupInputs() + channel / foldedTaps()) * kernel[0] + tap / folded_[1];
    const float* const taps = weights + plane * kernel[1] * kernel[2];
    double* value = &from[static_cast<std::size_t>(lane)];
    for (int z = 0; z < d.taps; z++) {
      for (int y = 0; y < h.taps; y++) {
        const float* row = taps + (z * kernel[1] + y + tap % folded_[1]) * kernel[2];
        for (int x = 0; x < w.taps; x++, value += lanes) *value = row[x];
      }
    }
  }
  modeProduct(w, from.data(), to.data(), std::ptrdiff_t{d.taps} * h.taps, lanes);
  modeProduct(h, to.data(), from.data(), d.taps, w.products * lanes);
  modeProduct(d, from.data(), to.data(), 1, std::ptrdiff_t{h.products} * w.products * lanes);
  return to.data();
}

}  // namespace winograd
