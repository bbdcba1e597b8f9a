#pragma once

#include <functional>
#include <memory>

#include "operators/conv/common/problem.h"
#include "operators/kernel.h"

namespace winograd {

/// Writes the weights, O x I/groups x kernel, to memory that is filled with zeros.
using Pack = std::function<void(const float* weights, float* packed, const Run& run)>;

/// A kernel that packs weights. Throws std::overflow_error.
std::unique_ptr<Kernel> makePacking(const Filters& filters, std::size_t packedFloats, int threads, Pack pack);

}  // namespace winograd
