// Kernels that move data, against their definitions element by element: gather, concat, reorder.

#include "operators.h"

using namespace operators_test;

namespace {

struct Axis {
  std::vector<int> offsets;  // -1: filled
  bool affine;
};

Axis randomAxis(Generator& generator, int count, int step) {
  Axis axis{{}, between(generator, 0, 2) > 0};
  const int kind = between(generator, 0, 3);
  for (int i = 0; i < count; i++) {
    // Ascending, nearest, reflected, and at random with fillings.
    const int index = axis.affine || kind == 0 ? i
                      : kind == 1              ? i / 2
                      : kind == 2              ? std::abs(i - count / 2)
                                               : between(generator, -1, count - 1);
    axis.offsets.push_back(index < 0 ? -1 : index * step);
  }
  return axis;
}

void testGather(const KernelTable& kernels, Generator& generator) {
  const int rank = between(generator, 0, 4);
  std::vector<int> counts, steps(static_cast<std::size_t>(rank)), order;
  int inputs = 1;
  for (int a = 0; a < rank; a++) {
    const int kind = between(generator, 0, 3);
    counts.push_back(kind == 0 ? between(generator, 1, 3) : kind == 1 ? kernels.width : between(generator, 1, 40));
    order.push_back(a);
  }
  // The input lies in any order of the axes, so that some are transposed.
  if (between(generator, 0, 1) == 0) std::shuffle(order.begin(), order.end(), generator);
  for (auto a = order.rbegin(); a != order.rend(); a++) {
    steps[static_cast<std::size_t>(*a)] = inputs;
    inputs *= counts[static_cast<std::size_t>(*a)];
  }
  Value::Array axes;
  std::vector<Axis> given;
  int base = 0;
  for (int a = 0; a < rank; a++) {
    const int count = counts[static_cast<std::size_t>(a)], step = steps[static_cast<std::size_t>(a)];
    Axis axis = randomAxis(generator, count, step);
    if (axis.affine && between(generator, 0, 3) == 0) {
      // From the last to the first.
      base += (count - 1) * step;
      for (int& offset : axis.offsets) offset = -offset;
      axes.push_back(describe({{"count", count}, {"step", -step}}));
    } else if (axis.affine) {
      axes.push_back(describe({{"count", count}, {"step", step}}));
    } else {
      axes.push_back(describe({{"table", std::vector<int32_t>(axis.offsets.begin(), axis.offsets.end())}}));
    }
    given.push_back(axis);
  }
  const Floats input = integers(static_cast<std::size_t>(inputs), generator);
  Floats wanted{0};
  std::vector<int> at{base};
  std::vector<bool> filled{false};
  for (const Axis& axis : given) {
    std::vector<int> next;
    std::vector<bool> nextFilled;
    for (std::size_t i = 0; i < at.size(); i++) {
      for (const int offset : axis.offsets) {
        next.push_back(at[i] + offset);
        nextFilled.push_back(filled[i] || (!axis.affine && offset < 0));
      }
    }
    at = next;
    filled = nextFilled;
  }
  wanted.resize(at.size());
  for (std::size_t i = 0; i < at.size(); i++) wanted[i] = filled[i] ? -7.5f : input[static_cast<std::size_t>(at[i])];
  const auto kernel = prepare("gather", describe({{"isa", kernels.name},
                                                  {"threads", between(generator, 1, 3)},
                                                  {"inputs", inputs},
                                                  {"base", base},
                                                  {"fill", -7.5},
                                                  {"axes", axes}}));
  checkSame(run(*kernel, {input}, "gather"), wanted, "gather");
}

void testConcat(const KernelTable&, Generator& generator) {
  const int outer = between(generator, 1, 9), parts = between(generator, 1, 5);
  std::vector<int32_t> runs;
  std::vector<Floats> inputs;
  for (int p = 0; p < parts; p++) {
    runs.push_back(between(generator, 0, 4) == 0 ? 0 : between(generator, 1, 300));
    inputs.push_back(integers(static_cast<std::size_t>(outer * runs.back()), generator));
  }
  Floats wanted;
  for (int o = 0; o < outer; o++) {
    for (int p = 0; p < parts; p++) {
      const auto from = inputs[static_cast<std::size_t>(p)].begin() + o * runs[static_cast<std::size_t>(p)];
      wanted.insert(wanted.end(), from, from + runs[static_cast<std::size_t>(p)]);
    }
  }
  const auto kernel =
      prepare("concat", describe({{"threads", between(generator, 1, 3)}, {"outer", outer}, {"runs", runs}}));
  checkSame(run(*kernel, inputs, "concat"), wanted, "concat");
}

void testReorder(const KernelTable& kernels, Generator& generator) {
  const int batch = between(generator, 1, 3), channels = between(generator, 1, 3 * kernels.width);
  const int pixels = between(generator, 0, 4) == 0 ? 9000 : between(generator, 1, 70), width = kernels.width;
  const int vectors = (channels + width - 1) / width;
  Floats planar = integers(static_cast<std::size_t>(batch * channels * pixels), generator);
  planar[0] = -0.0f;
  planar.back() = NAN;
  Floats blocked(static_cast<std::size_t>(batch * vectors * pixels * width));
  for (int n = 0; n < batch; n++) {
    for (int c = 0; c < channels; c++) {
      for (int p = 0; p < pixels; p++) {
        const int to = ((n * vectors + c / width) * pixels + p) * width + c % width;
        blocked[static_cast<std::size_t>(to)] = planar[static_cast<std::size_t>((n * channels + c) * pixels + p)];
      }
    }
  }
  const auto kernel = [&](const char* to) {
    return prepare("reorder", describe({{"isa", kernels.name},
                                        {"threads", between(generator, 1, 3)},
                                        {"to", to},
                                        {"batch", batch},
                                        {"channels", channels},
                                        {"pixels", pixels}}));
  };
  checkSame(run(*kernel("blocked"), {planar}, "block"), blocked, "block");
  checkSame(run(*kernel("planar"), {blocked}, "unblock"), planar, "unblock");
}

void testRefusals(const KernelTable& kernels) {
  const auto gather = [&](int inputs, int base, const Value& axis, const std::string& what) {
    checkRefused("gather",
                 {{"isa", kernels.name},
                  {"threads", 1},
                  {"inputs", inputs},
                  {"base", base},
                  {"fill", 0},
                  {"axes", Value::Array{axis}}},
                 what);
  };
  gather(8, 0, describe({{"count", 9}, {"step", 1}}), "an axis longer than the input");
  gather(8, 3, describe({{"count", 5}, {"step", -1}}), "an axis that begins before the input");
  gather(8, 0, describe({{"table", std::vector<int32_t>{0, 8}}}), "an index beyond the input");
  gather(8, 8, describe({{"table", std::vector<int32_t>{-1, 0}}}), "an index beyond the input, filled in part");
  gather(8, 0, describe({{"count", 2147483647}, {"step", 2147483647}}), "a step beyond all memory");
  checkRefused("gather", {{"isa", "nonsense"}, {"threads", 1}}, "an unknown kernel table");
  checkRefused("concat", {{"threads", 0}, {"outer", 1}, {"runs", std::vector<int32_t>{1}}}, "no threads");
  checkRefused("concat", {{"threads", 1}, {"outer", 70000}, {"runs", std::vector<int32_t>{70000}}},
               "too many elements");
  checkRefused("concat", {{"threads", 1}, {"outer", 1}, {"runs", std::vector<int32_t>{-1}}}, "a negative run");
  const auto kernel = prepare("concat", describe({{"threads", 2}, {"outer", 2}, {"runs", std::vector<int32_t>{3, 4}}}));
  checkCancelled(*kernel, {Floats(6), Floats(8)}, "concat");
}

}  // namespace

int main(int argc, char** argv) {
  return runAll(
      argc, argv,
      [](const KernelTable& kernels, Generator& generator) {
        for (int i = 0; i < 8; i++) testGather(kernels, generator);
        testConcat(kernels, generator);
        testReorder(kernels, generator);
      },
      testRefusals);
}
