// The engine against a naive convolution on integer data, where every result is exact: any error of indexing,
// padding, threading or remainders shows without a tolerance. Runs every kernel table of this machine, 1-, 2- and 3-D,
// mixed and short-axis tiles, from several threads at once; sanitizer builds run it too.
//
//   cmake -S . -B build-test -DWINOGRAD_TESTS=ON && cmake --build build-test && ctest --test-dir build-test

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "operators/conv/common/plan.h"
#include "runtime/memory.h"
#include "runtime/threads.h"
#include "transform_cases.h"

using namespace winograd;

namespace {

int passed = 0, failed = 0;

void check(bool holds, const std::string& what) {
  (holds ? passed : failed)++;
  if (!holds) std::printf("FAILED %s\n", what.c_str());
}

// Points of the test's Cook-Toom algorithms in order; small tiles use a prefix. Infinity stands third, so that every
// prefix from 4 on holds it.
constexpr double kInfinity = 1e300;
const std::vector<double> kPoints{0, 1, -1, kInfinity, 2, -2};
constexpr double kScale = 24;  // makes every entry of B an integer for these points

double power(double point, int exponent, int length) {
  if (point == kInfinity) return exponent == length - 1;
  return std::pow(point, exponent);
}

std::vector<double> evaluations(int products, int length) {
  std::vector<double> matrix;
  for (int t = 0; t < products; t++) {
    for (int e = 0; e < length; e++) matrix.push_back(power(kPoints[t], e, length));
  }
  return matrix;
}

std::vector<double> transposed(const std::vector<double>& matrix, int rows, int columns) {
  std::vector<double> result(matrix.size());
  for (int r = 0; r < rows; r++) {
    for (int c = 0; c < columns; c++) result[c * rows + r] = matrix[r * columns + c];
  }
  return result;
}

// kScale times the inverse transpose of the square matrix of evaluations.
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

Form form(int outputs, int taps) {
  const int products = outputs + taps - 1;
  return {outputs,
          products,
          0,
          products,
          transposed(evaluations(products, outputs), products, outputs),
          interpolation(products)};
}

// F(2, 3) for two inputs between paddings of one: the columns of B that meet the paddings are gone.
Form shortForm() {
  Form f = form(2, 3);
  std::vector<double> inner;
  for (int t = 0; t < 4; t++) {
    for (int c = 1; c < 3; c++) inner.push_back(f.B[t * 4 + c]);
  }
  f.inputs = 2;
  f.offset = 1;
  f.B = inner;
  return f;
}

struct Case {
  Layer layer;
  Problem problem;
  double scale = 1;
  std::string name;
};

std::vector<float> random(std::size_t count, int most, std::mt19937& generator) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(static_cast<int>(generator() % (2 * most + 1)) - most);
  return values;
}

std::vector<float> reference(const Case& c, const std::vector<float>& x, const std::vector<float>& w,
                             const std::vector<float>& bias, const float* residual) {
  const Layer& l = c.layer;
  const Problem& p = c.problem;
  const Axes out = outputShape(l, p);
  std::vector<float> y;
  for (std::ptrdiff_t n = 0; n < p.batch; n++) {
    for (std::ptrdiff_t k = 0; k < l.outChannels; k++) {
      const std::ptrdiff_t g = k / l.groupOutputs();
      for (std::ptrdiff_t od = 0; od < out[0]; od++) {
        for (std::ptrdiff_t oh = 0; oh < out[1]; oh++) {
          for (std::ptrdiff_t ow = 0; ow < out[2]; ow++) {
            const Axes from{od * p.stride[0] - p.padBegin[0], oh * p.stride[1] - p.padBegin[1],
                            ow * p.stride[2] - p.padBegin[2]};
            double sum = 0;
            for (std::ptrdiff_t ch = 0; ch < l.groupInputs(); ch++) {
              const float* plane = &x[(n * l.inChannels + g * l.groupInputs() + ch) * volume(p.input)];
              const float* tap = &w[(k * l.groupInputs() + ch) * volume(l.kernel)];
              for (std::ptrdiff_t td = 0; td < l.kernel[0]; td++) {
                const std::ptrdiff_t d = from[0] + td * p.dilation[0];
                for (std::ptrdiff_t th = 0; th < l.kernel[1]; th++) {
                  const std::ptrdiff_t h = from[1] + th * p.dilation[1];
                  for (std::ptrdiff_t tw = 0; tw < l.kernel[2]; tw++, tap++) {
                    const std::ptrdiff_t i = from[2] + tw * p.dilation[2];
                    if (d < 0 || d >= p.input[0] || h < 0 || h >= p.input[1] || i < 0 || i >= p.input[2]) continue;
                    sum += static_cast<double>(plane[(d * p.input[1] + h) * p.input[2] + i]) * *tap;
                  }
                }
              }
            }
            sum = sum * c.scale + bias[k];
            if (residual != nullptr) sum += residual[y.size()];
            if (sum < 0) sum *= p.activation.slope;
            y.push_back(static_cast<float>(std::clamp<double>(sum, p.activation.low, p.activation.high)));
          }
        }
      }
    }
  }
  return y;
}

// N x C x P to N x C/width x P x width; missing channels are zero.
std::vector<float> blocked(const std::vector<float>& planar, std::ptrdiff_t batch, std::ptrdiff_t channels,
                           std::ptrdiff_t pixels, std::ptrdiff_t width) {
  const std::ptrdiff_t padded = roundUp(channels, width);
  std::vector<float> result(static_cast<std::size_t>(batch * padded * pixels));
  for (std::ptrdiff_t n = 0; n < batch; n++) {
    for (std::ptrdiff_t c = 0; c < channels; c++) {
      for (std::ptrdiff_t p = 0; p < pixels; p++) {
        result[((n * padded + c / width * width) * pixels + p * width) + c % width] =
            planar[(n * channels + c) * pixels + p];
      }
    }
  }
  return result;
}

void run(const Case& c, std::mt19937& generator) {
  const Layer& l = c.layer;
  const std::size_t weightCount = l.outChannels * l.groupInputs() * volume(l.kernel);
  std::vector<float> w = random(weightCount, 1, generator);
  if (l.weightFormat == WeightFormat::bfloat16) {
    // Two taps along the first axis keep transformed weights within 8 bits.
    for (std::size_t i = 0; i < weightCount; i++) {
      if (i / (l.kernel[1] * l.kernel[2]) % l.kernel[0] > 1) w[i] = 0;
    }
  }
  const std::vector<float> bias = random(l.outChannels, 9, generator);
  const auto weights = std::make_shared<Weights>(l, w.data(), bias.data());
  const std::unique_ptr<Plan> plan = makePlan(weights, c.problem);
  const Axes out = plan->output();
  const std::ptrdiff_t batch = c.problem.batch;
  const std::vector<float> x = random(batch * l.inChannels * volume(c.problem.input), 1, generator);
  const std::vector<float> residual = random(batch * l.outChannels * volume(out), 9, generator);
  const bool withResidual = generator() % 2;
  const std::vector<float> planar = reference(c, x, w, bias, withResidual ? residual.data() : nullptr);
  const std::ptrdiff_t width = l.kernels->width;
  const auto arranged = [&](const std::vector<float>& values, Layout layout, std::ptrdiff_t channels,
                            const Axes& size) {
    return layout == Layout::blocked ? blocked(values, batch, channels, volume(size), width) : values;
  };
  const std::vector<float> given = arranged(x, c.problem.inputLayout, l.inChannels, c.problem.input),
                           expected = arranged(planar, c.problem.outputLayout, l.outChannels, out),
                           added = arranged(residual, c.problem.residualLayout, l.outChannels, out);
  const float* addend = withResidual ? added.data() : nullptr;
  check(given.size() == plan->inputSize() && expected.size() == plan->outputSize() &&
            added.size() == plan->residualSize(),
        c.name + " sizes");
  // Two passes at once, to show what they share.
  Block first(plan->outputSize()), second(plan->outputSize());  // aligned, as whole lines are stored past the caches
  std::fill_n(first.data(), first.size(), NAN);
  std::fill_n(second.data(), second.size(), NAN);
  std::thread other([&] { plan->execute(given.data(), second.data(), addend); });
  plan->execute(given.data(), first.data(), addend);
  other.join();
  const auto right = [&](const Block& y) { return std::equal(expected.begin(), expected.end(), y.data()); };
  check(right(first) && right(second), c.name);
}

std::ptrdiff_t upTo(int most, std::mt19937& generator) {
  return 1 + generator() % most;
}

Case randomCase(const KernelTable& kernels, Algorithm algorithm, std::mt19937& generator) {
  const bool fast = algorithm != Algorithm::direct, lanes = algorithm == Algorithm::positions;
  Case c;
  Layer& l = c.layer;
  Problem& p = c.problem;
  l.kernels = &kernels;
  l.algorithm = algorithm;
  if (algorithm == Algorithm::winograd && generator() % 3 == 0) l.weightFormat = WeightFormat::bfloat16;
  // Direct convolution knows groups narrower than a vector, and groups of whole vectors.
  const bool narrow = !fast && generator() % 3 == 0, whole = !fast && !narrow && generator() % 4 == 0;
  const int unit = whole ? kernels.width : 1;
  l.groups = algorithm == Algorithm::winograd ? 1 : upTo(narrow ? 40 : 3, generator);
  l.inChannels = l.groups * unit * upTo(narrow || whole ? 4 : lanes ? 6 : fast ? 40 : 20, generator);
  l.outChannels = narrow && generator() % 2 ? l.inChannels
                                            : l.groups * unit *
                                                  upTo(narrow || whole ? 4
                                                       : lanes         ? 15
                                                                       : 70,
                                                       generator);
  p.batch = upTo(2, generator);
  p.threads = static_cast<int>(upTo(3, generator));
  if (generator() % 4 == 0) p.work = 1;  // wakes nobody
  if (generator() % 2) p.activation = {generator() % 2 ? 0.0f : 0.5f, -20, 60};
  const int dimensions = static_cast<int>(upTo(3, generator));
  for (int a = 0; a < 3; a++) {
    l.transforms[a].C = {1};
    p.tiling[a] = {{{1, 1, 0, 1, {1}, {1}}}, {0}};
    if (a < 3 - dimensions) continue;
    l.kernel[a] = fast ? (generator() % 8 == 0 ? 1 : 3) : upTo(4, generator);
    p.padBegin[a] = generator() % l.kernel[a];
    p.padEnd[a] = generator() % l.kernel[a];
    if (!fast) {
      p.stride[a] = upTo(3, generator);
      p.dilation[a] = upTo(2, generator);
    }
    const int reach = static_cast<int>(p.dilation[a] * (l.kernel[a] - 1) + 1);
    p.input[a] = std::max<std::ptrdiff_t>(upTo(dimensions == 3   ? 9
                                               : dimensions == 2 ? 14
                                                                 : 60,
                                               generator),
                                          reach - p.padBegin[a] - p.padEnd[a]);
    const std::ptrdiff_t output = p.input[a] + p.padBegin[a] + p.padEnd[a] - l.kernel[a] + 1;
    if (!fast) continue;
    if (l.kernel[a] == 1) {
      p.tiling[a].sequence.assign(output, 0);
      continue;
    }
    if (a < 2 && !lanes && generator() % 6 == 0) {
      l.fold[a] = true;
      p.tiling[a].sequence.assign(output, 0);
      continue;
    }
    c.scale *= kScale;
    l.transforms[a] = {3, 6, evaluations(6, 3)};
    if (p.input[a] == 2 && p.padBegin[a] == 1 && p.padEnd[a] == 1) {
      p.tiling[a] = {{shortForm()}, {0}};
      if (lanes) l.transforms[a] = {3, 4, evaluations(4, 3)};
      continue;
    }
    p.tiling[a] = {{form(4, 3), form(2, 3)}, {}};
    if (lanes) p.tiling[a] = {{form(4, 3)}, std::vector<int>(divideUp(output, 4))};
    for (std::ptrdiff_t covered = 0; !lanes && covered < output;) {
      const int f = generator() % 2;
      p.tiling[a].sequence.push_back(f);
      covered += f == 0 ? 4 : 2;
    }
  }
  if (lanes) c.name = "positions ";
  if (l.weightFormat == WeightFormat::bfloat16) c.name = "bfloat16 ";
  if (generator() % 3 == 0 && takesBlockedInput(l)) p.inputLayout = Layout::blocked;
  // Channels beyond the last one hold what the activation makes of zero; keep that zero, to compare all.
  if (takesBlockedOutput(l)) {
    if (generator() % 3 == 0) p.outputLayout = Layout::blocked;
    if (generator() % 3 == 0) p.residualLayout = Layout::blocked;
  }
  p.tileBlock = generator() % 3 == 0 ? 0 : upTo(30, generator);
  p.channelGroup = generator() % 3 == 0 ? 0 : upTo(64, generator);
  p.split = static_cast<Split>(generator() % 3);
  p.sumBlock = generator() % 3 == 0 ? upTo(24, generator) : 0;
  c.name += std::string(kernels.name) + (fast ? " winograd" : " direct") + " C" + std::to_string(l.inChannels) + " K" +
            std::to_string(l.outChannels) + " groups " + std::to_string(l.groups) + " threads " +
            std::to_string(p.threads) + " input";
  for (int a = 0; a < 3; a++) c.name += " " + std::to_string(p.input[a]) + "/" + std::to_string(l.kernel[a]);
  return c;
}

// Layers with rows of many tiles, which the stages take in pieces, some so large that they are stored past the caches.
std::vector<Case> longCases(const KernelTable& kernels) {
  struct Shape {
    const char* name;
    std::ptrdiff_t inChannels, outChannels;
    Axes input;
    Layout inputLayout, outputLayout;
  } shapes[] = {
      {"large blocked output", 1, 20, {1, 330, 330}, Layout::planar, Layout::blocked},
      {"large planar output", 1, 20, {1, 330, 330}, Layout::planar, Layout::planar},
      {"large planar output in depth", 1, 20, {10, 100, 107}, Layout::planar, Layout::planar},
      {"large planar input", 1, 1, {128 / kernels.width + 1, 129, 128}, Layout::planar, Layout::blocked},
      {"long rows in depth", 20, 20, {11, 7, 150}, Layout::blocked, Layout::blocked},
      {"long planar rows in depth", 3, 20, {11, 7, 150}, Layout::planar, Layout::blocked},
  };
  std::vector<Case> cases;
  for (const Shape& shape : shapes) {
    Case c;
    c.name = std::string(kernels.name) + " " + shape.name;
    c.layer.kernels = &kernels;
    c.layer.algorithm = Algorithm::winograd;
    c.layer.inChannels = shape.inChannels;
    c.layer.outChannels = shape.outChannels;
    c.problem.input = shape.input;
    c.problem.threads = 2;
    c.problem.inputLayout = shape.inputLayout;
    c.problem.outputLayout = shape.outputLayout;
    for (int a = 0; a < 3; a++) {
      c.layer.transforms[a].C = {1};
      c.problem.tiling[a] = {{{1, 1, 0, 1, {1}, {1}}}, {0}};
      if (shape.input[a] == 1) continue;
      c.scale *= kScale;
      c.layer.kernel[a] = 3;
      c.layer.transforms[a] = {3, 6, evaluations(6, 3)};
      c.problem.padBegin[a] = c.problem.padEnd[a] = 1;
      c.problem.tiling[a] = {{form(4, 3)}, std::vector<int>(divideUp(shape.input[a], 4))};
    }
    cases.push_back(c);
  }
  return cases;
}

// Direct layers that are large enough for several pieces, or take a way of their own.
std::vector<Case> directCases(const KernelTable& kernels) {
  struct Shape {
    const char* name;
    std::ptrdiff_t inChannels, outChannels, groups;
    Axes input, kernel, stride, dilation, padBegin, padEnd;
  };
  const Axes ones{1, 1, 1}, none{};
  const Shape shapes[] = {
      {"joined lines", 70, 40, 1, {1, 45, 47}, ones, ones, ones, none, none},
      {"joined planes", 20, 70, 1, {3, 5, 7}, ones, ones, ones, none, none},
      {"joined lines of every other plane", 20, 18, 1, {5, 6, 9}, ones, {2, 1, 1}, ones, none, none},
      {"lines apart", 70, 40, 1, {1, 46, 51}, ones, {1, 2, 2}, ones, none, none},
      {"a single line", 34, 33, 1, {1, 1, 4100}, {1, 1, 3}, ones, ones, none, none},
      {"a first layer", 3, 40, 1, {1, 40, 61}, {1, 7, 7}, {1, 2, 2}, ones, {0, 3, 3}, {0, 3, 3}},
      {"a first layer of clips", 3, 18, 1, {5, 17, 19}, {3, 3, 3}, ones, ones, ones, ones},
      {"padding above and below alone", 34, 20, 1, {4, 9, 15}, {3, 3, 1}, {1, 2, 1}, {1, 2, 1}, {1, 2, 0}, {1, 2, 0}},
      {"padding beyond the kernel", 18, 20, 1, {2, 6, 9}, {2, 3, 3}, ones, ones, {3, 4, 5}, {3, 4, 5}},
      {"padding wider than the input", 5, 9, 1, {2, 2, 2}, {3, 3, 3}, {2, 1, 3}, {2, 2, 2}, {6, 7, 5}, {5, 6, 7}},
      {"groups of few channels", 12, 30, 3, {1, 19, 23}, {1, 3, 3}, ones, ones, {0, 1, 1}, {0, 1, 1}},
      {"groups of whole blocks", 96, 48, 3, {1, 9, 20}, ones, ones, ones, none, none},
      {"groups of many", 120, 75, 3, {1, 30, 29}, {1, 3, 3}, {1, 2, 2}, ones, {0, 1, 1}, {0, 1, 1}},
      {"results stored past the caches", 1, 17, 1, {1, 520, 510}, ones, ones, ones, none, none},
      {"more weights than inputs", 130, 200, 1, {1, 7, 7}, {1, 3, 3}, ones, ones, {0, 1, 1}, {0, 1, 1}},
  };
  std::vector<Case> cases;
  for (const Shape& shape : shapes) {
    for (const Layout input : {Layout::planar, Layout::blocked}) {
      for (const Layout output : {Layout::planar, Layout::blocked}) {
        const std::ptrdiff_t width = kernels.width, groups = shape.groups;
        if (groups > 1 && input == Layout::blocked && shape.inChannels / groups % width != 0) continue;
        if (groups > 1 && output == Layout::blocked && shape.outChannels / groups % width != 0) continue;
        Case c;
        c.layer.inChannels = shape.inChannels;
        c.layer.outChannels = shape.outChannels;
        c.layer.groups = shape.groups;
        c.layer.kernel = shape.kernel;
        c.layer.kernels = &kernels;
        c.problem.batch = 2;
        c.problem.input = shape.input;
        c.problem.stride = shape.stride;
        c.problem.dilation = shape.dilation;
        c.problem.padBegin = shape.padBegin;
        c.problem.padEnd = shape.padEnd;
        c.problem.inputLayout = input;
        c.problem.outputLayout = c.problem.residualLayout = output;
        c.problem.threads = input == output ? 2 : 1;
        if (input == Layout::planar) c.problem.activation = {0.25f, -30, 50};
        c.name = std::string(kernels.name) + " direct, " + shape.name +
                 (input == Layout::planar ? ", planar to " : ", blocked to ") +
                 (output == Layout::planar ? "planar" : "blocked");
        cases.push_back(c);
      }
    }
  }
  return cases;
}

// Weights in, rounded weights out: a product of one pixel of one with weights that no transform mixes.
void testRounding(const KernelTable& kernels) {
  const double tie = 1 + 0x1p-8, infinity = INFINITY;
  const struct {
    const char* name;
    float weight;
    double coefficient;
    float expected;
  } cases[] = {
      {"what fits", -1.0078125f, 1, -1.0078125f},
      {"up to even", static_cast<float>(tie + 0x1p-7), 1, 1 + 0x1p-6f},
      {"down to even", static_cast<float>(-tie), 1, -1},
      {"to the nearest", 1.01f, 1, 1.0078125f},
      {"above the middle by less than a float tells", static_cast<float>(tie), 1 + 0x1p-40, 1 + 0x1p-7f},
      {"below the middle by less than a float tells", static_cast<float>(tie + 0x1p-7), 1 - 0x1p-40, 1 + 0x1p-7f},
      {"to the next power", 2 - 0x1p-23f, 1, 2},
      {"a subnormal", 0x1.8p-133f, 1, 0x1p-132f},
      {"beyond the largest", 0x1.fffffep127f, 1, static_cast<float>(infinity)},
      {"infinity", static_cast<float>(-infinity), 1, static_cast<float>(-infinity)},
      {"what is no number", NAN, 1, NAN},
  };
  for (const auto& each : cases) {
    Layer layer;
    layer.algorithm = Algorithm::winograd;
    layer.weightFormat = WeightFormat::bfloat16;
    layer.kernels = &kernels;
    layer.inChannels = 1;
    layer.outChannels = 3 * kernels.width;  // a panel of two vectors, and one of one
    Problem problem;
    for (int a = 0; a < 3; a++) {
      layer.transforms[a].C = {a == 0 ? each.coefficient : 1};
      problem.tiling[a] = {{{1, 1, 0, 1, {1}, {1}}}, {0}};
    }
    const std::vector<float> given(layer.outChannels, each.weight);
    const auto weights = std::make_shared<Weights>(layer, given.data(), nullptr);
    const float one = 1;
    Block result(layer.outChannels);
    makePlan(weights, problem)->execute(&one, result.data());
    check(std::all_of(result.data(), result.data() + layer.outChannels,
                      [&](float received) {
                        return received == each.expected || (std::isnan(received) && std::isnan(each.expected));
                      }),
          std::string(kernels.name) + " rounding of weights, " + each.name);
    Layer exact = layer;
    exact.weightFormat = WeightFormat::float32;
    check(Weights(exact, given.data(), nullptr).bytes() - weights->bytes() == kernels.width * sizeof(float),
          std::string(kernels.name) + " bytes of rounded weights");
  }
}

template <class Error>
void checkThrows(const std::string& what, const Layer& layer, const Problem& problem) {
  bool thrown = false;
  try {
    const std::vector<float> weight(layer.outChannels > 0 && layer.inChannels > 0 ? 64 : 0);
    makePlan(std::make_shared<Weights>(layer, weight.data(), nullptr), problem);
  } catch (const Error&) {
    thrown = true;
  }
  check(thrown, what);
}

void testRefusals() {
  Layer layer;
  layer.inChannels = layer.outChannels = 1;
  layer.kernels = &defaultKernels();
  Problem problem;
  Problem huge = problem;
  huge.input = {1, (1 << 30), (1 << 30)};
  huge.batch = 1 << 30;
  checkThrows<std::overflow_error>("an input that overflows", layer, huge);
  Problem empty = problem;
  empty.input[2] = 0;
  checkThrows<std::invalid_argument>("an empty input", layer, empty);
  Layer none = layer;
  none.inChannels = 0;
  checkThrows<std::invalid_argument>("no channels", none, problem);
  Layer uneven = layer;
  uneven.groups = 2;
  checkThrows<std::invalid_argument>("channels that groups do not divide", uneven, problem);
  Layer fast = layer;
  fast.algorithm = Algorithm::winograd;
  checkThrows<std::invalid_argument>("a transform without a matrix", fast, problem);
  Layer narrow = layer;
  narrow.weightFormat = WeightFormat::bfloat16;
  checkThrows<std::invalid_argument>("rounded weights of direct convolution", narrow, problem);
}

void testPool() {
  // Several callers, more items than workers: every item once, slots in range.
  std::vector<std::thread> callers;
  std::vector<int> wrong(4);
  for (int caller = 0; caller < 4; caller++) {
    callers.emplace_back([caller, &wrong] {
      for (int round = 0; round < 200; round++) {
        const ThreadPool::Session awake(ThreadPool::shared(), 3, round % 3 == 0);
        std::vector<std::atomic<int>> seen(37);
        ThreadPool::shared().forEach(37, 3, [&](std::ptrdiff_t item, int slot) {
          seen[static_cast<std::size_t>(item)]++;
          if (slot < 0 || slot >= 3) wrong[static_cast<std::size_t>(caller)] = 1;
        });
        for (const auto& count : seen) {
          if (count != 1) wrong[static_cast<std::size_t>(caller)] = 1;
        }
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const int w : wrong) check(w == 0, "pool: each item once");
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 60;
  for (int i = 0; i < kKernelTableCount; i++) {
    const KernelTable& kernels = *kKernelTables[i];
    if (!kernels.supported()) {
      std::printf("%s: not on this machine, skipped\n", kernels.name);
      continue;
    }
    std::mt19937 generator(1);
    for (int round = 0; round < rounds; round++) {
      const Algorithm algorithms[] = {Algorithm::winograd, Algorithm::direct, Algorithm::winograd,
                                      Algorithm::positions};
      run(randomCase(kernels, algorithms[round % 4], generator), generator);
    }
    for (int round = 0; round < 5 * rounds; round++) transform_cases::run(kernels, generator, check);
    testRounding(kernels);
    std::vector<Case> fixed = longCases(kernels);
    for (Case& c : directCases(kernels)) fixed.push_back(std::move(c));
    for (const Case& c : fixed) run(c, generator);
    std::printf("%s: %d cases\n", kernels.name, rounds + static_cast<int>(fixed.size()));
  }
  testRefusals();
  testPool();
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
