// Gradients of poolings and of a convolution's weights against their definitions.

#include <algorithm>

#include "operators.h"

using namespace operators_test;

namespace {

using Three = std::vector<int32_t>;

struct Windows {
  Three input, output, kernel, stride, dilation, padBegin, padEnd;

  int outputs() const { return output[0] * output[1] * output[2]; }
  int inputs() const { return input[0] * input[1] * input[2]; }
  int taps() const { return kernel[0] * kernel[1] * kernel[2]; }
  // The pixel that a tap of an output meets; -1 on the padding.
  int pixel(int output_, int tap) const {
    const int o[3] = {output_ / output[2] / output[1], output_ / output[2] % output[1], output_ % output[2]};
    const int k[3] = {tap / kernel[2] / kernel[1], tap / kernel[2] % kernel[1], tap % kernel[2]};
    int at = 0;
    for (std::size_t a = 0; a < 3; a++) {
      const int x = o[a] * stride[a] + k[a] * dilation[a] - padBegin[a];
      if (x < 0 || x >= input[a]) return -1;
      at = at * input[a] + x;
    }
    return at;
  }
  std::vector<Member> members() const {
    return {{"input", input},   {"output", output},     {"kernel", kernel},
            {"stride", stride}, {"dilation", dilation}, {"padBegin", padBegin}};
  }
};

// Every window meets the input, where `meets`.
Windows randomWindows(Generator& generator, bool meets) {
  for (;;) {
    Windows w;
    bool possible = true;
    for (std::size_t a = 0; a < 3; a++) {
      w.input.push_back(between(generator, 1, a == 2 ? 20 : 5));
      w.kernel.push_back(between(generator, 1, 4));
      w.stride.push_back(between(generator, 1, 3));
      w.dilation.push_back(between(generator, 1, 2));
      const int reach = (w.kernel[a] - 1) * w.dilation[a] + 1;
      w.padBegin.push_back(between(generator, 0, meets ? w.kernel[a] - 1 : reach + 1));
      w.padEnd.push_back(between(generator, 0, w.kernel[a] - 1));
      const int span = w.input[a] + w.padBegin[a] + w.padEnd[a] - reach;
      w.output.push_back(span < 0 ? 0 : span / w.stride[a] + 1);
      possible = possible && w.output[a] > 0;
    }
    for (int o = 0; possible && meets && o < w.outputs(); o++) {
      bool met = false;
      for (int tap = 0; tap < w.taps(); tap++) met = met || w.pixel(o, tap) >= 0;
      possible = met;
    }
    if (possible) return w;
  }
}

void testPool(const KernelTable& kernels, Generator& generator) {
  const Windows w = randomWindows(generator, true);
  const int planes = between(generator, 1, 3), lanes = between(generator, 0, 1) == 0 ? 1 : kernels.width;
  const bool averages = between(generator, 0, 1) == 1;
  const Floats x = integers(static_cast<std::size_t>(planes * w.inputs() * lanes), generator);
  Floats dy = integers(static_cast<std::size_t>(planes * w.outputs() * lanes), generator);
  // So that shares are exact whatever a window counts: up to 4 x 4 x 4 taps.
  for (float& value : dy) value *= averages ? 64 * 9 * 9 * 9 : 1;
  std::vector<Member> members = w.members();
  for (const Member& member : std::vector<Member>{{"threads", between(generator, 1, 3)},
                                                  {"kind", averages ? "average" : "maximum"},
                                                  {"planes", planes},
                                                  {"lanes", lanes},
                                                  {"padEnd", w.padEnd},
                                                  {"countsPadding", false}})
    members.push_back(member);
  Floats wanted(x.size(), 0.0f);
  for (int plane = 0; plane < planes; plane++) {
    for (int o = 0; o < w.outputs(); o++) {
      for (int lane = 0; lane < lanes; lane++) {
        const auto at = [&](int pixel) {
          return static_cast<std::size_t>((plane * w.inputs() + pixel) * lanes + lane);
        };
        const float gradient = dy[static_cast<std::size_t>((plane * w.outputs() + o) * lanes + lane)];
        int counted = 0, best = -1;
        for (int tap = 0; tap < w.taps(); tap++) {
          const int pixel = w.pixel(o, tap);
          if (pixel < 0) continue;
          counted++;
          if (best < 0 || x[at(pixel)] > x[at(best)]) best = pixel;
        }
        if (!averages) wanted[at(best)] += gradient;
        for (int tap = 0; averages && tap < w.taps(); tap++)
          if (w.pixel(o, tap) >= 0) wanted[at(w.pixel(o, tap))] += gradient * (1 / static_cast<float>(counted));
      }
    }
  }
  const auto kernel = prepare("poolGradient", describe(members));
  checkSame(run(*kernel, averages ? std::vector<Floats>{dy} : std::vector<Floats>{dy, x}, "pool gradient"), wanted,
            averages ? "gradient of an average" : "gradient of a maximum");
}

// Planar to blocked, missing channels zero.
Floats blocked(const Floats& from, int images, int channels, int pixels, int width) {
  const int vectors = (channels + width - 1) / width;
  Floats to(static_cast<std::size_t>(images * vectors * pixels * width), 0.0f);
  for (int i = 0; i < images * channels * pixels; i++) {
    const int pixel = i % pixels, channel = i / pixels % channels, image = i / pixels / channels;
    to[static_cast<std::size_t>(((image * vectors + channel / width) * pixels + pixel) * width + channel % width)] =
        from[static_cast<std::size_t>(i)];
  }
  return to;
}

void testWeights(const KernelTable& kernels, Generator& generator) {
  const Windows w = randomWindows(generator, false);
  const int groups = between(generator, 1, 3), images = between(generator, 0, 2);
  const int inputs = groups * between(generator, 1, 12), outputs = groups * between(generator, 1, 12);
  const int ofInputs = inputs / groups, ofOutputs = outputs / groups;
  const Floats x = integers(static_cast<std::size_t>(images * inputs * w.inputs()), generator);
  const Floats dy = integers(static_cast<std::size_t>(images * outputs * w.outputs()), generator);
  Floats wanted(static_cast<std::size_t>(outputs * ofInputs * w.taps()), 0.0f);
  for (int k = 0; k < outputs; k++) {
    for (int c = 0; c < ofInputs; c++) {
      for (int tap = 0; tap < w.taps(); tap++) {
        float& sum = wanted[static_cast<std::size_t>((k * ofInputs + c) * w.taps() + tap)];
        for (int n = 0; n < images; n++) {
          for (int o = 0; o < w.outputs(); o++) {
            const int pixel = w.pixel(o, tap), channel = k / ofOutputs * ofInputs + c;
            if (pixel < 0) continue;
            sum += x[static_cast<std::size_t>((n * inputs + channel) * w.inputs() + pixel)] *
                   dy[static_cast<std::size_t>((n * outputs + k) * w.outputs() + o)];
          }
        }
      }
    }
  }
  std::vector<Member> members = w.members();
  for (const Member& member : std::vector<Member>{{"isa", kernels.name},
                                                  {"threads", between(generator, 1, 3)},
                                                  {"batch", images},
                                                  {"inChannels", inputs},
                                                  {"outChannels", outputs},
                                                  {"groups", groups}})
    members.push_back(member);
  const auto kernel = prepare("convolutionWeightsGradient", describe(members));
  Floats got = run(
      *kernel,
      {blocked(x, images, inputs, w.inputs(), kernels.width), blocked(dy, images, outputs, w.outputs(), kernels.width)},
      "weights' gradient");
  // Sums of nothing but zeros may have either sign.
  for (float& value : got) value += 0.0f;
  for (float& value : wanted) value += 0.0f;
  checkSame(got, wanted, "weights' gradient");
}

void testRefusals(const KernelTable& kernels) {
  const Windows good{{1, 4, 4}, {1, 2, 2}, {1, 2, 2}, {1, 2, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}};
  const auto weights = [&](int inputs, int groups, const Windows& windows) {
    std::vector<Member> members = windows.members();
    for (const Member& member : std::vector<Member>{{"isa", kernels.name},
                                                    {"threads", 2},
                                                    {"batch", 1},
                                                    {"inChannels", inputs},
                                                    {"outChannels", 4},
                                                    {"groups", groups}})
      members.push_back(member);
    return members;
  };
  checkRefused("convolutionWeightsGradient", weights(3, 2, good), "groups that do not divide channels");
  checkRefused("convolutionWeightsGradient", weights(1 << 30, 1, good), "more than an index holds");
  Windows none = good;
  none.stride = {1, 0, 1};
  checkRefused("convolutionWeightsGradient", weights(4, 1, none), "a stride of zero");
  const std::size_t lanes =
      static_cast<std::size_t>(kernels.width) * static_cast<std::size_t>((4 + kernels.width - 1) / kernels.width);
  checkCancelled(*prepare("convolutionWeightsGradient", describe(weights(4, 1, good))),
                 {Floats(16 * lanes), Floats(4 * lanes)}, "weights' gradient");
}

}  // namespace

int main(int argc, char** argv) {
  return runAll(
      argc, argv,
      [](const KernelTable& kernels, Generator& generator) {
        for (int i = 0; i < 4; i++) testPool(kernels, generator);
        for (int i = 0; i < 4; i++) testWeights(kernels, generator);
      },
      testRefusals);
}
