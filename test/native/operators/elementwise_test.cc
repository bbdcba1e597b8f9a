// Elementwise functions against the C library in double precision, and formulas of broadcast inputs against their
// definition, on integers, where every result is exact.

#include <algorithm>
#include <limits>

#include "operators.h"

using namespace operators_test;
using winograd::ElementFunction;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
using Sizes = std::vector<int32_t>;

// A function of up to four numbers, and how far the engine may be from it: relative to the result and to the argument.
struct Function {
  const char* name;
  int operands;
  double (*value)(double, double, double, double);
  double relative = 0, ofArgument = 0;
  Floats parameters = {};
  bool positive = false;
};

double normal(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}
double softplus(double x) {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}
double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

// One rounding; and the few of a polynomial.
constexpr double kExact = 6e-8, kClose = 4e-7;

const Function kFunctions[] = {
    {"Identity", 1, [](double x, double, double, double) { return x; }},
    {"Add", 2, [](double x, double y, double, double) { return x + y; }, kExact},
    {"Sub", 2, [](double x, double y, double, double) { return x - y; }, kExact},
    {"Mul", 2, [](double x, double y, double, double) { return x * y; }, kExact},
    {"Div", 2, [](double x, double y, double, double) { return x / y; }, kExact},
    {"Min", 2, [](double x, double y, double, double) { return x < y ? x : y; }},
    {"Max", 2, [](double x, double y, double, double) { return x > y ? x : y; }},
    {"Pow", 2, [](double x, double y, double, double) { return std::pow(x, y); }, 1e-7, 0, {}, true},
    {"Abs", 1, [](double x, double, double, double) { return std::abs(x); }},
    {"Neg", 1, [](double x, double, double, double) { return -x; }},
    {"Reciprocal", 1, [](double x, double, double, double) { return 1 / x; }, kExact},
    {"Sign", 1, [](double x, double, double, double) { return x > 0   ? 1.0
                                                              : x < 0 ? -1.0
                                                                      : 0.0; }},
    {"Floor", 1, [](double x, double, double, double) { return std::floor(x); }},
    {"Ceil", 1, [](double x, double, double, double) { return std::ceil(x); }},
    {"Round", 1, [](double x, double, double, double) { return std::nearbyint(x); }},
    {"Sqrt", 1, [](double x, double, double, double) { return std::sqrt(x); }, kExact, 0, {}, true},
    {"Exp", 1, [](double x, double, double, double) { return std::exp(x); }, 1.2e-7},
    {"Log", 1, [](double x, double, double, double) { return std::log(x); }, kClose, 0, {}, true},
    {"Erf", 1, [](double x, double, double, double) { return std::erf(x); }, kClose},
    {"Tanh", 1, [](double x, double, double, double) { return std::tanh(x); }, kClose},
    {"Sigmoid", 1, [](double x, double, double, double) { return sigmoid(x); }, kClose},
    {"HardSigmoid",
     3,
     [](double x, double a, double b, double) { return std::clamp(a * x + b, 0.0, 1.0); },
     kExact,
     kExact,
     {0.25f, 0.5f}},
    {"HardSwish", 1, [](double x, double, double, double) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }, kClose,
     kClose},
    {"Silu", 1, [](double x, double, double, double) { return x < -700 ? 0 : x * sigmoid(x); }, kClose},
    {"Mish", 1, [](double x, double, double, double) { return x * std::tanh(softplus(x)); }, kClose},
    {"Gelu", 1, [](double x, double, double, double) { return x * normal(x); }, kClose, 1e-7},
    {"GeluTanh", 1,
     [](double x, double, double, double) {
       return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
     },
     kClose, 1e-7},
    {"Softplus", 1, [](double x, double, double, double) { return softplus(x); }, kClose},
    {"Softsign", 1, [](double x, double, double, double) { return x / (1 + std::abs(x)); }, kClose},
    {"Relu", 1, [](double x, double, double, double) { return x > 0 ? x : 0; }},
    {"LeakyRelu", 2, [](double x, double a, double, double) { return x < 0 ? a * x : x; }, kExact},
    {"Elu", 2, [](double x, double a, double, double) { return x < 0 ? a * std::expm1(x) : x; }, kClose},
    {"Selu",
     3,
     [](double x, double a, double g, double) { return g * (x < 0 ? a * std::expm1(x) : x); },
     5e-7,
     0,
     {1.6732632f, 1.0507009f}},
    {"Celu", 2, [](double x, double a, double, double) { return x < 0 ? a * std::expm1(x / a) : x; }, 5e-7, 0, {1.5f}},
    {"ThresholdedRelu", 2, [](double x, double a, double, double) { return x > a ? x : 0; }},
    {"Clip", 3, [](double x, double low, double high, double) { return std::min(std::max(x, low), high); }},
    {"MultiplyAdd", 3, [](double x, double y, double z, double) { return x * y + z; }, kExact, 2e-7, {3, 5}},
    {"Normalize",
     4,
     [](double x, double m, double s, double b) { return (x - m) * s + b; },
     2e-7,
     2e-7,
     {0.25f, 0.5f, 3}},
    {"Equal", 2, [](double x, double y, double, double) { return x == y ? 1.0 : 0.0; }},
    {"Greater", 2, [](double x, double y, double, double) { return x > y ? 1.0 : 0.0; }},
    {"GreaterOrEqual", 2, [](double x, double y, double, double) { return x >= y ? 1.0 : 0.0; }},
    {"Less", 2, [](double x, double y, double, double) { return x < y ? 1.0 : 0.0; }},
    {"LessOrEqual", 2, [](double x, double y, double, double) { return x <= y ? 1.0 : 0.0; }},
    {"And", 2, [](double x, double y, double, double) { return x != 0 && y != 0 ? 1.0 : 0.0; }},
    {"Or", 2, [](double x, double y, double, double) { return x != 0 || y != 0 ? 1.0 : 0.0; }},
    {"Xor", 2, [](double x, double y, double, double) { return (x != 0) != (y != 0) ? 1.0 : 0.0; }},
    {"Not", 1, [](double x, double, double, double) { return x == 0 ? 1.0 : 0.0; }},
    {"Where", 3, [](double x, double y, double z, double) { return x != 0 ? y : z; }},
};

const ElementFunction& find(const KernelTable& kernels, const std::string& name) {
  for (int f = 0; f < kernels.functionCount; f++) {
    if (name == kernels.functions[f].name) return kernels.functions[f];
  }
  std::printf("no function %s in %s\n", name.c_str(), kernels.name);
  std::abort();
}

Floats results(const ElementFunction& function, const std::vector<Floats>& operands) {
  Floats out(operands[0].size());
  winograd::StripArgs args{};
  for (std::size_t o = 0; o < operands.size(); o++) args.operands[o] = {operands[o].data(), false};
  args.to = out.data();
  args.count = static_cast<std::ptrdiff_t>(out.size());
  function.run(args);
  return out;
}

// Numbers of every size, where the function is neither denormal nor infinite.
float anyNumber(Generator& generator, bool positive) {
  const double size = std::exp2(std::uniform_real_distribution<double>(-20, 7)(generator));
  return static_cast<float>(positive || between(generator, 0, 1) == 0 ? size : -size);
}

void testFunctions(const KernelTable& kernels) {
  check(static_cast<std::size_t>(kernels.functionCount) == std::size(kFunctions), "every function is tested");
  Generator generator(1);
  for (const Function& function : kFunctions) {
    std::vector<Floats> operands(function.operands, Floats(20011));
    for (std::size_t o = 0; o < operands.size(); o++) {
      for (float& value : operands[o]) {
        value = o > 0 && !function.parameters.empty() ? function.parameters[o - 1]
                                                      : anyNumber(generator, function.positive && o == 0);
        if (std::string(function.name) == "Pow" && o == 1) value /= 8;
        if (std::string(function.name) == "Clip") value = o == 1 ? -2 : o == 2 ? 3 : value;
      }
    }
    const Floats got = results(find(kernels, function.name), operands);
    double worst = 0;
    float at = 0;
    for (std::size_t i = 0; i < got.size(); i++) {
      const auto operand = [&](std::size_t o) { return o < operands.size() ? static_cast<double>(operands[o][i]) : 0; };
      const double wanted = function.value(operand(0), operand(1), operand(2), operand(3));
      // Below 2^-126 floats have fewer digits, and so have products of such with the argument.
      const double tiny = 1.2e-38 * std::max(1.0, std::abs(operand(0)));
      const double allowed = function.relative * std::abs(wanted) + function.ofArgument * std::abs(operand(0)) + tiny;
      if (std::abs(wanted) > static_cast<double>(std::numeric_limits<float>::max())) continue;
      const double excess = std::abs(static_cast<double>(got[i]) - wanted) / allowed;
      if (!(excess <= worst)) worst = excess, at = operands[0][i];
    }
    if (!(worst <= 1)) std::printf("%s at %g: %g of what is allowed\n", function.name, static_cast<double>(at), worst);
    check(worst <= 1, std::string(kernels.name) + " " + function.name);
  }
}

struct Special {
  const char* name;
  Floats operands;
  float wanted;
};

void testSpecials(const KernelTable& kernels) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), denormal = 1e-42f;
  std::vector<Special> specials = {
      {"Exp", {kInfinity}, kInfinity},
      {"Exp", {-kInfinity}, 0},
      {"Exp", {89}, kInfinity},
      {"Exp", {-110}, 0},
      {"Exp", {0}, 1},
      {"Log", {0}, -kInfinity},
      {"Log", {-0.0f}, -kInfinity},
      {"Log", {-1}, nan},
      {"Log", {kInfinity}, kInfinity},
      {"Log", {-kInfinity}, nan},
      {"Log", {1}, 0},
      {"Log", {denormal}, std::log(denormal)},
      {"Erf", {kInfinity}, 1},
      {"Erf", {-kInfinity}, -1},
      {"Erf", {-0.0f}, -0.0f},
      {"Tanh", {kInfinity}, 1},
      {"Tanh", {-kInfinity}, -1},
      {"Tanh", {-0.0f}, -0.0f},
      {"Sigmoid", {kInfinity}, 1},
      {"Sigmoid", {-kInfinity}, 0},
      {"Silu", {-kInfinity}, -0.0f},
      {"Silu", {kInfinity}, kInfinity},
      {"Mish", {-kInfinity}, -0.0f},
      {"Mish", {kInfinity}, kInfinity},
      {"Gelu", {-kInfinity}, -0.0f},
      {"Gelu", {kInfinity}, kInfinity},
      {"GeluTanh", {-kInfinity}, -0.0f},
      {"GeluTanh", {kInfinity}, kInfinity},
      {"HardSwish", {-kInfinity}, -0.0f},
      {"HardSwish", {kInfinity}, kInfinity},
      {"Softplus", {kInfinity}, kInfinity},
      {"Softplus", {-kInfinity}, 0},
      {"Softsign", {kInfinity}, 1},
      {"Softsign", {-kInfinity}, -1},
      {"Elu", {-kInfinity, 2}, -2},
      {"Elu", {kInfinity, 2}, kInfinity},
      {"Relu", {-1}, 0},
      {"Relu", {-kInfinity}, 0},
      {"Floor", {-0.5f}, -1},
      {"Ceil", {-0.5f}, -0.0f},
      {"Round", {-0.5f}, -0.0f},
      {"Round", {2.5f}, 2},
      {"Round", {16777217.0f * 8}, 16777217.0f * 8},
      {"Floor", {kInfinity}, kInfinity},
      {"Sqrt", {-1}, nan},
      {"Sign", {-0.0f}, -0.0f},
      {"Max", {1, nan}, nan},
      {"Max", {nan, 1}, nan},
      {"Min", {1, nan}, nan},
      {"Min", {nan, 1}, nan},
  };
  const Floats bases = {0, -0.0f, 1, -1, 2, -2, 0.5f, -0.5f, 3, kInfinity, -kInfinity, nan, denormal, -2.5f};
  for (const float x : bases) {
    for (const float y : bases) specials.push_back({"Pow", {x, y}, std::pow(x, y)});
  }
  for (const Function& function : kFunctions) {
    const std::string name = function.name;
    const bool truth =
        function.relative == 0 && (name.find("Equal") != name.npos || name == "Greater" || name == "Less");
    if (truth || name == "And" || name == "Or" || name == "Xor" || name == "Not" || name == "Where" || name == "Pow")
      continue;
    Floats operands(function.operands, 0.5f);
    operands[0] = nan;
    specials.push_back({function.name, operands, nan});
  }
  for (const Special& special : specials) {
    std::vector<Floats> operands;
    for (const float value : special.operands) operands.push_back({value});
    const float got = results(find(kernels, special.name), operands)[0];
    const bool right =
        special.wanted != special.wanted
            ? got != got
            : (got == special.wanted || std::abs(got - special.wanted) <= 1e-6f * std::abs(special.wanted)) &&
                  std::signbit(got) == std::signbit(special.wanted);
    check(right, std::string(kernels.name) + " " + special.name + " of " + std::to_string(special.operands[0]) +
                     " is " + std::to_string(got) + " instead of " + std::to_string(special.wanted));
  }
}

// A tensor of a case: sizes that broadcast to the result's, and its values in row-major order.
struct Tensor {
  Sizes shape;
  bool blocked;
  Floats values;
};

std::size_t volume(const Sizes& shape) {
  std::size_t count = 1;
  for (const int32_t size : shape) count *= static_cast<std::size_t>(size);
  return count;
}

// N x C x P to N x C/width x P x width, zeros for what is missing.
Floats arranged(const Tensor& tensor, int width) {
  if (!tensor.blocked) return tensor.values;
  const int channels = tensor.shape[1], blocks = (channels + width - 1) / width;
  const int pixels = static_cast<int>(volume(tensor.shape)) / std::max(1, tensor.shape[0] * channels);
  Floats result(static_cast<std::size_t>(tensor.shape[0] * blocks * pixels * width));
  for (std::size_t i = 0; i < tensor.values.size(); i++) {
    const int pixel = static_cast<int>(i) % pixels, c = static_cast<int>(i) / pixels % channels,
              n = static_cast<int>(i) / pixels / channels;
    result[static_cast<std::size_t>(((n * blocks + c / width) * pixels + pixel) * width + c % width)] =
        tensor.values[i];
  }
  return result;
}

// Where the element of the result with this index finds its like in a tensor.
std::size_t meets(std::size_t index, const Sizes& result, const Sizes& shape) {
  std::size_t at = 0, stride = 1;
  for (std::size_t a = result.size(); a-- > 0;) {
    const std::size_t x = index % static_cast<std::size_t>(result[a]);
    index /= static_cast<std::size_t>(result[a]);
    if (shape[a] > 1) at += x * stride;
    stride *= static_cast<std::size_t>(shape[a]);
  }
  return at;
}

Member layoutOf(const Tensor& tensor) {
  return {"layout", tensor.blocked ? "blocked" : "planar"};
}

void testFormula(const KernelTable& kernels, Generator& generator) {
  Tensor result{{}, between(generator, 0, 1) == 0, {}};
  const int rank = between(generator, result.blocked ? 2 : 0, 5);
  const bool large = between(generator, 0, 5) == 0;
  for (int a = 0; a < rank; a++)
    result.shape.push_back(between(generator, 1, large && a == rank - 1 ? 3000 : a == 1 ? 20 : 6));
  if (rank > 0 && between(generator, 0, 40) == 0) result.shape[static_cast<std::size_t>(rank - 1)] = 0;

  std::vector<Tensor> tensors;
  const int inputs = between(generator, 1, 4);
  for (int i = 0; i < inputs; i++) {
    Tensor tensor{result.shape, result.blocked, {}};
    for (int32_t& size : tensor.shape) {
      if (i > 0 && between(generator, 0, 2) == 0) size = 1;
    }
    if (tensor.blocked && tensor.shape[1] == 1) tensor.blocked = between(generator, 0, 1) == 0;
    tensor.values = integers(volume(tensor.shape), generator);
    tensors.push_back(tensor);
  }

  // A chain of exact functions of what is there so far; a new operand keeps values small.
  constexpr const char* binary[] = {"Add", "Sub", "Max", "Min", "Greater"};
  constexpr const char* unary[] = {"Neg", "Abs", "Relu", "Identity", "Sign"};
  const Floats constants = {3, -2};
  Value::Array functions;
  std::vector<std::pair<std::string, Sizes>> steps;
  const int known = inputs + static_cast<int>(constants.size()), count = between(generator, 1, 8);
  for (int s = 0; s < count; s++) {
    const auto any = [&] { return between(generator, 0, known + s - 1); };
    if (between(generator, 0, 3) == 0) {
      steps.push_back({unary[between(generator, 0, 4)], {any()}});
    } else if (between(generator, 0, 4) == 0) {
      steps.push_back({"Where", {any(), any(), any()}});
    } else {
      steps.push_back({binary[between(generator, 0, 4)], {any(), any()}});
    }
    functions.push_back(describe({{"name", steps.back().first}, {"operands", steps.back().second}}));
  }

  Value::Array descriptions;
  for (const Tensor& tensor : tensors) descriptions.push_back(describe({layoutOf(tensor), {"shape", tensor.shape}}));
  const Value description = describe({{"isa", kernels.name},
                                      {"threads", between(generator, 1, 3)},
                                      layoutOf(result),
                                      {"shape", result.shape},
                                      {"inputs", descriptions},
                                      {"streamed", between(generator, 0, 1) == 0},
                                      {"formula", describe({{"constants", constants}, {"functions", functions}})}});
  const std::unique_ptr<Kernel> kernel = prepare("elementwise", description);

  for (std::size_t i = 0; i < volume(result.shape); i++) {
    std::vector<float> values;
    for (const Tensor& tensor : tensors) values.push_back(tensor.values[meets(i, result.shape, tensor.shape)]);
    values.insert(values.end(), constants.begin(), constants.end());
    for (const auto& [name, operands] : steps) {
      const auto operand = [&](std::size_t o) {
        return o < operands.size() ? static_cast<double>(values[static_cast<std::size_t>(operands[o])]) : 0;
      };
      const auto* function = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                          [&](const Function& each) { return name == each.name; });
      values.push_back(static_cast<float>(function->value(operand(0), operand(1), operand(2), operand(3))));
    }
    result.values.push_back(values.back());
  }
  std::vector<Floats> given;
  for (const Tensor& tensor : tensors) given.push_back(arranged(tensor, kernels.width));
  std::string what = std::string("formula of ") + std::to_string(count) + (result.blocked ? " blocked" : " planar");
  for (const int32_t size : result.shape) what += " " + std::to_string(size);
  const Floats wanted = arranged(result, kernels.width);
  const auto equal = [&](const Floats& got) {
    // Zeros may have either sign, as the order of comparisons has it.
    return got.size() == wanted.size() && std::equal(got.begin(), got.end(), wanted.begin());
  };
  check(equal(run(*kernel, given, what)), what);
  if (volume(result.shape) > 0) checkCancelled(*kernel, given, what);

  // In place of the first input, which has the size of the result.
  if (tensors[0].blocked != result.blocked) return;
  std::vector<Buffer> in;
  for (Floats& values : given) in.push_back({values.data(), values.size() * sizeof(float)});
  Floats workspace(kernel->workspaceBytes() / sizeof(float) + 1);
  kernel->execute(in, std::vector<Buffer>{in[0]}, {{workspace.data(), kernel->workspaceBytes()}, nullptr});
  check(equal(given[0]), what + " in place");
}

void testRefusals(const KernelTable& kernels) {
  const auto formula = [](const char* name, Sizes operands) {
    return describe({{"constants", Floats{}},
                     {"functions", Value::Array{describe({{"name", name}, {"operands", std::move(operands)}})}}});
  };
  const auto input = [](Sizes shape, const char* layout = "planar") {
    return describe({{"layout", layout}, {"shape", std::move(shape)}});
  };
  const auto with = [&](Sizes shape, Value::Array inputs, const Value& chain, const char* layout = "planar") {
    return std::vector<Member>{
        {"isa", kernels.name},         {"threads", 1},    {"layout", layout}, {"shape", std::move(shape)},
        {"inputs", std::move(inputs)}, {"formula", chain}};
  };
  const Value relu = formula("Relu", {0});
  checkRefused("elementwise", with({2, 3}, {input({2, 4})}, relu), "another shape");
  checkRefused("elementwise", with({2, 3}, {input({3})}, relu), "another rank");
  checkRefused("elementwise", with({2, 3}, {}, relu), "no inputs");
  checkRefused("elementwise", with({2, 3}, {input({2, 3}, "blocked")}, relu), "a blocked input of a planar result");
  checkRefused("elementwise", with({2, 3}, {input({2, 3})}, relu, "blocked"), "a planar input of a blocked result");
  checkRefused("elementwise", with({3}, {input({3})}, relu, "blocked"), "a blocked vector");
  checkRefused("elementwise", with({-1}, {input({-1})}, relu), "a negative size");
  checkRefused("elementwise", with({65536, 65536}, {input({1, 1})}, relu), "too many elements");
  const Sizes huge{0, 1 << 30, 1 << 30, 1 << 30, 1 << 30};
  checkRefused("elementwise", with(huge, {input(huge)}, relu), "nothing of sizes that overflow");
  checkRefused("elementwise", with({2}, {input({2})}, formula("Magic", {0})), "an unknown function");
  checkRefused("elementwise", with({2}, {input({2})}, formula("Add", {0})), "too few operands");
  checkRefused("elementwise", with({2}, {input({2})}, formula("Relu", {1})), "an operand that comes later");
  checkRefused("elementwise", with({2}, {input({2})}, formula("Relu", {-1})), "a negative operand");
  checkRefused("elementwise", with({2}, {input({2})}, describe({{"functions", Value::Array{}}})), "no functions");
}

}  // namespace

int main(int argc, char** argv) {
  return runAll(argc, argv, testFormula, [](const KernelTable& kernels) {
    testFunctions(kernels);
    testSpecials(kernels);
    testRefusals(kernels);
  });
}
