// Convolutions against a naive one on integer data, where every result is exact: any error of indexing, padding,
// threading or remainders shows without a tolerance. 1-, 2- and 3-D, mixed and short-axis tiles, from several threads
// at once.

#include "operators/conv/convolution.h"

#include <algorithm>
#include <thread>

#include "cases.h"
#include "check.h"
#include "reference.h"
#include "tests.h"

using namespace winograd;

namespace {

void run(Case c, std::mt19937& generator) {
  const Problem& p = c.problem;
  std::vector<float> w = randomIntegers(static_cast<std::size_t>(p.size()), 1, generator);
  if (c.winograd.weights.format == WeightFormat::bfloat16) {
    // Two taps along the first axis keep transformed weights within 8 bits.
    for (std::size_t i = 0; i < w.size(); i++) {
      if (static_cast<std::ptrdiff_t>(i) / (p.kernel[1] * p.kernel[2]) % p.kernel[0] > 1) w[i] = 0;
    }
  }
  c.gemm.nonZeros = std::count_if(w.begin(), w.end(), [](float value) { return value != 0; });
  const auto numbers = [&](std::ptrdiff_t count, int most) {
    return randomIntegers(static_cast<std::size_t>(count), most, generator);
  };
  const std::vector<float> bias = p.bias ? numbers(p.outChannels, 9) : std::vector<float>{};
  const std::vector<float> x = numbers(p.batch * p.inChannels * volume(p.input), 1);
  const std::vector<float> residual =
      p.residual ? numbers(p.batch * p.outChannels * volume(p.output), 9) : std::vector<float>{};
  const auto arranged = [&](const std::vector<float>& values, Layout layout, std::ptrdiff_t channels,
                            const Axes& size) {
    return layout == Layout::blocked && !values.empty()
               ? blocked(values, p.batch, channels, volume(size), c.schedule.kernels->width)
               : values;
  };
  const Layouts& layouts = c.schedule.layouts;
  const std::vector<float> given = arranged(x, layouts.input, p.inChannels, p.input),
                           added = arranged(residual, layouts.residual, p.outChannels, p.output),
                           expected =
                               arranged(reference(c, x, w, bias, residual), layouts.output, p.outChannels, p.output);
  const Value description = describe(c);
  const std::unique_ptr<Kernel> kernel = kConvolution.prepare(description);
  const std::vector<float> packed = pack(description, w);
  const auto bytes = [](const std::vector<float>& values) { return values.size() * sizeof(float); };
  check(kernel->inputBytes() == std::vector{bytes(given), bytes(packed), bytes(bias), bytes(added)} &&
            kernel->outputBytes() == std::vector{bytes(expected)},
        c.name + " sizes");
  // Two passes at once, to show what they share.
  std::vector<float> first, second;
  std::thread other([&] { second = execute(*kernel, {&given, &packed, &bias, &added}); });
  first = execute(*kernel, {&given, &packed, &bias, &added});
  other.join();
  check(first == expected && second == expected, c.name);
}

}  // namespace

int testConvolutions(const KernelTable& kernels, int rounds) {
  std::mt19937 generator(1);
  for (int round = 0; round < rounds; round++) {
    static const char* const algorithms[] = {"winograd", "direct",  "winograd", "gemm",  "positions",
                                             "winograd", "grouped", "gemm",     "sparse"};
    run(randomCase(kernels, algorithms[round % 9], generator), generator);
  }
  std::vector<Case> fixed = longCases(kernels);
  for (Case& c : directCases(kernels)) fixed.push_back(std::move(c));
  for (const Case& c : fixed) run(c, generator);
  return rounds + static_cast<int>(fixed.size());
}
