#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "operators/common/describe.h"
#include "runtime/memory.h"

namespace winograd {

/// Windows of a pooling along one axis.
struct WindowAxis {
  std::ptrdiff_t input, output, kernel, stride, dilation, padBegin, padEnd;

  std::ptrdiff_t start(std::ptrdiff_t x) const { return x * stride - padBegin; }
  // Taps of a window that begins at `start` which lie before `end`.
  std::ptrdiff_t tapsBefore(std::ptrdiff_t start, std::ptrdiff_t end) const {
    return std::clamp<std::ptrdiff_t>(divideUp(std::max<std::ptrdiff_t>(0, end - start), dilation), 0, kernel);
  }
  std::ptrdiff_t firstTap(std::ptrdiff_t x) const { return tapsBefore(start(x), 0); }
  std::ptrdiff_t endTap(std::ptrdiff_t x) const { return tapsBefore(start(x), input); }
  // What a mean divides by, along this axis.
  std::ptrdiff_t counted(std::ptrdiff_t x, bool countsPadding) const {
    return countsPadding ? tapsBefore(start(x), input + padEnd) : endTap(x) - firstTap(x);
  }
};

/// { input, output, kernel, stride, dilation, padBegin, padEnd }, three sizes each. Throws std::invalid_argument for a
/// window that does not meet the input.
std::array<WindowAxis, 3> readWindows(const Value& description);
/// Whether `kind` is average and not maximum.
bool averages(const Value& description);

}  // namespace winograd
