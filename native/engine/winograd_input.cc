// From the input to U: the stage D ×ₙ Bₙ of a pass (winograd.h).

#include <algorithm>

#include "../runtime/threads.h"
#include "winograd.h"

namespace winograd {
namespace {

// Zeros wherever a packed strip lies outside the box of `present` vectors from `first` on.
void clearAround(float* at, const Axes& extents, const Axes& first, const Axes& present, std::ptrdiff_t width) {
  const auto inside = [&](int axis, std::ptrdiff_t i) { return i >= first[axis] && i < first[axis] + present[axis]; };
  for (std::ptrdiff_t d = 0; d < extents[0]; d++) {
    for (std::ptrdiff_t h = 0; h < extents[1]; h++, at += extents[2] * width) {
      const bool row = inside(0, d) && inside(1, h);
      const std::ptrdiff_t left = row ? first[2] : extents[2], right = row ? first[2] + present[2] : extents[2];
      std::fill(at, at + left * width, 0.0f);
      std::fill(at + right * width, at + extents[2] * width, 0.0f);
    }
  }
}

}  // namespace

// Whether strips that overlap along both outer axes read planar inputs so often that a blocked copy of them all pays.
bool WinogradPlan::readsOften() const {
  constexpr double often = 2;
  double reads = 1;
  for (int a = 0; a < 2; a++) reads *= static_cast<double>(form(a, 0).inputs) / form(a, 0).outputs;
  return problem_.inputLayout == Layout::planar && volume(layer().folded()) == 1 && reads > often;
}

void WinogradPlan::reshuffle(const float* x, float* to) const {
  const std::ptrdiff_t width = kernels_.width, blocks = channels_ / width;
  const Axes& size = problem_.input;
  ThreadPool::shared().forEach(problem_.batch * blocks * size[0], problem_.threads, [&](std::ptrdiff_t item, int) {
    const std::ptrdiff_t plane = item / size[0], depth = item % size[0];
    InputRow row{plane / blocks, {depth, 0, 0}, size[2], 0, plane % blocks, layer().depth()};
    float* at = to + item * size[1] * size[2] * width;
    for (; row.at[1] < size[1]; row.at[1]++, at += size[2] * width) loadInputRow(layer(), problem_, x, row, at);
  });
}

// The run's strip of inputs, transformed along the outer axes for all its tiles at once: neighbours share columns.
// Blocked inputs are read where they lie: padding along one axis stays zero under the transform of another, so only
// padding along the axis that comes first has to be put into a copy.
View WinogradPlan::transformOuterAxes(const Activations& activations, const Run& run, std::ptrdiff_t channelBlock,
                                      Axes& extents, float* scratch) const {
  const std::ptrdiff_t width = kernels_.width;
  const Axes& size = problem_.input;
  Axes begin, first, present;  // the strip in the input; what of the strip lies in the input
  std::array<bool, 3> padded;
  for (int a = 0; a < 3; a++) {
    begin[a] = run.start[a] - problem_.padBegin[a] + form(a, run.form[a]).offset;
    first[a] = std::clamp<std::ptrdiff_t>(-begin[a], 0, extents[a]);
    present[a] = std::clamp<std::ptrdiff_t>(size[a] - begin[a], first[a], extents[a]) - first[a];
    padded[a] = present[a] < extents[a];
  }
  const std::array<const LineTransform*, 2> transforms{&inputTransform(0, run.form[0]),
                                                       &inputTransform(1, run.form[1])};
  const int lead = transforms[0]->identity() || (padded[0] && !transforms[1]->identity()) ? 1 : 0;
  float *const near = scratch, *const far = scratch + scratch_;

  const bool identity = transforms[lead]->identity();
  if (read_.inputLayout == Layout::planar || padded[lead] || (identity && (padded[0] || padded[2]))) {
    InputRow row{run.image, begin, extents[2], 0, channelBlock, layer().depth()};
    float* to = near;
    for (std::ptrdiff_t d = 0; d < extents[0]; d++) {
      for (std::ptrdiff_t h = 0; h < extents[1]; h++, to += extents[2] * width) {
        row.at = {begin[0] + d, begin[1] + h, begin[2]};
        loadInputRow(layer(), read_, activations.x, row, to);
      }
    }
    return applyAll({lead, 1 - lead}, transforms, packed(near, extents, width), extents, far, near, width);
  }

  const std::ptrdiff_t plane = run.image * (channels_ / width) + channelBlock;
  const View input = packed(activations.x + plane * volume(size) * width, size, width);
  Axes from;
  for (int a = 0; a < 3; a++) from[a] = begin[a] + first[a];
  if (identity) return {input.at + offset(input, from), input.stride};
  extents[lead] = transforms[lead]->rows();
  present[lead] = extents[lead];
  first[lead] = 0;
  const View strip = packed(far, extents, width);
  clearAround(far, extents, first, present, width);
  applyAlong(lead, *transforms[lead], {input.at + offset(input, from), input.stride}, far + offset(strip, first),
             strip.stride, present);
  return applyAll({1 - lead}, transforms, strip, extents, near, far, width);
}

void WinogradPlan::transformInput(const Activations& activations, const TileBlock& block, const Run& run,
                                  std::ptrdiff_t channelBlock, float* u, float* scratch) const {
  const std::ptrdiff_t width = kernels_.width;
  Axes extents;
  for (int a = 0; a < 3; a++) extents[a] = form(a, run.form[a]).inputs;
  const std::ptrdiff_t step = form(2, run.form[2]).outputs;
  extents[2] += (run.count - 1) * step;
  const View strip = transformOuterAxes(activations, run, channelBlock, extents, scratch);

  const LineTransform& transform = inputTransform(2, run.form[2]);
  const Axes planes{products_[1] * products_[2] * uPlane_, products_[2] * uPlane_, uPlane_};
  for (std::ptrdiff_t j = 0, end; j < run.count; j = end) {
    const Band& band = block.bandOf[static_cast<std::size_t>(run.first + j)];
    const std::ptrdiff_t row = run.first + j - band.first;
    end = std::min(run.count, j + band.tiles - row);
    float* to = u + band.first * channels_ + (channelBlock * band.tiles + row) * width;
    applyAlong(2, transform, {strip.at + j * step * width, strip.stride}, to, planes, extents,
               {end - j, step * width, width});
  }
}

}  // namespace winograd
