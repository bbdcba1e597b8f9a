#pragma once

#include <memory>

#include "operators/conv/common/problem.h"
#include "operators/kernel.h"
#include "runtime/value.h"

namespace winograd {

/// A way to convolve in a direction, a row of the list in convolution.cc. Both prepare kernels from a description,
/// `{ problem, schedule }`, whose schedule is the algorithm's own; they throw std::invalid_argument for one that it
/// can't obey and std::overflow_error for sizes that do not fit.
struct Algorithm {
  const char* name;
  Direction direction;
  /// Forward: of the inputs x, packed weights, bias and residual the last two have no bytes where the problem has none
  /// of them; the output is y. Backward to the data: the gradient of y, packed weights and a bias, one value for each
  /// channel of x, or no bytes; the output is the gradient of x, and that bias. Backward to the weights: inputs x and
  /// the gradient of y, output the gradient of the weights, O x I/groups x kernel.
  std::unique_ptr<Kernel> (*prepare)(const Value& description);
  /// Brings weights, O x I/groups x kernel in float32, into the form in which the other kernel reads them: input and
  /// output. It looks at no more of the description than the form depends on, and at `schedule.threads`. Null where no
  /// weights are read.
  std::unique_ptr<Kernel> (*preparePacking)(const Value& description);
};

}  // namespace winograd
