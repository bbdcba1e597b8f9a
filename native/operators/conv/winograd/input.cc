// From the input to U: the stage D ×ₙ Bₙ of a pass (winograd.h).

#include <algorithm>
#include <cstring>

#include "operators/conv/winograd/winograd.h"
#include "runtime/threads.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kSlab = 2 << 20;  // floats of a slab's copy: some of the third level of cache

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

// Copies a box of `extents` vectors into a packed strip with these strides.
void copyBox(const View& from, float* to, const Axes& stride, const Axes& extents, std::ptrdiff_t width) {
  for (std::ptrdiff_t d = 0; d < extents[0]; d++) {
    for (std::ptrdiff_t h = 0; h < extents[1]; h++) {
      std::memcpy(to + d * stride[0] + h * stride[1], from.at + d * from.stride[0] + h * from.stride[1],
                  static_cast<std::size_t>(extents[2] * width) * sizeof(float));
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

// Blocks in turn, as long as what they read fits a copy that stays in cache: it never goes to memory.
std::vector<WinogradPlan::Slab> WinogradPlan::slabs() const {
  const std::ptrdiff_t depth = problem_.input[0], plane = problem_.input[1] * problem_.input[2] * channels_;
  std::vector<Slab> slabs;
  for (std::size_t b = 0; b < blocks_.size(); b++) {
    std::ptrdiff_t first = problem_.batch * depth, end = 0;
    for (const Run& run : blocks_[b].runs) {
      const Form& f = form(0, run.form[0]);
      const std::ptrdiff_t begin = run.start[0] - problem_.padBegin[0] + f.offset;
      first = std::min(first, run.image * depth + std::clamp<std::ptrdiff_t>(begin, 0, depth));
      end = std::max(end, run.image * depth + std::clamp<std::ptrdiff_t>(begin + f.inputs, 0, depth));
    }
    if (!slabs.empty()) {
      Slab& last = slabs.back();
      const std::ptrdiff_t low = std::min(last.firstPlane, first), high = std::max(last.endPlane, end);
      if ((high - low) * plane <= kSlab) {
        last = {last.firstBlock, b + 1, low, high};
        continue;
      }
    }
    slabs.push_back({b, b + 1, first, end});
  }
  return slabs;
}

WinogradPlan::Inputs WinogradPlan::copySlab(const float* x, const Slab& slab, float* to) const {
  const std::ptrdiff_t width = kernels_.width, planes = slab.endPlane - slab.firstPlane, depth = problem_.input[0];
  const std::ptrdiff_t pixels = planes_.input[2];
  ThreadPool::shared().forEach(channels_ / width * planes, problem_.threads, [&](std::ptrdiff_t item, int) {
    const std::ptrdiff_t plane = slab.firstPlane + item % planes;
    const InputRow row{plane / depth, {plane % depth, 0, 0}, pixels, 0, item / planes, layer().depth()};
    loadInputRow(layer(), planes_, x, row, to + item * pixels * width);
  });
  return {to, Layout::blocked, slab.firstPlane, depth, planes};
}

// The run's strip of inputs, transformed along one of the outer axes for all its tiles at once: neighbours share
// columns. Blocked inputs are read where they lie: padding along one axis stays zero under the transform of another, so
// only padding along the axis that comes first has to be put into a copy.
WinogradPlan::Strip WinogradPlan::readStrip(const Inputs& inputs, const Run& run, std::ptrdiff_t channelBlock,
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
  const View whole = packed(scratch, extents, width);

  View from = whole;
  bool copied = true;
  if (inputs.layout == Layout::planar) {
    InputRow row{run.image, begin, extents[2], 0, channelBlock, layer().depth()};
    float* at = scratch;
    for (std::ptrdiff_t d = 0; d < extents[0]; d++) {
      for (std::ptrdiff_t h = 0; h < extents[1]; h++, at += extents[2] * width) {
        row.at = {begin[0] + d, begin[1] + h, begin[2]};
        loadInputRow(layer(), problem_, inputs.x, row, at);
      }
    }
  } else {
    const std::ptrdiff_t plane =
        run.image * inputs.imagePlanes + channelBlock * inputs.channelPlanes + begin[0] + first[0] - inputs.firstPlane;
    const std::ptrdiff_t pixel = (plane * size[1] + begin[1] + first[1]) * size[2] + begin[2] + first[2];
    from = packed(inputs.x + pixel * width, size, width);
    copied = padded[axis] || (identity && (padded[0] || padded[2]));
    if (copied) {
      clearAround(scratch, extents, first, present, width);
      copyBox(from, scratch + offset(whole, first), whole.stride, present, width);
      from = whole;
    }
  }
  if (copied) {
    first = {0, 0, 0};
    present = extents;
  }
  if (identity) return {from, extents, axis};
  extents[axis] = present[axis] = transform.rows();
  first[axis] = 0;
  float* const to = scratch + scratch_;
  const View strip = packed(to, extents, width);
  clearAround(to, extents, first, present, width);
  applyAlong(axis, transform, from, to + offset(strip, first), strip.stride, present);
  return {strip, extents, axis};
}

// The strip comes from memory and goes to the second level of cache, in long rows. The other two axes follow slice by
// slice of it, a few tiles at once, so that what is between them stays in the first level.
void WinogradPlan::transformInput(const Inputs& inputs, const TileBlock& block, const Run& run,
                                  std::ptrdiff_t channelBlock, float* u, float* scratch) const {
  const std::ptrdiff_t width = kernels_.width;
  const Strip strip = readStrip(inputs, run, channelBlock, scratch);
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
