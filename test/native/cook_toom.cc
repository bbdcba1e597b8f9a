#include "cook_toom.h"

#include <cmath>
#include <utility>

#include "programs.h"

using winograd::Form;

namespace cook_toom {
namespace {

// Points of the test's Cook-Toom algorithms in order; small tiles use a prefix. Infinity stands third, so that every
// prefix from 4 on holds it.
constexpr double kInfinity = 1e300;
const std::vector<double> kPoints{0, 1, -1, kInfinity, 2, -2};

double power(double point, int exponent, int length) {
  if (point == kInfinity) return exponent == length - 1;
  return std::pow(point, exponent);
}

}  // namespace

std::vector<double> evaluations(int products, int length) {
  std::vector<double> matrix;
  for (int t = 0; t < products; t++) {
    for (int e = 0; e < length; e++) matrix.push_back(power(kPoints[t], e, length));
  }
  return matrix;
}

namespace {

std::vector<double> transposed(const std::vector<double>& matrix, int rows, int columns) {
  std::vector<double> result(matrix.size());
  for (int r = 0; r < rows; r++) {
    for (int c = 0; c < columns; c++) result[c * rows + r] = matrix[r * columns + c];
  }
  return result;
}

// kScale, which makes every entry an integer for these points, times the inverse transpose of the square matrix of
// evaluations.
std::vector<double> interpolation(int n) {
  std::vector<double> a = evaluations(n, n), inverse(n * n);
  for (int i = 0; i < n; i++) inverse[i * n + i] = kScale;
  for (int c = 0; c < n; c++) {
    int pivot = c;
    for (int r = c; r < n; r++) {
      if (std::abs(a[r * n + c]) > std::abs(a[pivot * n + c])) pivot = r;
    }
    for (int j = 0; j < n; j++) {
      std::swap(a[c * n + j], a[pivot * n + j]);
      std::swap(inverse[c * n + j], inverse[pivot * n + j]);
    }
    for (int r = 0; r < n; r++) {
      if (r == c) continue;
      const double factor = a[r * n + c] / a[c * n + c];
      for (int j = 0; j < n; j++) {
        a[r * n + j] -= factor * a[c * n + j];
        inverse[r * n + j] -= factor * inverse[c * n + j];
      }
    }
    const double scale = 1 / a[c * n + c];
    for (int j = 0; j < n; j++) {
      a[c * n + j] *= scale;
      inverse[c * n + j] *= scale;
    }
  }
  for (double& value : inverse) value = std::round(value);
  return transposed(inverse, n, n);
}

winograd::LineProgram program(int rows, const std::vector<double>& matrix) {
  const std::size_t columns = matrix.size() / static_cast<std::size_t>(rows);
  programs::Matrix split;
  for (auto at = matrix.begin(); at != matrix.end(); at += static_cast<std::ptrdiff_t>(columns))
    split.emplace_back(at, at + static_cast<std::ptrdiff_t>(columns));
  return programs::singleTerms(split);
}

}  // namespace

Form form(int outputs, int taps) {
  const int products = outputs + taps - 1;
  const std::vector<double> A = transposed(evaluations(products, outputs), products, outputs);
  return {outputs, products, 0, products, program(outputs, A), program(products, interpolation(products))};
}

Form shortForm() {
  Form f = form(2, 3);
  const std::vector<double> B = interpolation(4);
  std::vector<double> inner;
  for (int t = 0; t < 4; t++) {
    for (int c = 1; c < 3; c++) inner.push_back(B[t * 4 + c]);
  }
  f.inputs = 2;
  f.offset = 1;
  f.B = program(4, inner);
  return f;
}

std::vector<double> repeated(int outputs, int taps) {
  std::vector<double> matrix;
  for (int t = 0; t < outputs * taps; t++) {
    for (int g = 0; g < taps; g++) matrix.push_back(t % taps == g);
  }
  return matrix;
}

Form plainForm(int outputs, int taps, int stride) {
  const int products = outputs * taps, inputs = stride * (outputs - 1) + taps;
  std::vector<double> A, B;
  for (int s = 0; s < outputs; s++) {
    for (int t = 0; t < products; t++) A.push_back(t / taps == s);
  }
  for (int t = 0; t < products; t++) {
    for (int d = 0; d < inputs; d++) B.push_back(d == stride * (t / taps) + t % taps);
  }
  return {outputs, inputs, 0, products, program(outputs, A), program(products, B)};
}

Form identity() {
  return {};
}

}  // namespace cook_toom
