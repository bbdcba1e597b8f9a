#pragma once

#include "operators/kernel.h"

namespace winograd {

/// Interpolation along one axis: out[o][j][i] = Σ_tap weights[tap][j] * in[o][indices[tap][j]][i].
/// Description: { isa, threads, outer, inputs, outputs, inner, taps, indices: Int32Array, weights: Float32Array }, both
/// of taps × outputs. Blocked activations have their vectors among the inner elements.
extern const Operator kResample;

}  // namespace winograd
