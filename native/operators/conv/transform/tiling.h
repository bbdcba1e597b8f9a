#pragma once

#include <array>
#include <initializer_list>
#include <vector>

#include "operators/conv/common/problem.h"
#include "operators/conv/transform/line_transform.h"

/// Nested F(S, G) as schedules describe it, axis by axis.
namespace winograd {

/// The part of one axis' F(S, G) that the weights depend on: C, products x taps, row-major.
struct KernelTransform {
  int taps = 1, products = 1;
  std::vector<double> C;
};
using KernelTransforms = std::array<KernelTransform, 3>;

/// Axes whose taps are summed like channels, in the products' inner dimension, instead of being transformed; such an
/// axis has the transform F(1, 1). It is the way of layers with few channels. Never the last axis.
using Folds = std::array<bool, 3>;

/// One kind of tile along an axis; it uses the first `products` rows of the axis' kernel transform.
struct Form {
  int outputs = 1, inputs = 1;
  int offset = 0;  // of the first input under the first output, padding included
  int products = 1;
  LineProgram A;  // outputs x products
  LineProgram B;  // products x inputs
};

/// How an axis is covered: the form of each tile, in order. Tiles follow each other by their outputs.
struct Tiling {
  std::vector<Form> forms;
  std::vector<int> sequence;
  std::ptrdiff_t stride = 1;  // inputs between neighbouring outputs

  /// Inputs from one tile of a form to the next.
  std::ptrdiff_t step(int form) const { return stride * forms[static_cast<std::size_t>(form)].outputs; }
};
using Tilings = std::array<Tiling, 3>;

/// Read `fold`, `transforms` and `tilings` of a schedule; strides are the problem's. Throw std::invalid_argument for
/// what does not fit the kernel or does not cover the outputs, and for codelets that the table does not have.
Folds readFolds(const Value& schedule);
KernelTransforms readTransforms(const Value& schedule, const Axes& kernel, const Folds& folds);
Tilings readTilings(const Value& schedule, const KernelTable& kernels, const KernelTransforms& transforms,
                    const Axes& output, const Axes& stride);

/// Products of the axes.
inline Axes productsOf(const KernelTransforms& transforms) {
  return {transforms[0].products, transforms[1].products, transforms[2].products};
}

/// Matrices of all axes and forms, as the kernels apply them.
using LineTransforms = std::array<std::vector<LineTransform>, 3>;
LineTransforms inputTransforms(const KernelTable& kernels, const Tilings& tilings);
LineTransforms outputTransforms(const KernelTable& kernels, const Tilings& tilings);

/// Names of all codelets in use.
std::vector<std::string> codeletsOf(std::initializer_list<const LineTransforms*> stages);

}  // namespace winograd
