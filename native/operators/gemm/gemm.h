#pragma once

#include "operators/kernel.h"

namespace winograd {

/// Products of matrices: C[i] = activation(alpha * A[a[i]] B[b[i]] + beta * bias), m × k by k × n.
/// Description: { isa, threads, m, n, k, matrices: { a, b }, a, b: Int32Arrays of as many indices as there are results,
/// transposeA, transposeB, alpha, beta, packed, packA, rowBlock, columnBlock, sumBlock, shared, strides?: { a?, b?, c?
/// }, accumulates?, wake?, biasStrides?, activation? }. Inputs: A; B, or what 'pack gemm' made of it with the same n,
/// k, sumBlock (then alpha and transposeB are its business) if `packed`; the bias, left out unless there are
/// `biasStrides`: floats from one row and one column of it to the next, 0 or (n or 1) and 0 or 1. A is m × k, or k × m
/// if transposed; blocks of it are copied if `packA`, as they are when it is transposed. `strides`: floats between the
/// rows of each matrix as it lies, by default its columns. Where it accumulates, beta times what C was is added, and
/// there is no bias. How it runs: BlockedProduct.
extern const Operator kGemm;

}  // namespace winograd
