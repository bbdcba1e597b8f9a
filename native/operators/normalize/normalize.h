#pragma once

#include "operators/kernel.h"

namespace winograd {

/// GroupNormalization: (x - mean) / sqrt(variance + epsilon) * scale + bias over the pixels of groups of channels, then
/// a formula. { isa, threads, layout, shape: Int32Array (N x C x spatial), groups, epsilon, inputs: how many, formula
/// }. Inputs: x, scale and bias (of C; either may be left out: `scale` and `bias` of the description say whether they
/// are there), then what else the formula reads, of the shape and layout of x. Instance normalization has as many
/// groups as channels. The result may overwrite x and what the formula reads.
extern const Operator kGroupNormalization;

/// LayerNormalization: the same over rows. { isa, threads, rows, length, epsilon, scale, bias, inputs, formula }, scale
/// and bias of one row.
extern const Operator kLayerNormalization;

}  // namespace winograd
