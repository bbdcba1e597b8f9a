// From the input to U: the stage D ×ₙ Bₙ of a pass (winograd.h).

#include <algorithm>

#include "../runtime/memory.h"
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

// Whether strips, which overlap and begin anew in every row, transpose so many more blocks of planar inputs than a
// blocked copy of them all that the copy pays.
bool WinogradPlan::readsOften() const {
  constexpr double often = 1.5;
  if (problem_.inputLayout == Layout::blocked || volume(layer().folded()) > 1) return false;
  std::ptrdiff_t transposes = 0;
  for (const TileBlock& block : blocks_) {
    for (const Run& run : block.runs) {
      const Axes extents = inputsOf(run);
      transposes += extents[0] * extents[1] * divideUp(extents[2], kernels_.width);
    }
  }
  const std::ptrdiff_t planes = problem_.batch * problem_.input[0];
  const std::ptrdiff_t pixels = problem_.input[1] * problem_.input[2];
  return transposes > often * static_cast<double>(planes * divideUp(pixels, kernels_.width));
}

// Inputs of a run's tiles along each axis.
Axes WinogradPlan::inputsOf(const Run& run) const {
  Axes extents;
  for (int a = 0; a < 3; a++) extents[a] = form(a, run.form[a]).inputs;
  extents[2] += (run.count - 1) * form(2, run.form[2]).outputs;
  return extents;
}

void WinogradPlan::reshuffle(const float* x, float* to) const {
  const std::ptrdiff_t width = kernels_.width, blocks = channels_ / width;
  const Axes& size = problem_.input;
  const std::ptrdiff_t pixels = size[1] * size[2];
  Problem flat = problem_;  // whose rows are whole planes
  flat.input = {size[0], 1, pixels};
  const bool streamed = streams(static_cast<std::size_t>(problem_.batch * channels_ * volume(size)));
  ThreadPool::shared().forEach(problem_.batch * blocks * size[0], problem_.threads, [&](std::ptrdiff_t item, int) {
    const std::ptrdiff_t plane = item / size[0], depth = item % size[0];
    InputRow row{plane / blocks, {depth, 0, 0}, pixels, 0, plane % blocks, layer().depth()};
    row.streamed = streamed;
    loadInputRow(layer(), flat, x, row, to + item * pixels * width);
    if (streamed) drainStores();
  });
}

// The run's strip of inputs, transformed along one of the outer axes for all its tiles at once: neighbours share
// columns. Blocked inputs are read where they lie: padding along one axis stays zero under the transform of another, so
// only padding along the axis that comes first has to be put into a copy.
WinogradPlan::Strip WinogradPlan::readStrip(const Activations& activations, const Run& run, std::ptrdiff_t channelBlock,
                                            float* scratch) const {
  const std::ptrdiff_t width = kernels_.width;
  const Axes& size = problem_.input;
  Axes extents = inputsOf(run), begin, first, present;  // the strip in the input; what of the strip lies in the input
  std::array<bool, 3> padded;
  for (int a = 0; a < 3; a++) {
    begin[a] = run.start[a] - problem_.padBegin[a] + form(a, run.form[a]).offset;
    first[a] = std::clamp<std::ptrdiff_t>(-begin[a], 0, extents[a]);
    present[a] = std::clamp<std::ptrdiff_t>(size[a] - begin[a], first[a], extents[a]) - first[a];
    padded[a] = present[a] < extents[a];
  }
  const bool flat = inputTransform(0, run.form[0]).identity(), line = inputTransform(1, run.form[1]).identity();
  const int axis = flat || (padded[0] && !line) ? 1 : 0;
  const LineTransform& transform = inputTransform(axis, run.form[axis]);
  const bool identity = transform.identity();
  float* const to = scratch + scratch_;

  if (read_.inputLayout == Layout::planar || padded[axis] || (identity && (padded[0] || padded[2]))) {
    InputRow row{run.image, begin, extents[2], 0, channelBlock, layer().depth()};
    float* at = scratch;
    for (std::ptrdiff_t d = 0; d < extents[0]; d++) {
      for (std::ptrdiff_t h = 0; h < extents[1]; h++, at += extents[2] * width) {
        row.at = {begin[0] + d, begin[1] + h, begin[2]};
        loadInputRow(layer(), read_, activations.x, row, at);
      }
    }
    const View copy = packed(scratch, extents, width);
    if (identity) return {copy, extents, axis};
    Axes after = extents;
    after[axis] = transform.rows();
    const View strip = packed(to, after, width);
    applyAlong(axis, transform, copy, to, strip.stride, extents);
    return {strip, after, axis};
  }

  const std::ptrdiff_t plane = run.image * (channels_ / width) + channelBlock;
  const View input = packed(activations.x + plane * volume(size) * width, size, width);
  Axes from;
  for (int a = 0; a < 3; a++) from[a] = begin[a] + first[a];
  const View inside{input.at + offset(input, from), input.stride};
  if (identity) return {inside, extents, axis};
  extents[axis] = transform.rows();
  present[axis] = extents[axis];
  first[axis] = 0;
  const View strip = packed(to, extents, width);
  clearAround(to, extents, first, present, width);
  applyAlong(axis, transform, inside, to + offset(strip, first), strip.stride, present);
  return {strip, extents, axis};
}

// The strip comes from memory and goes to the second level of cache, in long rows. The other two axes follow slice by
// slice of it, a few tiles at once, so that what is between them stays in the first level.
void WinogradPlan::transformInput(const Activations& activations, const TileBlock& block, const Run& run,
                                  std::ptrdiff_t channelBlock, float* u, float* scratch) const {
  const std::ptrdiff_t width = kernels_.width;
  const Strip strip = readStrip(activations, run, channelBlock, scratch);
  const int across = strip.axis, along = 1 - across;
  const LineTransform &outer = inputTransform(along, run.form[along]), &last = inputTransform(2, run.form[2]);
  const Form& lastForm = form(2, run.form[2]);
  const std::ptrdiff_t step = lastForm.outputs;
  const Axes planes{products_[1] * products_[2] * uPlane_, products_[2] * uPlane_, uPlane_};
  const std::ptrdiff_t most = outer.identity() ? run.count : tilesAtOnce(outer.rows() * step, run.count);

  for (std::ptrdiff_t j = 0, end; j < run.count; j = end) {
    const Band& band = block.bandOf[static_cast<std::size_t>(run.first + j)];
    const std::ptrdiff_t row = run.first + j - band.first;
    end = std::min({run.count, j + band.tiles - row, j + most});
    float* to = u + band.first * channels_ + (channelBlock * band.tiles + row) * width;
    const LineLoop tiles{end - j, step * width, width};
    View from{strip.view.at + j * step * width, strip.view.stride};
    if (outer.identity()) {
      applyAlong(2, last, from, to, planes, strip.extents, tiles);
      continue;
    }
    Axes before = strip.extents;
    before[across] = 1;
    before[2] = (end - j - 1) * step + lastForm.inputs;
    Axes after = before;
    after[along] = outer.rows();
    const View slice = packed(scratch, after, width);
    for (std::ptrdiff_t i = 0; i < strip.extents[across]; i++) {
      applyAlong(along, outer, from, scratch, slice.stride, before);
      applyAlong(2, last, slice, to, planes, after, tiles);
      from.at += from.stride[across];
      to += planes[across];
    }
  }
}

}  // namespace winograd
