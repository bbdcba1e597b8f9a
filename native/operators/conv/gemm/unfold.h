#pragma once

#include "operators/kernel.h"

namespace winograd {

/// The unfolded input as a matrix of its own, N x (C * taps) x outputs of N x C x inputs, planar; and the way back,
/// which adds what comes from one input (Barrachina et al. 2023, figures 2 and 4). Description: { isa, threads,
/// problem: that of a convolution of one group }.
extern const Operator kIm2Col, kCol2Im;

}  // namespace winograd
