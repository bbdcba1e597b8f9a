#pragma once

#include "line_transform.h"
#include "problem.h"

namespace winograd {

/// Vectors in three dimensions; strides in floats.
struct View {
  const float* at;
  Axes stride;
};

/// The view of vectors that lie side by side, last axis innermost.
inline View packed(const float* at, const Axes& extents, std::ptrdiff_t width) {
  return {at, {extents[1] * extents[2] * width, extents[2] * width, width}};
}

/// Floats from the first vector of a view to the one at `index`.
inline std::ptrdiff_t offset(const View& view, const Axes& index) {
  return index[0] * view.stride[0] + index[1] * view.stride[1] + index[2] * view.stride[2];
}

/// The n-mode product along `axis` for `tiles` tiles; `extents` counts the lines of one along the other two axes.
inline void applyAlong(int axis, const LineTransform& transform, const View& in, float* out, const Axes& outStride,
                       const Axes& extents, const LineLoop& tiles) {
  const int outer = axis == 0 ? 1 : 0, inner = axis == 2 ? 1 : 2;
  transform.run({in.at,
                 in.stride[axis],
                 out,
                 outStride[axis],
                 {tiles,
                  {extents[inner], in.stride[inner], outStride[inner]},
                  {extents[outer], in.stride[outer], outStride[outer]}}});
}

/// The same for one strip, whose lines are the innermost loop.
inline void applyAlong(int axis, const LineTransform& transform, const View& in, float* out, const Axes& outStride,
                       const Axes& extents) {
  const int outer = axis == 0 ? 1 : 0, inner = axis == 2 ? 1 : 2;
  transform.run({in.at,
                 in.stride[axis],
                 out,
                 outStride[axis],
                 {{extents[inner], in.stride[inner], outStride[inner]},
                  {extents[outer], in.stride[outer], outStride[outer]},
                  {1, 0, 0}}});
}

/// Transforms a packed strip along the given axes, between two buffers; `strip` lies anywhere but in `next`. Axes whose
/// transform is the identity are skipped. Returns the strip's new view and leaves its extents in `extents`.
template <class Transforms>
View applyAll(std::initializer_list<int> axes, const Transforms& transforms, View strip, Axes& extents, float* next,
              float* current, std::ptrdiff_t width) {
  for (const int a : axes) {
    const LineTransform& transform = *transforms[static_cast<std::size_t>(a)];
    if (transform.identity()) continue;
    Axes after = extents;
    after[static_cast<std::size_t>(a)] = transform.rows();
    const View out = packed(next, after, width);
    applyAlong(a, transform, strip, next, out.stride, extents);
    strip = out;
    extents = after;
    std::swap(current, next);
  }
  return strip;
}

}  // namespace winograd
