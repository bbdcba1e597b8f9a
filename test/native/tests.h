#pragma once

#include "kernels/kernels.h"

/// One function for each file of tests; those of kernels run on one table.

/// Convolutions against the reference, on integers.
int testConvolutions(const winograd::KernelTable& kernels, int rounds);
/// Gradients of weights and inputs against their definition, on integers.
void testGradients(const winograd::KernelTable& kernels, int rounds);
/// Winograd's stages, each alone.
void testStages(const winograd::KernelTable& kernels);
/// Rounding of packed weights.
void testRounding(const winograd::KernelTable& kernels);
/// Activations of numbers, infinities and what is none, on every way to a result.
void testActivations(const winograd::KernelTable& kernels);
/// Bits that do not depend on layouts.
void testOrderOfSums(const winograd::KernelTable& kernels);
/// Descriptions that the engine refuses.
void testRefusals();
/// Descriptions as values.
void testValues();
/// Blocks of memory and their pool.
void testMemory();
/// The thread pool.
void testPool();
/// Runs that are cancelled.
void testCancelling();
