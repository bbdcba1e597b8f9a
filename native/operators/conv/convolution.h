#pragma once

#include "operators/kernel.h"

namespace winograd {

/// y = activation(x * weights + bias + residual), a cross-correlation as in PyTorch. Inputs: x, the weights as the
/// other operator packs them for the same description, bias, residual; output: y. A description is `{ problem, schedule
/// }` as src/native/addon.ts has them: geometry and types, and every decision.
extern const Operator kConvolution;

/// Weights, O x I/groups x kernel in float32, in the form that the schedule's algorithm reads.
extern const Operator kPackConvolutionWeights;

}  // namespace winograd
