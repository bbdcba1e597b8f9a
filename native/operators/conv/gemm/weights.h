#pragma once

#include "operators/conv/common/kernel.h"

namespace winograd {

/// Rows of matrices this many floats apart fall into few sets of the first level of cache.
constexpr std::ptrdiff_t kAliasedFloats = 256;

/// Floats between rows of packed weights of so many.
constexpr std::ptrdiff_t weightStep(std::ptrdiff_t floats) {
  const std::ptrdiff_t step = roundUp(floats, kLineFloats);
  return step % kAliasedFloats == 0 ? step + kLineFloats : step;
}

}  // namespace winograd
