#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace winograd {

class Value;

/// One axis of a result: where its elements come from. Either affine, i * step, or a table of offsets of which a
/// negative one stands for the fill value.
struct GatherAxis {
  std::ptrdiff_t count = 1, step = 0;
  std::vector<std::int32_t> table;  // empty: affine

  bool affine() const { return table.empty(); }
  /// For elements that are not filled.
  std::ptrdiff_t offset(std::ptrdiff_t i) const { return affine() ? i * step : table[static_cast<std::size_t>(i)]; }
  bool filled(std::ptrdiff_t i) const { return !affine() && table[static_cast<std::size_t>(i)] < 0; }
};

/// Axes of a result, slowest first: out[i0, i1, …] = in[base + offset0(i0) + offset1(i1) + …].
struct GatherAxes {
  std::ptrdiff_t inputs;  // elements of the input
  std::ptrdiff_t base;
  std::vector<GatherAxis> axes;

  /// Elements of the result.
  std::ptrdiff_t outputs() const;
};

/// From { inputs, base, axes: [{ count, step } | { table: Int32Array }, …] }. Throws std::invalid_argument where an
/// element would lie outside the input.
GatherAxes readGatherAxes(const Value& description);

/// Goes through the elements of some axes in order, the last one fastest.
class GatherWalk {
 public:
  GatherWalk(const std::vector<GatherAxis>& axes, std::ptrdiff_t base, std::ptrdiff_t first);

  /// Where the element comes from, unless it is filled.
  std::ptrdiff_t offset() const { return offset_; }
  bool filled() const { return filled_ > 0; }
  void next();

 private:
  void add(std::size_t axis);
  void remove(std::size_t axis);

  const std::vector<GatherAxis>& axes_;
  std::vector<std::ptrdiff_t> at_;
  std::ptrdiff_t offset_;
  int filled_ = 0;  // axes that say so
};

}  // namespace winograd
