#include "operators/pool/windows.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kMostTaps = 1 << 20;  // of an axis
constexpr const char* kKinds[] = {"maximum", "average"};

}  // namespace

std::array<WindowAxis, 3> readWindows(const Value& description) {
  std::array<WindowAxis, 3> axes;
  const auto read = [&](const char* name, std::ptrdiff_t WindowAxis::*member, std::ptrdiff_t least,
                        std::ptrdiff_t most) {
    const std::vector<std::ptrdiff_t> sizes = describe::sizes(description[name], 3, least, most);
    for (std::size_t a = 0; a < 3; a++) axes[a].*member = sizes[a];
  };
  read("input", &WindowAxis::input, 1, describe::kMaxElements);
  read("output", &WindowAxis::output, 1, describe::kMaxElements);
  read("kernel", &WindowAxis::kernel, 1, kMostTaps);
  read("stride", &WindowAxis::stride, 1, kMostTaps);
  read("dilation", &WindowAxis::dilation, 1, kMostTaps);
  read("padBegin", &WindowAxis::padBegin, 0, kMostTaps);
  read("padEnd", &WindowAxis::padEnd, 0, kMostTaps);
  if (axes[0].kernel * axes[1].kernel > kMostTaps) description["kernel"].refuse("of fewer taps");
  for (const WindowAxis& axis : axes) {
    for (std::ptrdiff_t x = 0; x < axis.output; x++) {
      if (axis.firstTap(x) >= axis.endTap(x)) description["output"].refuse("as long as windows meet the input");
    }
  }
  return axes;
}

bool averages(const Value& description) {
  return describe::choice(description["kind"], kKinds) == 1;
}

}  // namespace winograd
