#pragma once

#include <memory>

#include "operators/conv/winograd/schedule.h"
#include "operators/kernel.h"

namespace winograd {

/// Floats of packed weights. Throws std::overflow_error.
std::size_t packedWinogradFloats(const Filters& filters, const WinogradWeights& weights, const KernelTable& kernels);

/// The kernel that transforms and packs weights: [panel][product of three axes][input channel][panel's channels],
/// rounded once, to the weights' format.
std::unique_ptr<Kernel> packWinograd(const Filters& filters, const WinogradWeights& weights, const KernelTable& kernels,
                                     int threads);

}  // namespace winograd
