#include "operators/gather/axes.h"

#include <algorithm>
#include <limits>

#include "operators/common/describe.h"

namespace winograd {
namespace {

constexpr std::size_t kMaxAxes = 32;

GatherAxis readAxis(const Value& value) {
  constexpr std::ptrdiff_t most = describe::kMaxElements;
  GatherAxis axis;
  if (value["table"].missing()) {
    axis.count = value["count"].integer(0, most);
    axis.step = value["step"].integer(-most, most);
  } else {
    axis.table = value["table"].integers();
    axis.count = static_cast<std::ptrdiff_t>(axis.table.size());
    if (axis.table.empty()) value["table"].refuse("an Int32Array that is not empty");
  }
  return axis;
}

struct Reach {
  std::ptrdiff_t least, most;
};

// Of the elements that are not filled; the count is not zero.
Reach reachOf(const GatherAxis& axis) {
  if (axis.affine()) {
    const std::ptrdiff_t last = (axis.count - 1) * axis.step;
    return {std::min<std::ptrdiff_t>(0, last), std::max<std::ptrdiff_t>(0, last)};
  }
  Reach reach{std::numeric_limits<std::int32_t>::max(), 0};
  for (const std::int32_t offset : axis.table) {
    if (offset < 0) continue;
    reach.least = std::min<std::ptrdiff_t>(reach.least, offset);
    reach.most = std::max<std::ptrdiff_t>(reach.most, offset);
  }
  return {std::min(reach.least, reach.most), reach.most};
}

}  // namespace

std::ptrdiff_t GatherAxes::outputs() const {
  std::vector<std::ptrdiff_t> counts;
  for (const GatherAxis& axis : axes) counts.push_back(axis.count);
  return describe::elements(counts);
}

GatherAxes readGatherAxes(const Value& description) {
  constexpr std::ptrdiff_t most = describe::kMaxElements;
  GatherAxes result{description["inputs"].integer(0, most), description["base"].integer(0, most), {}};
  const Value::Array& axes = description["axes"].array();
  if (axes.size() > kMaxAxes) description["axes"].refuse("an array of at most 32 axes");
  for (const Value& axis : axes) result.axes.push_back(readAxis(axis));
  if (result.outputs() == 0) return result;
  // An axis may be filled in full; the others then still have to fit, which is stricter than need be. Each term is
  // below 2^62 and, as the axes' counts are checked, few of them are beyond 2^31.
  std::ptrdiff_t least = result.base, last = result.base;
  for (const GatherAxis& axis : result.axes) {
    const Reach reach = reachOf(axis);
    if (reach.least < -most || reach.most > most) description["axes"].refuse("offsets within the input");
    least += reach.least;
    last += reach.most;
  }
  const bool nothing = std::any_of(result.axes.begin(), result.axes.end(), [](const GatherAxis& axis) {
    return !axis.affine() && std::all_of(axis.table.begin(), axis.table.end(), [](std::int32_t at) { return at < 0; });
  });
  if (!nothing && (least < 0 || last >= result.inputs)) description["axes"].refuse("offsets within the input");
  return result;
}

GatherWalk::GatherWalk(const std::vector<GatherAxis>& axes, std::ptrdiff_t base, std::ptrdiff_t first)
    : axes_(axes), at_(axes.size()), offset_(base) {
  for (std::size_t axis = axes.size(); axis-- > 0; first /= axes[axis].count) {
    at_[axis] = first % axes[axis].count;
    add(axis);
  }
}

void GatherWalk::add(std::size_t axis) {
  if (axes_[axis].filled(at_[axis])) {
    filled_++;
  } else {
    offset_ += axes_[axis].offset(at_[axis]);
  }
}

void GatherWalk::remove(std::size_t axis) {
  if (axes_[axis].filled(at_[axis])) {
    filled_--;
  } else {
    offset_ -= axes_[axis].offset(at_[axis]);
  }
}

void GatherWalk::next() {
  for (std::size_t axis = axes_.size(); axis-- > 0;) {
    remove(axis);
    const bool wrapped = ++at_[axis] == axes_[axis].count;
    if (wrapped) at_[axis] = 0;
    add(axis);
    if (!wrapped) return;
  }
}

}  // namespace winograd
