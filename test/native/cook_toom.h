#pragma once

#include "operators/conv/transform/tiling.h"

/// The tests' own Cook-Toom algorithms, whose matrices are integers.
namespace cook_toom {

/// What a result is too large by, for each axis.
constexpr double kScale = 24;

/// `products` x `length`: polynomials of that many coefficients at the points.
std::vector<double> evaluations(int products, int length);

/// F(outputs, taps), which takes the first products of any with the same taps.
winograd::Form form(int outputs, int taps);

/// F(2, 3) for two inputs between paddings of one: the columns of B that meet the paddings are gone.
winograd::Form shortForm();

/// Any correlation at a stride by its definition: a product for each output and tap, whose kernels are `repeated`.
winograd::Form plainForm(int outputs, int taps, int stride);
std::vector<double> repeated(int outputs, int taps);

/// F(1, 1), for an axis that is not convolved.
winograd::Form identity();

}  // namespace cook_toom
