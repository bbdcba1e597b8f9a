#pragma once

#include "operators/elementwise/broadcast.h"
#include "operators/kernel.h"

namespace winograd {

/// Elementwise: a formula of inputs that are broadcast to one result, which may overwrite any input of its size.
/// { isa, threads, layout: 'planar' | 'blocked', shape: Int32Array, inputs: [{ layout, shape: Int32Array }, …] with as
/// many axes, formula (see FormulaParts), streamed: whether the result is stored past the caches (default false) }
extern const Operator kElementwise;

/// `layout` and `shape` of a description, at most kMaxAxes sizes.
constexpr std::size_t kMaxAxes = 8;
TensorShape readShape(const Value& description);
/// A list of them, for a formula.
constexpr std::size_t kMaxElementwiseInputs = 64;
std::vector<TensorShape> readInputs(const Value& list);

}  // namespace winograd
