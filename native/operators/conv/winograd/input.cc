#include "operators/conv/winograd/input.h"

#include <algorithm>
#include <cstring>

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

InputTransform::InputTransform(const Pixels& input, const Axes& padding, const Axes& folded, const Tilings& tilings,
                               const TransformedInput& to, std::ptrdiff_t slice, std::ptrdiff_t strip)
    : input_(input),
      padding_(padding),
      folded_(folded),
      tilings_(tilings),
      transforms_(inputTransforms(*input.kernels, tilings)),
      to_(to),
      slice_(slice),
      strip_(strip) {}

InputSource InputTransform::whole(const float* x) const {
  const std::ptrdiff_t depth = input_.extents[0];
  return {x, input_.layout, 0, to_.channels / input_.kernels->width * depth, depth};
}

Axes InputTransform::inputsOf(const TileRun& run) const {
  Axes extents;
  for (std::size_t a = 0; a < 3; a++) extents[a] = form(a, run.form[a]).inputs;
  extents[2] += (run.count - 1) * tilings_[2].step(run.form[2]);
  return extents;
}

// The run's strip of inputs, transformed along one of the outer axes for all its tiles at once: neighbours share
// columns. Blocked inputs are read where they lie: padding along one axis stays zero under the transform of another, so
// only padding along the axis that comes first has to be put into a copy.
InputTransform::Strip InputTransform::readStrip(const InputSource& source, const TileRun& run,
                                                std::ptrdiff_t channelBlock, float* scratch) const {
  const std::ptrdiff_t width = input_.kernels->width;
  const Axes& size = input_.extents;
  Axes extents = inputsOf(run), begin, first, present;  // the strip in the input; what of the strip lies in the input
  std::array<bool, 3> padded;
  for (std::size_t a = 0; a < 3; a++) {
    begin[a] = run.start[a] * tilings_[a].stride - padding_[a] + form(a, run.form[a]).offset;
    first[a] = std::clamp<std::ptrdiff_t>(-begin[a], 0, extents[a]);
    present[a] = std::clamp<std::ptrdiff_t>(size[a] - begin[a], first[a], extents[a]) - first[a];
    padded[a] = present[a] < extents[a];
  }
  const bool flat = transform(0, run).identity(), line = transform(1, run).identity();
  const int axis = flat || (padded[0] && !line) ? 1 : 0;
  const LineTransform& transform = this->transform(axis, run);
  const bool identity = transform.identity();
  const View whole = packed(scratch, extents, width);

  View from = whole;
  bool copied = true;
  if (source.layout == Layout::planar) {
    InputRow row{run.image, begin, extents[2], 0, channelBlock, input_.channels * volume(folded_), 1, 1, folded_};
    float* at = scratch;
    for (std::ptrdiff_t d = 0; d < extents[0]; d++) {
      for (std::ptrdiff_t h = 0; h < extents[1]; h++, at += extents[2] * width) {
        row.at = {begin[0] + d, begin[1] + h, begin[2]};
        loadInputRow(input_, source.x, row, at);
      }
    }
  } else {
    const std::ptrdiff_t plane =
        run.image * source.imagePlanes + channelBlock * source.channelPlanes + begin[0] + first[0] - source.firstPlane;
    const std::ptrdiff_t pixel = (plane * size[1] + begin[1] + first[1]) * size[2] + begin[2] + first[2];
    from = packed(source.x + pixel * width, size, width);
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
  float* const to = scratch + strip_;
  const View strip = packed(to, extents, width);
  clearAround(to, extents, first, present, width);
  applyAlong(axis, transform, from, to + offset(strip, first), strip.stride, present);
  return {strip, extents, axis};
}

// The strip comes from memory and goes to the second level of cache, in long rows. The other two axes follow slice by
// slice of it, a few tiles at once, so that what is between them stays in the first level.
void InputTransform::run(const InputSource& source, const TileBlock& block, const TileRun& run,
                         std::ptrdiff_t channelBlock, float* u, float* scratch) const {
  const std::ptrdiff_t width = input_.kernels->width;
  const Strip strip = readStrip(source, run, channelBlock, scratch);
  const int across = strip.axis, along = 1 - across;
  const LineTransform &outer = transform(along, run), &last = transform(2, run);
  const Form& lastForm = form(2, run.form[2]);
  const std::ptrdiff_t step = tilings_[2].step(run.form[2]);
  const Axes planes{to_.products[1] * to_.products[2] * to_.plane, to_.products[2] * to_.plane, to_.plane};
  const std::ptrdiff_t most =
      outer.identity() ? run.count : tilesAtOnce(slice_, outer.rows() * step * width, run.count);

  for (std::ptrdiff_t j = 0, end; j < run.count; j = end) {
    const Band& band = block.bandOf[static_cast<std::size_t>(run.first + j)];
    const std::ptrdiff_t row = run.first + j - band.first;
    end = std::min({run.count, j + band.tiles - row, j + most});
    float* to = u + band.first * to_.channels + (channelBlock * band.tiles + row) * width;
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
