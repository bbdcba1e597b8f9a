#pragma once

#include <string>

#include "kernels/kernels.h"
#include "operators/kernel.h"

namespace winograd {

/// Reduce: sums and the like over axes, computed in double precision. { isa, threads, layout, shape: Int32Array, axes:
/// Int32Array, operation: 'Mean' | 'Sum' | 'Max' | 'Min' | 'Prod' | 'L1' | 'L2' | 'SumSquare' | 'LogSum' }. The result
/// has the layout of the input, with 1 for the axes; the axis of channels of a blocked tensor is not reduced. With {
/// inputs:
/// [{ layout, shape }, …], formula } (see Elementwise) it reduces what the formula makes of them, of the shape, over
/// the innermost axes at least; each input is as large as the shape or has a number for each channel.
extern const Operator kReduce;

/// The accumulation of that name.
const Accumulation& findAccumulation(const KernelTable& kernels, const std::string& name);

}  // namespace winograd
