#include "operators/conv/transform/tiling.h"

#include <set>
#include <string>

namespace winograd {
namespace {

constexpr int kMaxTransform = 64;

int readSize(const Value& value, int least) {
  return static_cast<int>(value.integer(least, kMaxTransform));
}

std::vector<double> readMatrix(const Value& value, int rows, int columns) {
  const std::vector<double>& entries = value.doubles();
  if (entries.size() != static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns))
    value.refuse("a matrix of " + std::to_string(rows) + " × " + std::to_string(columns));
  return entries;
}

Form readForm(const Value& value, const KernelTable& kernels, const KernelTransform& transform) {
  Form form;
  form.outputs = readSize(value["outputs"], 1);
  form.inputs = readSize(value["inputs"], 1);
  form.offset = readSize(value["offset"], 0);
  form.products = static_cast<int>(value["products"].integer(1, transform.products));
  form.A = readLineProgram(value["A"], kernels, form.outputs, form.products);
  form.B = readLineProgram(value["B"], kernels, form.products, form.inputs);
  return form;
}

// Outputs before the last tile lie below the extent: only the last may overhang.
Tiling readTiling(const Value& value, const KernelTable& kernels, const KernelTransform& transform,
                  std::ptrdiff_t extent) {
  Tiling tiling;
  for (const Value& form : value["forms"].array()) tiling.forms.push_back(readForm(form, kernels, transform));
  const Value sequence = value["sequence"];
  std::ptrdiff_t covered = 0;
  for (const int form : sequence.integers()) {
    if (form < 0 || form >= static_cast<int>(tiling.forms.size())) sequence.refuse("indices of forms");
    if (covered >= extent) sequence.refuse("no more tiles than cover " + std::to_string(extent) + " outputs");
    covered += tiling.forms[static_cast<std::size_t>(form)].outputs;
    tiling.sequence.push_back(form);
  }
  if (covered < extent)
    sequence.refuse("tiles that cover " + std::to_string(extent) + " outputs (they cover " + std::to_string(covered) +
                    ")");
  return tiling;
}

LineTransforms transformsOf(const KernelTable& kernels, const Tilings& tilings, LineProgram Form::*matrix) {
  LineTransforms transforms;
  for (std::size_t a = 0; a < 3; a++) {
    for (const Form& form : tilings[a].forms) transforms[a].emplace_back(kernels, form.*matrix);
  }
  return transforms;
}

}  // namespace

Folds readFolds(const Value& schedule) {
  const Value::Array elements = schedule["fold"].array(3);
  if (elements[2].boolean()) elements[2].refuse("false: the last axis can't be folded");
  return {elements[0].boolean(), elements[1].boolean(), false};
}

KernelTransforms readTransforms(const Value& schedule, const Axes& kernel, const Folds& folds) {
  const Value::Array elements = schedule["transforms"].array(3);
  KernelTransforms transforms;
  for (std::size_t a = 0; a < 3; a++) {
    const std::ptrdiff_t taps = folds[a] ? 1 : kernel[a];
    KernelTransform& transform = transforms[a];
    transform.taps = static_cast<int>(elements[a]["taps"].integer(taps, taps));
    transform.products = readSize(elements[a]["products"], 1);
    if (folds[a] && transform.products != 1) elements[a]["products"].refuse("1 for a folded axis");
    transform.C = readMatrix(elements[a]["C"], transform.products, transform.taps);
  }
  return transforms;
}

Tilings readTilings(const Value& schedule, const KernelTable& kernels, const KernelTransforms& transforms,
                    const Axes& output, const Axes& stride) {
  const Value::Array elements = schedule["tilings"].array(3);
  Tilings tilings;
  for (std::size_t a = 0; a < 3; a++) {
    tilings[a] = readTiling(elements[a], kernels, transforms[a], output[a]);
    tilings[a].stride = stride[a];
  }
  return tilings;
}

LineTransforms inputTransforms(const KernelTable& kernels, const Tilings& tilings) {
  return transformsOf(kernels, tilings, &Form::B);
}

LineTransforms outputTransforms(const KernelTable& kernels, const Tilings& tilings) {
  return transformsOf(kernels, tilings, &Form::A);
}

std::vector<std::string> codeletsOf(std::initializer_list<const LineTransforms*> stages) {
  std::set<std::string> names;
  for (const LineTransforms* transforms : stages) {
    for (const std::vector<LineTransform>& axis : *transforms) {
      for (const LineTransform& transform : axis) transform.nameCodelet(names);
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace winograd
