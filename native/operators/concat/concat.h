#pragma once

#include "operators/kernel.h"

namespace winograd {

/// Inputs side by side: for each of `outer` rows, `runs[i]` floats of input i after those of the inputs before. Planar
/// tensors along any axis, blocked ones along spatial axes, and along channels where all but the last input have whole
/// vectors of them, are such rows.
/// Description: { threads, outer, runs: Int32Array }.
extern const Operator kConcat;

/// One input as it lies. Description: { threads, bytes }, whole floats.
extern const Operator kCopy;

}  // namespace winograd
