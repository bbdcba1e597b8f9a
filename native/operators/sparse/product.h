#pragma once

#include "operators/kernel.h"

namespace winograd {

/// A sparse matrix by a dense one: C = S B, m × k by k × n. Description: { isa, threads, m, n, k, nonZeros, accumulates
/// }. Inputs: values, column indices (int32) and row pointers (int32, m + 1) of S in compressed sparse rows, any order
/// within a row; B. Indices that are none of S's are refused when it runs. Where it accumulates, C is added to.
extern const Operator kSparseProduct;

}  // namespace winograd
