// Gradients of weights and of inputs against their definition on integer data, where every result is exact.

#include <algorithm>

#include "cases.h"
#include "check.h"
#include "operators/conv/convolution.h"
#include "programs.h"
#include "reference.h"
#include "tests.h"

using namespace winograd;
using programs::Matrix;

namespace {

Matrix transposed(const Matrix& matrix) {
  Matrix turned(matrix[0].size(), std::vector<double>(matrix.size()));
  for (std::size_t r = 0; r < matrix.size(); r++) {
    for (std::size_t c = 0; c < matrix[r].size(); c++) turned[c][r] = matrix[r][c];
  }
  return turned;
}

Matrix kernelMatrix(const KernelTransform& transform) {
  Matrix matrix;
  for (int t = 0; t < transform.products; t++)
    matrix.emplace_back(transform.C.begin() + t * transform.taps, transform.C.begin() + (t + 1) * transform.taps);
  return matrix;
}

// The same problem the other way: random decisions in place of those of the forward pass.
Value describeGradient(const Case& c, std::mt19937& generator) {
  if (c.algorithm == "gemm") return with(describe(c), "problem.direction", Value("backwardWeights"));
  const std::ptrdiff_t width = c.schedule.kernels->width;
  Value::Array gradients, back;
  for (std::size_t a = 0; a < 3; a++) {
    Value::Array forms;
    for (const Form& form : c.winograd.tilings[a].forms)
      forms.push_back(describe(programs::singleTerms(transposed(programs::matrixOf(form.A)))));
    gradients.push_back(Value(Value::Content(forms)));
    back.push_back(describe(programs::singleTerms(transposed(kernelMatrix(c.winograd.weights.transforms[a])))));
  }
  const auto channels = [&] { return number(static_cast<double>(width * upTo(4, generator))); };
  Value description = with(describe(c), "problem.direction", Value("backwardWeights"));
  const std::pair<const char*, Value> decisions[] = {
      {"schedule.lanes", Value(generator() % 2 ? "inputs" : "outputs")},
      {"schedule.sumBlock", number(static_cast<double>(upTo(20, generator)))},
      {"schedule.rowGroup", channels()},
      {"schedule.laneGroup", channels()},
      {"schedule.gradients", Value(Value::Content(gradients))},
      {"schedule.back", Value(Value::Content(back))},
  };
  for (const auto& [path, value] : decisions) description = with(description, path, value);
  return description;
}

// The pixel that a tap of an output meets, or -1.
std::ptrdiff_t met(const Problem& p, std::ptrdiff_t output, std::ptrdiff_t tap) {
  const auto place = [](std::ptrdiff_t index, const Axes& extents, std::size_t a) {
    return a == 0 ? index / extents[2] / extents[1] : a == 1 ? index / extents[2] % extents[1] : index % extents[2];
  };
  std::ptrdiff_t pixel = 0;
  for (std::size_t a = 0; a < 3; a++) {
    const std::ptrdiff_t at =
        place(output, p.output, a) * p.stride[a] + place(tap, p.kernel, a) * p.dilation[a] - p.padBegin[a];
    if (at < 0 || at >= p.input[a]) return -1;
    pixel = pixel * p.input[a] + at;
  }
  return pixel;
}

// Σ dy[n][k][o] x[n][c][o * stride + tap * dilation - padding], times the case's scale.
std::vector<float> definition(const Case& c, const std::vector<float>& x, const std::vector<float>& gradient) {
  const Problem& p = c.problem;
  std::vector<float> sums(static_cast<std::size_t>(p.size()));
  const std::ptrdiff_t taps = volume(p.kernel), pixels = volume(p.input), outputs = volume(p.output);
  for (std::ptrdiff_t i = 0; i < p.size(); i++) {
    const std::ptrdiff_t tap = i % taps, k = i / taps / p.groupInputs();
    const std::ptrdiff_t channel = k / p.groupOutputs() * p.groupInputs() + i / taps % p.groupInputs();
    double sum = 0;
    for (std::ptrdiff_t o = 0; o < outputs; o++) {
      const std::ptrdiff_t pixel = met(p, o, tap);
      for (std::ptrdiff_t n = 0; pixel >= 0 && n < p.batch; n++)
        sum += static_cast<double>(x[static_cast<std::size_t>((n * p.inChannels + channel) * pixels + pixel)]) *
               gradient[static_cast<std::size_t>((n * p.outChannels + k) * outputs + o)];
    }
    sums[static_cast<std::size_t>(i)] = static_cast<float>(c.scale * sum);
  }
  return sums;
}

// Σ dy[n][k][o] w[k][c][tap] over all o, tap with o * stride + tap * dilation - padding = i, and the bias.
std::vector<float> inputDefinition(const Case& c, const std::vector<float>& w, const std::vector<float>& gradient,
                                   const std::vector<float>& bias) {
  const Problem& p = c.problem;
  const std::ptrdiff_t taps = volume(p.kernel), pixels = volume(p.input), outputs = volume(p.output);
  std::vector<double> sums(static_cast<std::size_t>(p.batch * p.inChannels * pixels));
  for (std::size_t i = 0; i < sums.size() && !bias.empty(); i++)
    sums[i] = static_cast<double>(bias[i / static_cast<std::size_t>(pixels) % static_cast<std::size_t>(p.inChannels)]);
  for (std::ptrdiff_t i = 0; i < p.size(); i++) {
    const std::ptrdiff_t tap = i % taps, k = i / taps / p.groupInputs();
    const std::ptrdiff_t channel = k / p.groupOutputs() * p.groupInputs() + i / taps % p.groupInputs();
    for (std::ptrdiff_t o = 0; o < outputs; o++) {
      const std::ptrdiff_t pixel = met(p, o, tap);
      for (std::ptrdiff_t n = 0; pixel >= 0 && n < p.batch; n++)
        sums[static_cast<std::size_t>((n * p.inChannels + channel) * pixels + pixel)] +=
            static_cast<double>(w[static_cast<std::size_t>(i)]) *
            static_cast<double>(gradient[static_cast<std::size_t>((n * p.outChannels + k) * outputs + o)]);
    }
  }
  return {sums.begin(), sums.end()};
}

// Sums of nothing but zeros may have either sign.
void checkEqual(std::vector<float> got, std::vector<float> expected, const std::string& what) {
  for (std::vector<float>* values : {&got, &expected}) {
    for (float& value : *values) value += 0.0f;
  }
  check(got == expected, what);
}

void runInput(const Case& c, std::mt19937& generator) {
  const Problem& p = c.problem;
  const auto numbers = [&](std::ptrdiff_t count) {
    return randomIntegers(static_cast<std::size_t>(count), 2, generator);
  };
  const std::vector<float> w = numbers(p.size()), gradient = numbers(p.batch * p.outChannels * volume(p.output));
  const std::vector<float> bias = p.bias ? numbers(p.inChannels) : std::vector<float>{};
  const Value description =
      with(with(describe(c), "problem.direction", Value("backwardData")), "schedule.shared", Value("columns"));
  const std::vector<float> packed = pack(description, w);
  checkEqual(execute(*kConvolution.prepare(description), {&gradient, &packed, &bias}),
             inputDefinition(c, w, gradient, bias), c.name + ", gradient of the input");
}

void run(const Case& c, std::mt19937& generator) {
  const Problem& p = c.problem;
  const std::vector<float> x =
      randomIntegers(static_cast<std::size_t>(p.batch * p.inChannels * volume(p.input)), 1, generator);
  const std::vector<float> gradient =
      randomIntegers(static_cast<std::size_t>(p.batch * p.outChannels * volume(p.output)), 1, generator);
  const auto arranged = [&](const std::vector<float>& values, Layout layout, std::ptrdiff_t channels,
                            const Axes& size) {
    return layout == Layout::blocked ? blocked(values, p.batch, channels, volume(size), c.schedule.kernels->width)
                                     : values;
  };
  const std::vector<float> given = arranged(x, c.schedule.layouts.input, p.inChannels, p.input),
                           back = arranged(gradient, c.schedule.layouts.output, p.outChannels, p.output);
  const std::unique_ptr<Kernel> kernel = kConvolution.prepare(describeGradient(c, generator));
  const auto bytes = [](const std::vector<float>& values) { return values.size() * sizeof(float); };
  const std::vector<float> expected = definition(c, x, gradient);
  check(kernel->inputBytes() == std::vector{bytes(given), bytes(back)} &&
            kernel->outputBytes() == std::vector{bytes(expected)},
        c.name + ", gradient, sizes");
  checkEqual(execute(*kernel, {&given, &back}), expected, c.name + ", gradient");
}

}  // namespace

void testGradients(const KernelTable& kernels, int rounds) {
  std::mt19937 generator(5);
  for (int round = 0; round < rounds; round++) {
    if (round % 3 == 1) {
      const Case c = randomCase(kernels, "gemm", generator);
      run(c, generator);
      runInput(c, generator);
      continue;
    }
    const bool direct = round % 3 == 0;
    Case c = randomCase(kernels, direct ? "direct" : "winograd", generator);
    if (c.winograd.weights.folds != Folds{}) continue;
    c.schedule.layouts.phases = {1, 1, 1};
    if (direct) {
      c.scale = 1;
      c.schedule.layouts.input = c.schedule.layouts.output = Layout::blocked;
    }
    run(c, generator);
  }
  const Case c = randomCase(kernels, "direct", generator);
  const Value description = describeGradient(c, generator);
  const std::pair<const char*, Value> refused[] = {
      {"schedule.lanes", Value("both")},
      {"schedule.layouts.input", Value("planar")},
      {"schedule.algorithm", Value("grouped")},
  };
  for (const auto& [path, value] : refused)
    checkThrows<std::invalid_argument>(
        path, "Expected ", [&, path = path, value = value] { kConvolution.prepare(with(description, path, value)); });
  checkThrows<std::invalid_argument>("packing of gradients", "Expected problem.direction to be \"forward\"",
                                     [&] { kPackConvolutionWeights.prepare(description); });
  Case fast = randomCase(kernels, "winograd", generator);
  while (fast.winograd.weights.folds != Folds{}) fast = randomCase(kernels, "winograd", generator);
  const Value whole = describeGradient(fast, generator);
  for (const char* path : {"schedule.gradients", "schedule.back", "schedule.rowGroup", "schedule.laneGroup",
                           "schedule.sumBlock", "schedule.tileBlock", "schedule.slice"})
    checkThrows<std::invalid_argument>(path, std::string("Expected ") + path,
                                       [&, path] { kConvolution.prepare(with(whole, path, number(0))); });
}
