// Pooling and resampling against their definitions, window by window and output by output.

#include <algorithm>

#include "operators.h"

using namespace operators_test;

namespace {

using Three = std::vector<int32_t>;

struct Case {
  int planes, lanes;
  Three input, output, kernel, stride, dilation, padBegin, padEnd;
  bool averages, countsPadding;

  int outputs() const { return output[0] * output[1] * output[2]; }
  int inputs() const { return input[0] * input[1] * input[2]; }
  // Of output x, tap k.
  int at(std::size_t axis, int x, int k) const { return x * stride[axis] + k * dilation[axis] - padBegin[axis]; }
  bool inside(std::size_t axis, int at) const { return at >= 0 && at < input[axis]; }
};

Case randomCase(const KernelTable& kernels, Generator& generator) {
  for (;;) {
    Case c;
    c.planes = between(generator, 1, 3);
    c.lanes = between(generator, 0, 1) == 0 ? 1 : kernels.width;
    c.averages = between(generator, 0, 1) == 1;
    c.countsPadding = between(generator, 0, 1) == 1;
    bool possible = true;
    for (std::size_t a = 0; a < 3; a++) {
      c.input.push_back(between(generator, 1, a == 2 ? 40 : 6));
      c.kernel.push_back(between(generator, 1, 4));
      c.stride.push_back(between(generator, 1, 3));
      c.dilation.push_back(between(generator, 1, 2));
      c.padBegin.push_back(between(generator, 0, c.kernel[a] - 1));
      c.padEnd.push_back(between(generator, 0, c.kernel[a] - 1));
      const int span = c.input[a] + c.padBegin[a] + c.padEnd[a] - (c.kernel[a] - 1) * c.dilation[a] - 1;
      const bool up = between(generator, 0, 1) == 1;
      c.output.push_back(span < 0 ? 0 : (span + (up ? c.stride[a] - 1 : 0)) / c.stride[a] + 1);
      for (int x = 0; x < c.output[a]; x++) {
        bool meets = false;
        for (int k = 0; k < c.kernel[a]; k++) meets = meets || c.inside(a, c.at(a, x, k));
        possible = possible && meets;
      }
      possible = possible && c.output[a] > 0;
    }
    if (possible) return c;
  }
}

Floats pooled(const Case& c, const Floats& input) {
  Floats result;
  for (int plane = 0; plane < c.planes; plane++) {
    for (int o = 0; o < c.outputs(); o++) {
      const int x[3] = {o / c.output[2] / c.output[1], o / c.output[2] % c.output[1], o % c.output[2]};
      for (int lane = 0; lane < c.lanes; lane++) {
        double sum = 0;
        float most = -INFINITY;
        int counted = 0;
        bool broken = false;
        for (int i = 0; i < c.kernel[0] * c.kernel[1] * c.kernel[2]; i++) {
          const int k[3] = {i / c.kernel[2] / c.kernel[1], i / c.kernel[2] % c.kernel[1], i % c.kernel[2]};
          int at[3];
          bool inside = true, padded = true;
          for (std::size_t a = 0; a < 3; a++) {
            at[a] = c.at(a, x[a], k[a]);
            inside = inside && c.inside(a, at[a]);
            padded = padded && at[a] < c.input[a] + c.padEnd[a];
          }
          counted += c.countsPadding ? padded : inside;
          if (!inside) continue;
          const int pixel = (at[0] * c.input[1] + at[1]) * c.input[2] + at[2];
          const float value = input[static_cast<std::size_t>((plane * c.inputs() + pixel) * c.lanes + lane)];
          sum += static_cast<double>(value);
          broken = broken || value != value;
          most = std::max(most, value);
        }
        // Sums of small integers are exact, and one division rounds once.
        const float mean = static_cast<float>(sum) / static_cast<float>(counted);
        result.push_back(c.averages ? mean : broken ? NAN : most);
      }
    }
  }
  return result;
}

std::vector<Member> description(const Case& c, const KernelTable& kernels, int threads) {
  return {{"isa", kernels.name},
          {"threads", threads},
          {"kind", c.averages ? "average" : "maximum"},
          {"planes", c.planes},
          {"lanes", c.lanes},
          {"input", c.input},
          {"output", c.output},
          {"kernel", c.kernel},
          {"stride", c.stride},
          {"dilation", c.dilation},
          {"padBegin", c.padBegin},
          {"padEnd", c.padEnd},
          {"countsPadding", c.countsPadding}};
}

void testPool(const KernelTable& kernels, Generator& generator) {
  const Case c = randomCase(kernels, generator);
  Floats input = integers(static_cast<std::size_t>(c.planes * c.inputs() * c.lanes), generator);
  if (between(generator, 0, 3) == 0) input[input.size() / 2] = NAN;
  if (between(generator, 0, 3) == 0)
    std::fill(input.begin(), input.begin() + static_cast<int>(input.size()) / 2, -INFINITY);
  const auto kernel = prepare("pool", describe(description(c, kernels, between(generator, 1, 3))));
  checkSame(run(*kernel, {input}, "pool"), pooled(c, input), c.averages ? "average" : "maximum");
}

void testResample(const KernelTable& kernels, Generator& generator) {
  const int outer = between(generator, 1, 5), inputs = between(generator, 1, 30), outputs = between(generator, 1, 60);
  const int kind = between(generator, 0, 2);
  const int inner = kind == 0 ? 1 : kind == 1 ? kernels.width * between(generator, 1, 3) : between(generator, 1, 90);
  const int taps = between(generator, 1, 4);
  std::vector<int32_t> indices;
  Floats weights = integers(static_cast<std::size_t>(taps * outputs), generator);
  for (int i = 0; i < taps * outputs; i++) indices.push_back(between(generator, 0, inputs - 1));
  const Floats input = integers(static_cast<std::size_t>(outer * inputs * inner), generator);
  Floats wanted;
  for (int o = 0; o < outer; o++) {
    for (int j = 0; j < outputs; j++) {
      for (int i = 0; i < inner; i++) {
        float sum = 0;
        for (int tap = 0; tap < taps; tap++) {
          const std::size_t at = static_cast<std::size_t>(tap * outputs + j);
          sum += weights[at] * input[static_cast<std::size_t>((o * inputs + indices[at]) * inner + i)];
        }
        wanted.push_back(sum);
      }
    }
  }
  const auto kernel = prepare("resample", describe({{"isa", kernels.name},
                                                    {"threads", between(generator, 1, 3)},
                                                    {"outer", outer},
                                                    {"inputs", inputs},
                                                    {"outputs", outputs},
                                                    {"inner", inner},
                                                    {"taps", taps},
                                                    {"indices", indices},
                                                    {"weights", weights}}));
  Floats got = run(*kernel, {input}, "resample");
  // Sums of nothing but zeros may have either sign.
  for (float& value : got) value += 0.0f;
  for (float& value : wanted) value += 0.0f;
  checkSame(got, wanted, "resample");
}

void testRefusals(const KernelTable& kernels) {
  const Case good{1, 1, {1, 4, 4}, {1, 2, 2}, {1, 2, 2}, {1, 2, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, false, false};
  Case beyond = good;
  beyond.output = {1, 3, 2};
  checkRefused("pool", description(beyond, kernels, 1), "a window beyond the input");
  Case none = good;
  none.stride = {1, 0, 1};
  checkRefused("pool", description(none, kernels, 1), "a stride of zero");
  Case lanes = good;
  lanes.lanes = 3;
  checkRefused("pool", description(lanes, kernels, 1), "lanes that are no vector");
  checkCancelled(*prepare("pool", describe(description(good, kernels, 2))), {Floats(16)}, "pool");
  checkRefused("resample",
               {{"isa", kernels.name},
                {"threads", 1},
                {"outer", 1},
                {"inputs", 2},
                {"outputs", 1},
                {"inner", 1},
                {"taps", 1},
                {"indices", std::vector<int32_t>{2}},
                {"weights", Floats{1}}},
               "an index beyond the input");
}

}  // namespace

int main(int argc, char** argv) {
  return runAll(
      argc, argv,
      [](const KernelTable& kernels, Generator& generator) {
        for (int i = 0; i < 4; i++) testPool(kernels, generator);
        for (int i = 0; i < 4; i++) testResample(kernels, generator);
      },
      testRefusals);
}
