// Normalizations, reductions, softmax and LRN against their definitions in double precision, two passes over the data
// where the engine takes one.

#include <algorithm>

#include "operators.h"

using namespace operators_test;

namespace {

using Sizes = std::vector<int32_t>;

std::size_t volume(const Sizes& shape) {
  std::size_t count = 1;
  for (const int32_t size : shape) count *= static_cast<std::size_t>(size);
  return count;
}

// Numbers around an offset that is large beside their spread.
Floats spread(std::size_t count, Generator& generator) {
  const float offset =
      static_cast<float>(between(generator, -1000, 1000)) * static_cast<float>(between(generator, 0, 1));
  Floats values(count);
  for (float& value : values) value = offset + std::normal_distribution<float>(0, 1)(generator);
  return values;
}

// N x C x P to N x C/width x P x width.
Floats blocked(const Floats& planar, const Sizes& shape, int width, float missing = 0) {
  const int channels = shape[1], blocks = (channels + width - 1) / width;
  const int pixels = static_cast<int>(volume(shape)) / std::max(1, shape[0] * channels);
  Floats result(static_cast<std::size_t>(shape[0] * blocks * pixels * width), missing);
  for (std::size_t i = 0; i < planar.size(); i++) {
    const int pixel = static_cast<int>(i) % pixels, c = static_cast<int>(i) / pixels % channels,
              n = static_cast<int>(i) / pixels / channels;
    result[static_cast<std::size_t>(((n * blocks + c / width) * pixels + pixel) * width + c % width)] = planar[i];
  }
  return result;
}

// Within the rounding of a float of the result, and of `ofSizes` times what was added up.
void checkNear(const Floats& got, const std::vector<double>& wanted, double tolerance, const std::string& what) {
  bool near = got.size() == wanted.size();
  for (std::size_t i = 0; near && i < got.size(); i++) {
    near = std::abs(static_cast<double>(got[i]) - wanted[i]) <= tolerance * std::max(1.0, std::abs(wanted[i]));
    if (!near)
      std::printf("%s: element %zu is %.9g instead of %.9g\n", what.c_str(), i, static_cast<double>(got[i]), wanted[i]);
  }
  check(near, what);
}

// Relu or nothing, by the first function of a formula, with something added where there is a second input.
struct Chain {
  bool there, adds;
  Value description() const {
    if (!there) return Value();
    Value::Array functions;
    if (adds) functions.push_back(describe({{"name", "Add"}, {"operands", Sizes{0, 1}}}));
    functions.push_back(describe({{"name", "LeakyRelu"}, {"operands", Sizes{adds ? 3 : 0, adds ? 2 : 1}}}));
    return describe({{"constants", Floats{0.25f}}, {"functions", functions}});
  }
  double apply(double x, double other) const {
    if (!there) return x;
    if (adds) x += other;
    return x < 0 ? x / 4 : x;
  }
};

Chain anyChain(Generator& generator) {
  const bool there = between(generator, 0, 1) == 0;
  return {there, there && between(generator, 0, 1) == 0};
}

std::vector<Member> withChain(std::vector<Member> members, const Chain& chain) {
  if (chain.there) {
    members.push_back({"inputs", chain.adds ? 2 : 1});
    members.push_back({"formula", chain.description()});
  }
  return members;
}

void testGroup(const KernelTable& kernels, Generator& generator) {
  const int kind = between(generator, 0, 2);
  const int groups = between(generator, 1, kind == 0 ? 40 : 5);
  const int channels = groups * (kind == 0 ? 1 : kind == 1 ? between(generator, 1, 6) : 2 * kernels.width);
  const bool large = between(generator, 0, 9) == 0;
  const Sizes shape{between(generator, 1, 3), channels, between(generator, 1, 5),
                    large ? between(generator, 7000, 20000) / groups : between(generator, 1, 30)};
  const bool inBlocks = between(generator, 0, 1) == 0;
  const Floats x = spread(volume(shape), generator), scale = spread(static_cast<std::size_t>(channels), generator),
               bias = integers(static_cast<std::size_t>(channels), generator), other = integers(x.size(), generator);
  const bool scaled = between(generator, 0, 1) == 0, biased = between(generator, 0, 1) == 0;
  const Chain chain = anyChain(generator);
  const double epsilon = 1e-5;

  const std::size_t pixels = volume(shape) / static_cast<std::size_t>(shape[0] * channels);
  const std::size_t size = pixels * static_cast<std::size_t>(channels / groups);
  std::vector<double> wanted(x.size());
  for (std::size_t begin = 0; begin < x.size(); begin += size) {
    double mean = 0, variance = 0;
    for (std::size_t i = begin; i < begin + size; i++) mean += static_cast<double>(x[i]) / static_cast<double>(size);
    for (std::size_t i = begin; i < begin + size; i++) variance += std::pow(x[i] - mean, 2) / static_cast<double>(size);
    for (std::size_t i = begin; i < begin + size; i++) {
      const std::size_t c = i / pixels % static_cast<std::size_t>(channels);
      const double value =
          (x[i] - mean) / std::sqrt(variance + epsilon) * (scaled ? scale[c] : 1) + (biased ? bias[c] : 0);
      wanted[i] = chain.apply(value, other[i]);
    }
  }
  std::vector<Member> members{{"isa", kernels.name}, {"threads", between(generator, 1, 3)},
                              {"shape", shape},      {"layout", inBlocks ? "blocked" : "planar"},
                              {"groups", groups},    {"epsilon", epsilon},
                              {"scale", scaled},     {"bias", biased}};
  const std::unique_ptr<Kernel> kernel = prepare("group normalization", describe(withChain(members, chain)));
  const auto placed = [&](const Floats& values, float missing) {
    return inBlocks ? blocked(values, shape, kernels.width, missing) : values;
  };
  // What missing channels hold must not matter.
  std::vector<Floats> inputs{placed(x, NAN), scaled ? scale : Floats{}, biased ? bias : Floats{}};
  if (chain.adds) inputs.push_back(placed(other, 7));
  const std::string what = "group normalization of " + std::to_string(channels) + " channels, groups " +
                           std::to_string(groups) + (inBlocks ? " blocked" : "");
  const Floats got = run(*kernel, inputs, what);
  if (inBlocks) {
    // The same places hold zeros as in a blocked tensor of ones.
    const Floats there = blocked(Floats(x.size(), 1), shape, kernels.width);
    bool zeros = true;
    for (std::size_t i = 0; i < got.size(); i++) zeros = zeros && (there[i] == 1 || got[i] == 0);
    check(zeros, what + ": missing channels");
  }
  const Floats wantedFloats(wanted.begin(), wanted.end());
  const Floats reference = placed(wantedFloats, 0);
  // Scales are up to 1000, and so is what is added to cancel them.
  checkNear(got, {reference.begin(), reference.end()}, 2e-6 * (scaled ? 1000 : 8), what);
  checkCancelled(*kernel, inputs, what);
}

void testLayer(const KernelTable& kernels, Generator& generator) {
  const int rows = between(generator, 1, 20),
            length = between(generator, 1, between(generator, 0, 5) == 0 ? 5000 : 100);
  const Sizes shape{rows, length};
  const Floats x = spread(volume(shape), generator), scale = integers(static_cast<std::size_t>(length), generator),
               bias = integers(static_cast<std::size_t>(length), generator), other = integers(x.size(), generator);
  const bool scaled = between(generator, 0, 1) == 0, biased = between(generator, 0, 1) == 0;
  const Chain chain = anyChain(generator);
  std::vector<double> wanted(x.size());
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); row++) {
    const float* from = x.data() + row * static_cast<std::size_t>(length);
    double mean = 0, variance = 0;
    for (int i = 0; i < length; i++) mean += static_cast<double>(from[i]) / length;
    for (int i = 0; i < length; i++) variance += std::pow(from[i] - mean, 2) / length;
    for (int i = 0; i < length; i++) {
      const double value =
          (from[i] - mean) / std::sqrt(variance + 1e-5) * (scaled ? scale[i] : 1) + (biased ? bias[i] : 0);
      wanted[row * static_cast<std::size_t>(length) + i] =
          chain.apply(value, other[row * static_cast<std::size_t>(length) + i]);
    }
  }
  std::vector<Member> members{{"isa", kernels.name}, {"threads", between(generator, 1, 3)},
                              {"rows", rows},        {"length", length},
                              {"epsilon", 1e-5},     {"scale", scaled},
                              {"bias", biased}};
  const std::unique_ptr<Kernel> kernel = prepare("layer normalization", describe(withChain(members, chain)));
  std::vector<Floats> inputs{x, scaled ? scale : Floats{}, biased ? bias : Floats{}};
  if (chain.adds) inputs.push_back(other);
  const std::string what = "layer normalization of rows of " + std::to_string(length);
  checkNear(run(*kernel, inputs, what), wanted, 2e-5, what);
  checkCancelled(*kernel, inputs, what);
}

struct Operation {
  const char* name;
  double start;
  double (*take)(double, double);
  double (*finish)(double, double);
};
const Operation kOperations[] = {
    {"Sum", 0, [](double t, double x) { return t + x; }, [](double t, double) { return t; }},
    {"Mean", 0, [](double t, double x) { return t + x; }, [](double t, double n) { return t / n; }},
    {"Max", -INFINITY, [](double t, double x) { return x > t ? x : t; }, [](double t, double) { return t; }},
    {"Min", INFINITY, [](double t, double x) { return x < t ? x : t; }, [](double t, double) { return t; }},
    {"Prod", 1, [](double t, double x) { return t * x; }, [](double t, double) { return t; }},
    {"L1", 0, [](double t, double x) { return t + std::abs(x); }, [](double t, double) { return t; }},
    {"L2", 0, [](double t, double x) { return t + x * x; }, [](double t, double) { return std::sqrt(t); }},
    {"SumSquare", 0, [](double t, double x) { return t + x * x; }, [](double t, double) { return t; }},
    {"LogSum", 0, [](double t, double x) { return t + x; }, [](double t, double) { return std::log(t); }},
};

void testReduce(const KernelTable& kernels, Generator& generator) {
  const bool inBlocks = between(generator, 0, 1) == 0;
  const int rank = between(generator, inBlocks ? 2 : 0, 5),
            large = between(generator, 0, 9) == 0 ? between(generator, 0, rank) : -1;
  Sizes shape, axes, kept;
  for (int a = 0; a < rank; a++) {
    shape.push_back(a == large
                        ? between(generator, 20000, 70000) / std::max<int>(1, static_cast<int>(volume(shape))) + 1
                        : between(generator, 1, a == 1 ? 20 : 5));
    const bool reduced = between(generator, 0, 1) == 0 && !(inBlocks && a == 1);
    if (reduced) axes.push_back(a);
    kept.push_back(reduced ? 1 : shape.back());
  }
  const Operation& operation = kOperations[between(generator, 0, 8)];
  const bool product = std::string(operation.name) == "Prod", logarithm = std::string(operation.name) == "LogSum";
  Floats x = integers(volume(shape), generator);
  for (float& value : x)
    value = product ? (value < 0 ? -1.0f : value > 6 ? 2.0f : 1.0f) : logarithm ? std::abs(value) + 1 : value;
  std::vector<double> totals(volume(kept), operation.start);
  for (std::size_t i = 0; i < x.size(); i++) {
    std::size_t at = 0, stride = 1, rest = i;
    for (std::size_t a = shape.size(); a-- > 0; rest /= static_cast<std::size_t>(shape[a])) {
      if (kept[a] > 1) at += rest % static_cast<std::size_t>(shape[a]) * stride;
      stride *= static_cast<std::size_t>(kept[a]);
    }
    totals[at] = operation.take(totals[at], static_cast<double>(x[i]));
  }
  const double count = static_cast<double>(x.size()) / static_cast<double>(totals.size());
  Floats wanted;
  for (const double total : totals) wanted.push_back(static_cast<float>(operation.finish(total, count)));
  const std::unique_ptr<Kernel> kernel = prepare("reduce", describe({{"isa", kernels.name},
                                                                     {"threads", between(generator, 1, 3)},
                                                                     {"layout", inBlocks ? "blocked" : "planar"},
                                                                     {"shape", shape},
                                                                     {"axes", axes},
                                                                     {"operation", operation.name}}));
  std::string what = std::string(operation.name) + (inBlocks ? " blocked" : " planar");
  for (std::size_t a = 0; a < shape.size(); a++)
    what += " " + std::to_string(shape[a]) + (kept[a] != shape[a] ? "*" : "");
  const std::vector<Floats> inputs{inBlocks ? blocked(x, shape, kernels.width, 3) : x};
  // Sums of integers are exact; -0 of a product or an extreme is as good as 0.
  Floats got = run(*kernel, inputs, what);
  for (float& value : got) value += 0.0f;
  checkSame(got, inBlocks ? blocked(wanted, kept, kernels.width) : wanted, what);
  checkCancelled(*kernel, inputs, what);
}

void testSoftmax(const KernelTable& kernels, Generator& generator) {
  const int outer = between(generator, 1, 5), length = between(generator, 1, between(generator, 0, 5) == 0 ? 3000 : 40),
            inner =
                between(generator, 0, 1) == 0 ? 1 : between(generator, 1, between(generator, 0, 5) == 0 ? 1200 : 30);
  const bool logarithm = between(generator, 0, 1) == 0;
  const Floats x = spread(static_cast<std::size_t>(outer * length * inner), generator);
  std::vector<double> wanted(x.size());
  for (int o = 0; o < outer; o++) {
    for (int i = 0; i < inner; i++) {
      const auto at = [&](int d) { return static_cast<std::size_t>((o * length + d) * inner + i); };
      double top = -INFINITY, sum = 0;
      for (int d = 0; d < length; d++) top = std::max(top, static_cast<double>(x[at(d)]));
      for (int d = 0; d < length; d++) sum += std::exp(x[at(d)] - top);
      for (int d = 0; d < length; d++)
        wanted[at(d)] = logarithm ? x[at(d)] - top - std::log(sum) : std::exp(x[at(d)] - top) / sum;
    }
  }
  const std::unique_ptr<Kernel> kernel = prepare("softmax", describe({{"isa", kernels.name},
                                                                      {"threads", between(generator, 1, 3)},
                                                                      {"outer", outer},
                                                                      {"length", length},
                                                                      {"inner", inner},
                                                                      {"logarithm", logarithm}}));
  const std::string what =
      "softmax " + std::to_string(outer) + " " + std::to_string(length) + " " + std::to_string(inner);
  checkNear(run(*kernel, {x}, what), wanted, 4e-7, what);
  checkCancelled(*kernel, {x}, what);
}

void testLrn(const KernelTable& kernels, Generator& generator) {
  const int batch = between(generator, 1, 2), channels = between(generator, 1, 12),
            pixels = between(generator, 1, 1500), size = between(generator, 1, 9);
  const double alpha = 0.5, beta = between(generator, 0, 1) == 0 ? 0.75 : 0.6, bias = 1.5;
  const Floats x = spread(static_cast<std::size_t>(batch * channels * pixels), generator);
  std::vector<double> wanted;
  for (int i = 0; i < batch * channels * pixels; i++) {
    const int c = i / pixels % channels;
    double sum = 0;
    for (int d = -((size - 1) / 2); d <= size / 2; d++) {
      if (c + d >= 0 && c + d < channels) sum += std::pow(x[static_cast<std::size_t>(i + d * pixels)], 2);
    }
    wanted.push_back(x[static_cast<std::size_t>(i)] / std::pow(bias + alpha / size * sum, beta));
  }
  const std::unique_ptr<Kernel> kernel = prepare("lrn", describe({{"isa", kernels.name},
                                                                  {"threads", between(generator, 1, 3)},
                                                                  {"batch", batch},
                                                                  {"channels", channels},
                                                                  {"pixels", pixels},
                                                                  {"size", size},
                                                                  {"alpha", alpha},
                                                                  {"beta", beta},
                                                                  {"bias", bias}}));
  const std::string what = "LRN of " + std::to_string(channels) + " channels, size " + std::to_string(size);
  checkNear(run(*kernel, {x}, what), wanted, 1e-6, what);
  checkCancelled(*kernel, {x}, what);
}

// A million numbers far from zero: their mean and variance keep a float's digits.
void testMillion(const KernelTable& kernels) {
  Generator generator(3);
  Floats x(1000000);
  for (float& value : x) value = 1000 + std::normal_distribution<float>(0, 1)(generator);
  double mean = 0, variance = 0;
  for (const float value : x) mean += static_cast<double>(value) / 1e6;
  for (const float value : x) variance += std::pow(value - mean, 2) / 1e6;
  std::vector<double> wanted;
  for (const float value : x) wanted.push_back((value - mean) / std::sqrt(variance + 1e-5));
  for (const int threads : {1, 2}) {
    const std::unique_ptr<Kernel> kernel = prepare("group normalization", describe({{"isa", kernels.name},
                                                                                    {"threads", threads},
                                                                                    {"layout", "planar"},
                                                                                    {"shape", Sizes{1, 1, 1000000}},
                                                                                    {"groups", 1},
                                                                                    {"epsilon", 1e-5},
                                                                                    {"scale", false},
                                                                                    {"bias", false}}));
    checkNear(run(*kernel, {x}, "a million"), wanted, 4e-7, std::string(kernels.name) + " normalization of a million");
  }
}

void testRefusals(const KernelTable& kernels) {
  const auto group = [&](Sizes shape, int groups, double epsilon = 1e-5) {
    return std::vector<Member>{{"isa", kernels.name}, {"threads", 1},       {"layout", "planar"}, {"shape", shape},
                               {"groups", groups},    {"epsilon", epsilon}, {"scale", false},     {"bias", false}};
  };
  checkRefused("group normalization", group({2, 6, 4}, 4), "groups that do not divide");
  checkRefused("group normalization", group({2, 6, 4}, 0), "no groups");
  checkRefused("group normalization", group({6}, 1), "no channels");
  checkRefused("group normalization", group({2, 6, 4}, 3, -1), "a negative epsilon");
  const auto reduce = [&](Sizes axes, const char* layout, const char* operation) {
    return std::vector<Member>{{"isa", kernels.name},     {"threads", 1}, {"layout", layout},
                               {"shape", Sizes{2, 3, 4}}, {"axes", axes}, {"operation", operation}};
  };
  checkRefused("reduce", reduce({3}, "planar", "Sum"), "an axis beyond");
  checkRefused("reduce", reduce({-1}, "planar", "Sum"), "a negative axis");
  checkRefused("reduce", reduce({1}, "blocked", "Sum"), "a blocked axis");
  checkRefused("reduce", reduce({2}, "planar", "Median"), "an unknown operation");
}

void testAll(const KernelTable& kernels, Generator& generator) {
  testGroup(kernels, generator);
  testLayer(kernels, generator);
  testReduce(kernels, generator);
  testSoftmax(kernels, generator);
  testLrn(kernels, generator);
}

}  // namespace

int main(int argc, char** argv) {
  return runAll(argc, argv, testAll, [](const KernelTable& kernels) {
    testMillion(kernels);
    testRefusals(kernels);
  });
}
