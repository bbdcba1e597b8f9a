// Weights in, rounded weights out: a product of one pixel of one with weights that no transform mixes.

#include <algorithm>
#include <cmath>

#include "case.h"
#include "check.h"
#include "cook_toom.h"
#include "operators/conv/convolution.h"
#include "tests.h"

using namespace winograd;

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
    Case c;
    c.algorithm = "winograd";
    c.schedule.kernels = &kernels;
    c.winograd.weights.format = WeightFormat::bfloat16;
    c.problem.inChannels = 1;
    c.problem.outChannels = 3 * kernels.width;  // a panel of two vectors, and one of one
    for (std::size_t a = 0; a < 3; a++) {
      c.winograd.weights.transforms[a].C = {a == 0 ? each.coefficient : 1};
      c.winograd.tilings[a] = {{cook_toom::identity()}, {0}};
    }
    c.complete();
    const Value description = describe(c);
    const std::vector<float> packed = pack(description, std::vector<float>(c.problem.outChannels, each.weight));
    const std::vector<float> one{1}, none;
    const std::vector<float> result = execute(*kConvolution.prepare(description), {&one, &packed, &none, &none});
    check(std::all_of(result.begin(), result.end(),
                      [&](float received) {
                        return received == each.expected || (std::isnan(received) && std::isnan(each.expected));
                      }),
          std::string(kernels.name) + " rounding of weights, " + each.name);
    const Value exact = with(description, "schedule.weightFormat", Value("float32"));
    check(kPackConvolutionWeights.prepare(exact)->outputBytes()[0] - packed.size() * sizeof(float) ==
              static_cast<std::size_t>(kernels.width) * sizeof(float),
          std::string(kernels.name) + " bytes of rounded weights");
  }
}
