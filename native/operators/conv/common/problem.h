#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>

#include "kernels/kernels.h"
#include "runtime/value.h"

/// What is to be computed: geometry and types, no decision.
namespace winograd {

/// Depth, height, width; 1-D and 2-D problems have leading ones.
using Axes = std::array<std::ptrdiff_t, 3>;

inline std::ptrdiff_t volume(const Axes& axes) {
  return axes[0] * axes[1] * axes[2];
}

/// What a convolution's weights are made for: O x I/groups x kernel.
struct Filters {
  std::ptrdiff_t inChannels = 0, outChannels = 0, groups = 1;
  Axes kernel{1, 1, 1};

  std::ptrdiff_t groupInputs() const { return inChannels / groups; }
  std::ptrdiff_t groupOutputs() const { return outChannels / groups; }
  /// Floats of the weights.
  std::ptrdiff_t size() const { return outChannels * groupInputs() * volume(kernel); }
};

/// What is computed of x, the weights and y or its gradient: y, or the gradient of x or of the weights.
enum class Direction { forward, backwardData, backwardWeights };

struct Problem : Filters {
  std::ptrdiff_t batch = 1;
  Axes input{1, 1, 1}, output{1, 1, 1};
  Axes stride{1, 1, 1}, dilation{1, 1, 1}, padBegin{}, padEnd{};
  bool bias = false, residual = false;
  Activation activation;

  /// Inputs that an axis' outputs reach over, from under the first tap of the first to under the last of the last.
  std::ptrdiff_t reach(int axis, std::ptrdiff_t outputs) const {
    return (outputs - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1;
  }
};

/// Read `problem` of a description, the output's extents computed. Throw std::invalid_argument for what no convolution
/// can be and for directions and types that the engine does not know, std::overflow_error for sizes that do not fit.
Direction readDirection(const Value& problem);
Filters readFilters(const Value& problem);
Problem readProblem(const Value& problem);

/// The index of the word among those allowed. Throws std::invalid_argument.
std::size_t readWord(const Value& value, std::initializer_list<const char*> words);

/// Three integers within the limits, both included.
Axes readAxes(const Value& value, std::ptrdiff_t least, std::ptrdiff_t most);

/// Three integers from 1 to what `most` has for each axis.
Axes readExtents(const Value& value, const Axes& most);

/// Above any extent, low enough that sums of a few such numbers can't overflow.
constexpr std::ptrdiff_t kMaxExtent = (std::ptrdiff_t{1} << 31) - 1;

}  // namespace winograd
