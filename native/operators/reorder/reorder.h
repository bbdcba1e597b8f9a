#pragma once

#include "operators/kernel.h"

namespace winograd {

/// Changes the layout of activations, N×C×pixels ↔ N×⌈C/width⌉×pixels×width; lanes without a channel become zero.
/// Description: { isa, threads, direction: 'block' | 'unblock', batch, channels, pixels, streamed }; `streamed`: a
/// planar result is stored past the caches.
std::unique_ptr<Kernel> prepareReorder(const Value& description);

}  // namespace winograd
