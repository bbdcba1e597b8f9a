#pragma once

#include "case.h"

/// The convolution by its definition, in double precision; planar. Bias and residual may be empty.
std::vector<float> reference(const Case& c, const std::vector<float>& x, const std::vector<float>& w,
                             const std::vector<float>& bias, const std::vector<float>& residual);

/// N x C x P to N x C/width x P x width; missing channels are zero.
std::vector<float> blocked(const std::vector<float>& planar, std::ptrdiff_t batch, std::ptrdiff_t channels,
                           std::ptrdiff_t pixels, std::ptrdiff_t width);
