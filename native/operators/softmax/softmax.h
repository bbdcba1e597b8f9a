#pragma once

#include "operators/kernel.h"

namespace winograd {

/// Softmax: e^x / Σ e^x along an axis of a planar tensor, outer x length x inner; or its logarithm. The largest x is
/// taken away first, so that nothing overflows. { isa, threads, outer, length, inner, logarithm }. In place if wanted.
extern const Operator kSoftmax;

}  // namespace winograd
