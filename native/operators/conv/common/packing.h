#pragma once

#include <functional>
#include <memory>

#include "operators/conv/common/problem.h"
#include "operators/kernel.h"

namespace winograd {

/// Packs the weights, O x I/groups x kernel; where it writes a part, into memory that is filled with zeros.
using Pack = std::function<void(const float* weights, float* packed, const Run& run)>;

/// What packing writes: everything, or a part, before which everything becomes zero.
enum class Written { everything, part };

/// A kernel that packs weights. Throws std::overflow_error.
std::unique_ptr<Kernel> makePacking(const Filters& filters, std::size_t packedFloats, int threads, Written written,
                                    Pack pack);

}  // namespace winograd
