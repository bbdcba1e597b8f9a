#pragma once

#include "operators/kernel.h"

namespace winograd {

/// Changes the layout of activations, N×C×pixels ↔ N×⌈C/width⌉×pixels×width; lanes without a channel become zero.
/// Description: { isa, threads, to: 'planar' | 'blocked', batch, channels, pixels }.
extern const Operator kReorder;

}  // namespace winograd
