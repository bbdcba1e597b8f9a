#pragma once

#include <memory>

#include "operators/conv/common/problem.h"
#include "operators/kernel.h"

namespace winograd {

/// Floats of packed weights. Throws std::overflow_error.
std::size_t packedDirectFloats(const Filters& filters, const KernelTable& kernels);

/// The kernel that packs weights: [group][panel][segment][channel of the segment][panel's channels]; a segment is one
/// tap of one channel block, taps innermost.
std::unique_ptr<Kernel> packDirect(const Filters& filters, const KernelTable& kernels, int threads);

}  // namespace winograd
