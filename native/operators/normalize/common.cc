#include "operators/normalize/common.h"

#include <algorithm>
#include <cmath>

namespace winograd {

Standardization standardize(double sum, double squares, std::ptrdiff_t count, double epsilon) {
  const double mean = sum / static_cast<double>(count);
  const double variance = squares / static_cast<double>(count) - mean * mean;
  // Not std::max, which would turn NaN into zero.
  return {mean, 1 / std::sqrt((variance < 0 ? 0 : variance) + epsilon)};
}

NormalizationParts NormalizationParts::read(const Value& description) {
  NormalizationParts parts;
  parts.scale = description["scale"].boolean();
  parts.bias = description["bias"].boolean();
  const Value epsilon = description["epsilon"];
  parts.epsilon = epsilon.number();
  if (!(parts.epsilon >= 0 && std::isfinite(parts.epsilon))) epsilon.refuse("a finite number of at least 0");
  const Value inputs = description["inputs"];
  const int count = inputs.missing() ? 1 : static_cast<int>(inputs.integer(1, kMaxInputs));
  parts.formula = FormulaParts::read(description["formula"], count);
  return parts;
}

std::vector<std::size_t> NormalizationParts::inputBytes(std::size_t xBytes, std::size_t parameterBytes) const {
  std::vector<std::size_t> bytes{xBytes, scale ? parameterBytes : 0, bias ? parameterBytes : 0};
  bytes.resize(kOthers + static_cast<std::size_t>(formula.inputs - 1), xBytes);
  return bytes;
}

}  // namespace winograd
