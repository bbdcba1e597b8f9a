#pragma once

#include "operators/kernel.h"

namespace winograd {

/// All movement of data that is separable over axes: out[i0, i1, …] = in[base + offset0(i0) + offset1(i1) + …], or a
/// fill value where an axis says so. Transposes, slices, padding, repetition, nearest neighbours and depth to space are
/// such; activations in blocked layout have their vectors as the last axis.
/// Description: { isa, threads, inputs, base, fill, axes } (see readGatherAxes). Whoever makes it merges axes that can
/// be one.
extern const Operator kGather;

}  // namespace winograd
