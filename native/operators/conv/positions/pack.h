#pragma once

#include <memory>

#include "operators/conv/transform/tiling.h"
#include "operators/kernel.h"

namespace winograd {

/// Floats of packed weights. Throws std::overflow_error.
std::size_t packedPositionsFloats(const Filters& filters, const KernelTransforms& transforms,
                                  const KernelTable& kernels);

/// The kernel that transforms and packs weights: [group][tile of kernels][vector of positions][channel][kernel of the
/// tile][position].
std::unique_ptr<Kernel> packPositions(const Filters& filters, const KernelTransforms& transforms,
                                      const KernelTable& kernels, int threads);

}  // namespace winograd
