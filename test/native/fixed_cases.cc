#include "cases.h"
#include "cook_toom.h"
#include "runtime/memory.h"

using namespace winograd;

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
    for (const bool streamed : {false, true}) {
      Case c;
      c.name = std::string(kernels.name) + " " + shape.name + (streamed ? ", streamed" : "");
      c.algorithm = "winograd";
      c.problem.inChannels = shape.inChannels;
      c.problem.outChannels = shape.outChannels;
      c.problem.bias = c.problem.residual = streamed;
      c.problem.input = shape.input;
      c.schedule.kernels = &kernels;
      c.schedule.threads = 2;
      c.schedule.layouts = {shape.inputLayout, shape.outputLayout, shape.outputLayout};
      c.schedule.streamOutput = streamed;
      for (std::size_t a = 0; a < 3; a++) {
        c.winograd.weights.transforms[a].C = {1};
        c.winograd.tilings[a] = {{cook_toom::identity()}, {0}};
        if (shape.input[a] == 1) continue;
        c.scale *= cook_toom::kScale;
        c.problem.kernel[a] = 3;
        c.winograd.weights.transforms[a] = {3, 6, cook_toom::evaluations(6, 3)};
        c.problem.padBegin[a] = c.problem.padEnd[a] = 1;
        c.winograd.tilings[a] = {{cook_toom::form(4, 3)},
                                 std::vector<int>(static_cast<std::size_t>(divideUp(shape.input[a], 4)))};
      }
      c.complete();
      c.winograd.tileBlock = 100;
      c.winograd.longestRun = 40;
      // Planes that many blocks read are copied, some at a time.
      if (shape.inputLayout == Layout::planar && !streamed) c.winograd.slab = 2 << 20;
      cases.push_back(c);
    }
  }
  return cases;
}

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
        c.name = std::string(kernels.name) + " direct, " + shape.name +
                 (input == Layout::planar ? ", planar to " : ", blocked to ") +
                 (output == Layout::planar ? "planar" : "blocked");
        c.algorithm = "direct";
        Problem& p = c.problem;
        p.inChannels = shape.inChannels;
        p.outChannels = shape.outChannels;
        p.groups = shape.groups;
        p.kernel = shape.kernel;
        p.batch = 2;
        p.input = shape.input;
        p.stride = shape.stride;
        p.dilation = shape.dilation;
        p.padBegin = shape.padBegin;
        p.padEnd = shape.padEnd;
        p.bias = p.residual = input == output;
        if (input == Layout::planar) p.activation = {0.25f, -30, 50};
        c.schedule.kernels = &kernels;
        c.schedule.threads = input == output ? 2 : 1;
        c.schedule.layouts = {input, output, output};
        c.schedule.streamOutput = output == Layout::blocked && input == Layout::blocked;
        c.complete();
        const bool padded = p.padBegin[2] > 0 || p.reach(2, p.output[2]) > p.input[2];
        c.direct.copyInput = !padded                                              ? CopyInput::none
                             : input == Layout::planar && p.groupInputs() < width ? CopyInput::planar
                                                                                  : CopyInput::blocked;
        c.direct.items = c.schedule.threads == 1 ? 1 : 8;
        c.direct.chunks = std::min<std::ptrdiff_t>(volume(p.output), c.schedule.threads == 1 ? 3 : 8);
        c.direct.wholeLines = p.output[0] * p.output[1] >= 8 * c.direct.chunks;
        cases.push_back(c);
      }
    }
  }
  return cases;
}
