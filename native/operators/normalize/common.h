#pragma once

#include <cstddef>
#include <vector>

#include "kernels/kernels.h"
#include "operators/elementwise/formula.h"
#include "operators/kernel.h"

namespace winograd {

/// What takes mean and variance out of numbers: (x - mean) * factor.
struct Standardization {
  double mean, factor;
};

/// Of `count` numbers with these sums in double precision. Squares of floats are exact there, so that the difference
/// loses digits only where the deviation is some millionths of the mean, as the floats themselves then do.
Standardization standardize(double sum, double squares, std::ptrdiff_t count, double epsilon);

/// Which of its parameters a normalization has, and what follows it.
struct NormalizationParts {
  bool scale, bias;
  double epsilon;
  FormulaParts formula;

  /// `scale`, `bias`, `epsilon`, `inputs`, `formula` of a description. `inputs` counts those of the formula.
  static NormalizationParts read(const Value& description);

  /// x, scale, bias, then what else the formula reads.
  std::vector<std::size_t> inputBytes(std::size_t xBytes, std::size_t parameterBytes) const;
  static constexpr std::size_t kOthers = 3;  // the first of those
  static constexpr int kMaxInputs = 16;      // of the formula
};

}  // namespace winograd
