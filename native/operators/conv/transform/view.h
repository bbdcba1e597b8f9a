#pragma once

#include "operators/conv/common/problem.h"
#include "operators/conv/transform/line_transform.h"

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

}  // namespace winograd
