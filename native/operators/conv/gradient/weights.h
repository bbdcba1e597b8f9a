#pragma once

#include "operators/kernel.h"

namespace winograd {

/// The gradient of a convolution's weights: inputs x and the gradient of y, both blocked; output planar, outChannels ×
/// inChannels / groups × kernel. { isa, threads, batch, inChannels, outChannels, groups, and for three axes each:
/// input, output, kernel, stride, dilation, padBegin }
extern const Operator kConvolutionWeightsGradient;

}  // namespace winograd
