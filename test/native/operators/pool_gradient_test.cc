// Gradients of poolings against their definitions.

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

// Every window meets the input.
Windows randomWindows(Generator& generator) {
  for (;;) {
    Windows w;
    bool possible = true;
    for (std::size_t a = 0; a < 3; a++) {
      w.input.push_back(between(generator, 1, a == 2 ? 40 : 5));
      w.kernel.push_back(between(generator, 1, 4));
      w.stride.push_back(between(generator, 1, 3));
      w.dilation.push_back(between(generator, 1, 2));
      const int reach = (w.kernel[a] - 1) * w.dilation[a] + 1;
      w.padBegin.push_back(between(generator, 0, w.kernel[a] - 1));
      w.padEnd.push_back(between(generator, 0, w.kernel[a] - 1));
      const int span = w.input[a] + w.padBegin[a] + w.padEnd[a] - reach;
      w.output.push_back(span < 0 ? 0 : span / w.stride[a] + 1);
      possible = possible && w.output[a] > 0;
    }
    for (int o = 0; possible && o < w.outputs(); o++) {
      bool met = false;
      for (int tap = 0; tap < w.taps(); tap++) met = met || w.pixel(o, tap) >= 0;
      possible = met;
    }
    if (possible) return w;
  }
}

void testPool(const KernelTable& kernels, Generator& generator) {
  const Windows w = randomWindows(generator);
  const int planes = between(generator, 1, 3), lanes = between(generator, 0, 1) == 0 ? 1 : kernels.width;
  const bool averages = between(generator, 0, 1) == 1;
  const Floats x = integers(static_cast<std::size_t>(planes * w.inputs() * lanes), generator);
  Floats dy = integers(static_cast<std::size_t>(planes * w.outputs() * lanes), generator);
  // So that shares are exact whatever a window counts: up to 4 x 4 x 4 taps.
  for (float& value : dy) value *= averages ? 64 * 9 * 9 * 9 : 1;
  std::vector<Member> members = w.members();
  for (const Member& member : std::vector<Member>{{"threads", between(generator, 1, 3)},
                                                  {"isa", kernels.name},
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

}  // namespace

int main(int argc, char** argv) {
  return runAll(
      argc, argv,
      [](const KernelTable& kernels, Generator& generator) {
        for (int i = 0; i < 4; i++) testPool(kernels, generator);
      },
      [](const KernelTable&) {});
}
