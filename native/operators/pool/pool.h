#pragma once

#include "operators/kernel.h"

namespace winograd {

/// The largest value or the mean of windows over one to three spatial axes, of planar activations or blocked ones.
/// Description: { isa, threads, kind: 'maximum' | 'average', planes, lanes, and Int32Arrays of three axes each: input,
/// output, kernel, stride, dilation, padBegin, padEnd; countsPadding }. Planes are those of channels (1 lane) or of
/// vectors of channels (as many lanes). Padding is never the largest value; it counts as zeros in a mean if
/// `countsPadding`, else not at all. A window may reach beyond the padding at the end: what lies there never counts.
/// Every window has to meet the input. A NaN makes the windows that see it NaN.
extern const Operator kPool;

/// The gradient of its input, from that of its result and, for maxima, the input: described alike, `isa` left out.
extern const Operator kPoolGradient;

}  // namespace winograd
