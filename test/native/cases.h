#pragma once

#include <random>
#include <vector>

#include "case.h"

/// Any problem that the algorithm takes, in any layouts that it takes, by any schedule that it can obey.
Case randomCase(const winograd::KernelTable& kernels, const std::string& algorithm, std::mt19937& generator);

/// Winograd on rows of many tiles, which the stages take in pieces, some so large that they are stored past the caches.
std::vector<Case> longCases(const winograd::KernelTable& kernels);

/// Direct convolutions that are large enough for several pieces, or take a way of their own.
std::vector<Case> directCases(const winograd::KernelTable& kernels);
