// What holds on every way to a result: activations, bits that do not depend on layouts, and cancelled runs.

#include <cmath>
#include <cstring>
#include <limits>

#include "cases.h"
#include "check.h"
#include "cook_toom.h"
#include "operators/conv/convolution.h"
#include "reference.h"
#include "tests.h"

using namespace winograd;

namespace {

constexpr const char* kAlgorithms[] = {"winograd", "positions", "direct", "grouped"};
constexpr Layout kLayouts[] = {Layout::planar, Layout::blocked};

// One tap of one channel, so that nothing is mixed: weights of one give the input again.
Case pixelwise(const KernelTable& kernels, const char* algorithm, std::ptrdiff_t pixels) {
  Case c;
  c.algorithm = algorithm;
  c.schedule.kernels = &kernels;
  c.problem.inChannels = 1;
  c.problem.outChannels = kernels.width + 1;
  c.problem.input[2] = pixels;
  for (std::size_t a = 0; a < 3; a++) {
    c.winograd.weights.transforms[a].C = {1};
    c.winograd.tilings[a] = {{cook_toom::identity()}, {0}};
  }
  c.winograd.tilings[2].sequence.assign(static_cast<std::size_t>(pixels), 0);
  c.complete();
  c.winograd.tileBlock = c.winograd.longestRun = pixels;
  c.direct.copyInput = CopyInput::none;
  c.band = c.problem.output;
  return c;
}

// By the definition of the activation in PyTorch and ONNX.
float activated(float value, const Activation& activation) {
  if (std::isnan(value)) return value;
  if (value < 0) value = activation.slope == 0 ? 0 : value * activation.slope;
  if (value < activation.low) return activation.low;
  return value > activation.high ? activation.high : value;
}

bool sameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// The result as planar values, whatever its layout.
std::vector<float> planar(const std::vector<float>& values, const Case& c) {
  const Problem& p = c.problem;
  if (c.schedule.layouts.output == Layout::planar) return values;
  const std::ptrdiff_t width = c.schedule.kernels->width, pixels = volume(p.output);
  const std::ptrdiff_t padded = (p.outChannels + width - 1) / width * width;
  std::vector<float> result;
  for (std::ptrdiff_t n = 0; n < p.batch; n++) {
    for (std::ptrdiff_t k = 0; k < p.outChannels; k++) {
      for (std::ptrdiff_t i = 0; i < pixels; i++) {
        const std::ptrdiff_t at = (n * padded + k / width * width) * pixels + i * width + k % width;
        result.push_back(values[static_cast<std::size_t>(at)]);
      }
    }
  }
  return result;
}

std::vector<float> randomReals(std::ptrdiff_t count, std::mt19937& generator) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = uniform(generator);
  return values;
}

}  // namespace

void testActivations(const KernelTable& kernels) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> x{-infinity, -1, -0.0f, 0, 1, 7, infinity, NAN, -2, 3, -infinity, 6, -3e38f, 0.5f, -0.5f, 2};
  const Activation activations[] = {
      {0, -infinity, infinity}, {0, -infinity, 6}, {0.5f, -infinity, infinity}, {1, -1, 2}, {-1, -infinity, 5}};
  // Enough of them to be stored past the caches.
  std::vector<float> pixels;
  for (int i = 0; i < 9; i++) pixels.insert(pixels.end(), x.begin(), x.end());
  for (const char* algorithm : kAlgorithms) {
    for (const Layout layout : kLayouts) {
      for (const bool streamed : {false, true}) {
        for (const Activation& activation : activations) {
          Case c = pixelwise(kernels, algorithm, static_cast<std::ptrdiff_t>(pixels.size()));
          c.problem.activation = activation;
          c.schedule.layouts.output = c.schedule.layouts.residual = layout;
          c.schedule.streamOutput = streamed && c.algorithm != "positions";
          const Value description = describe(c);
          const std::vector<float> packed = pack(description, std::vector<float>(c.problem.outChannels, 1)), none;
          const std::vector<float> y =
              planar(execute(*kConvolution.prepare(description), {&pixels, &packed, &none, &none}), c);
          bool right = true;
          for (std::size_t i = 0; i < y.size(); i++) {
            const float expected = activated(pixels[i % pixels.size()], activation);
            if (std::isnan(expected)) {
              right = right && std::isnan(y[i]);
            } else if (expected == 0) {
              // What was negative becomes zero itself.
              right = right && y[i] == 0 &&
                      (activation.slope != 0 || pixels[i % pixels.size()] == 0 || !std::signbit(y[i]));
            } else {
              right = right && y[i] == expected;
            }
          }
          check(right, std::string(kernels.name) + " " + algorithm + " activation of slope " +
                           std::to_string(activation.slope) + (layout == Layout::blocked ? ", blocked" : ", planar") +
                           (streamed ? ", streamed" : ""));
        }
      }
    }
  }
}

// On reals, whose sums round: every layout of input, result and residual gives the same bits.
void testOrderOfSums(const KernelTable& kernels) {
  std::mt19937 generator(3);
  for (const char* algorithm : kAlgorithms) {
    for (int round = 0; round < 6; round++) {
      Case c = randomCase(kernels, algorithm, generator);
      Problem& p = c.problem;
      p.bias = p.residual = true;
      p.groups = 1;
      p.inChannels = kernels.width + 3;
      p.outChannels = std::string(algorithm) == "grouped" ? p.inChannels : kernels.width + 5;
      c.winograd.channelGroup = 2 * kernels.width;
      c.winograd.weights.format = WeightFormat::float32;
      if (std::string(algorithm) == "grouped") p.groups = p.inChannels;
      if (c.winograd.weights.folds != Folds{}) continue;
      c.winograd.slab = 0;
      c.direct.copyInput = CopyInput::blocked;
      const std::vector<float> w = randomReals(p.size(), generator), bias = randomReals(p.outChannels, generator);
      const std::vector<float> x = randomReals(p.batch * p.inChannels * volume(p.input), generator);
      const std::vector<float> residual = randomReals(p.batch * p.outChannels * volume(p.output), generator);
      std::vector<float> first;
      bool same = true;
      for (const Layout input : kLayouts) {
        for (const Layout output : kLayouts) {
          for (const Layout added : kLayouts) {
            c.schedule.layouts = {input, output, added};
            const auto arranged = [&](const std::vector<float>& values, Layout layout, std::ptrdiff_t channels,
                                      const Axes& size) {
              return layout == Layout::blocked ? blocked(values, p.batch, channels, volume(size), kernels.width)
                                               : values;
            };
            const std::vector<float> given = arranged(x, input, p.inChannels, p.input),
                                     addend = arranged(residual, added, p.outChannels, p.output);
            const Value description = describe(c);
            const std::vector<float> packed = pack(description, w);
            const std::vector<float> y =
                planar(execute(*kConvolution.prepare(description), {&given, &packed, &bias, &addend}), c);
            if (first.empty()) first = y;
            same = same && sameBits(first, y);
          }
        }
      }
      check(same, c.name + " with the same bits in every layout");
    }
  }
}

void testCancelling() {
  const std::atomic<bool> cancelled{true};
  std::mt19937 generator(5);
  for (const char* algorithm : kAlgorithms) {
    const Case c = randomCase(defaultKernels(), algorithm, generator);
    for (const Operator* each : {&kConvolution, &kPackConvolutionWeights}) {
      const std::unique_ptr<Kernel> kernel = each->prepare(describe(c));
      std::vector<std::vector<float>> memory;
      const auto buffersOf = [&](const std::vector<std::size_t>& bytes) {
        std::vector<Buffer> buffers;
        for (const std::size_t size : bytes) {
          memory.emplace_back(size / sizeof(float));
          buffers.push_back({memory.back().data(), size});
        }
        return buffers;
      };
      memory.reserve(8);
      const std::vector<Buffer> inputs = buffersOf(kernel->inputBytes()), outputs = buffersOf(kernel->outputBytes());
      Run run;
      run.workspace = buffersOf({kernel->workspaceBytes()})[0];
      run.cancelled = &cancelled;
      checkThrows<Cancelled>(std::string(algorithm) + " cancelled", "cancelled",
                             [&] { kernel->execute(inputs, outputs, run); });
    }
  }
}
