#pragma once

#include "operators/kernel.h"

namespace winograd {

/// LRN, local response normalization: x / (bias + alpha / size * Σ x²)^beta, the sum over `size` channels around the
/// element's, of a planar tensor. { isa, threads, batch, channels, pixels, size, alpha, beta, bias }
extern const Operator kLrn;

}  // namespace winograd
