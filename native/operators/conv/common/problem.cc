#include "operators/conv/common/problem.h"

#include <string>

#include "runtime/memory.h"

namespace winograd {
namespace {

// Far above any layer, low enough that sums of a few such numbers can't overflow.
constexpr std::ptrdiff_t kMaxExtent = std::ptrdiff_t{1} << 31;
constexpr int kMaxTransform = 64;
constexpr int kMaxThreads = 256;

void check(bool holds, const std::string& name, const std::string& expected, std::ptrdiff_t received) {
  if (!holds) {
    throw std::invalid_argument("Expected " + name + " to be " + expected + " but received " +
                                std::to_string(received));
  }
}

void checkPositive(const std::string& name, std::ptrdiff_t value) {
  check(value >= 1 && value < kMaxExtent, name, "a positive integer below 2^31", value);
}

void checkLength(const std::string& name, std::size_t length, std::size_t expected) {
  check(length == expected, "the length of " + name, std::to_string(expected), static_cast<std::ptrdiff_t>(length));
}

void checkForm(const Form& form, const KernelTransform& transform) {
  check(form.outputs >= 1 && form.outputs <= kMaxTransform, "outputs of a tile", "1 to 64", form.outputs);
  check(form.inputs >= 1 && form.inputs <= kMaxTransform, "inputs of a tile", "1 to 64", form.inputs);
  check(form.offset >= 0 && form.offset <= kMaxTransform, "offset of a tile", "0 to 64", form.offset);
  check(form.products >= 1 && form.products <= transform.products, "products of a tile",
        "1 to " + std::to_string(transform.products), form.products);
  const std::size_t products = static_cast<std::size_t>(form.products);
  checkLength("A", form.A.size(), static_cast<std::size_t>(form.outputs) * products);
  checkLength("B", form.B.size(), products * static_cast<std::size_t>(form.inputs));
}

// Outputs before the last tile lie below the extent: only the last may overhang.
void checkTiling(const Tiling& tiling, const KernelTransform& transform, std::ptrdiff_t extent) {
  for (const Form& form : tiling.forms) checkForm(form, transform);
  std::ptrdiff_t covered = 0;
  for (const int form : tiling.sequence) {
    check(form >= 0 && form < static_cast<int>(tiling.forms.size()), "a tile's form", "the index of a form", form);
    check(covered < extent, "tiles along an axis", "no more than cover " + std::to_string(extent) + " outputs",
          covered);
    covered += tiling.forms[static_cast<std::size_t>(form)].outputs;
  }
  check(covered >= extent, "outputs covered by tiles", "at least " + std::to_string(extent), covered);
}

void checkLayout(const std::string& name, Layout layout, bool takesBlocked) {
  if (layout == Layout::blocked && !takesBlocked) {
    throw std::invalid_argument("Expected " + name + " to be planar for this layer but received blocked");
  }
}

bool wholeVectors(const Layer& layer, std::ptrdiff_t channelsOfGroup) {
  return layer.groups == 1 || channelsOfGroup % layer.kernels->width == 0;
}

}  // namespace

Axes outputShape(const Layer& layer, const Problem& problem) {
  Axes output{};
  for (int a = 0; a < 3; a++) {
    const std::ptrdiff_t padded = problem.input[a] + problem.padBegin[a] + problem.padEnd[a];
    output[a] = (padded - problem.dilation[a] * (layer.kernel[a] - 1) - 1) / problem.stride[a] + 1;
  }
  return output;
}

bool takesBlockedInput(const Layer& layer) {
  if (layer.algorithm == Algorithm::positions) return true;
  if (layer.narrowGroups()) return layer.alignedGroups();
  const bool folded = layer.algorithm == Algorithm::winograd && layer.depth() != layer.inChannels;
  return !folded && wholeVectors(layer, layer.groupInputs());
}

bool takesBlockedOutput(const Layer& layer) {
  return layer.algorithm == Algorithm::positions || layer.narrowGroups() || wholeVectors(layer, layer.groupOutputs());
}

void validate(const Layer& layer) {
  if (layer.kernels == nullptr) throw std::invalid_argument("Expected isa to be a kernel table that this machine runs");
  checkPositive("inChannels", layer.inChannels);
  checkPositive("outChannels", layer.outChannels);
  checkPositive("groups", layer.groups);
  check(layer.inChannels % layer.groups == 0, "inChannels", "a multiple of groups", layer.inChannels);
  check(layer.outChannels % layer.groups == 0, "outChannels", "a multiple of groups", layer.outChannels);
  for (int a = 0; a < 3; a++) checkPositive("kernelSize", layer.kernel[a]);
  std::size_t weights =
      checkedMultiply(static_cast<std::size_t>(layer.outChannels), static_cast<std::size_t>(layer.groupInputs()));
  for (int a = 0; a < 3; a++) weights = checkedMultiply(weights, static_cast<std::size_t>(layer.kernel[a]));
  checkedMultiply(weights, 1024);  // room for padding and for transformed kernels
  if (layer.weightFormat != WeightFormat::float32 && layer.algorithm != Algorithm::winograd) {
    throw std::invalid_argument(
        "Expected weightFormat of a layer other than Winograd with vectors of channels to be float32 but received "
        "bfloat16");
  }
  if (layer.algorithm == Algorithm::direct) return;
  if (layer.algorithm == Algorithm::winograd) {
    check(layer.groups == 1, "groups of a Winograd layer with vectors of channels", "1", layer.groups);
  } else if (layer.fold[0] || layer.fold[1]) {
    throw std::invalid_argument("Expected a layer with vectors of positions to have no folded axis");
  }
  if (layer.fold[2]) throw std::invalid_argument("Expected the last axis not to be folded");
  for (int a = 0; a < 3; a++) {
    const KernelTransform& transform = layer.transforms[a];
    const std::ptrdiff_t taps = layer.fold[a] ? 1 : layer.kernel[a];
    check(transform.taps == taps, "taps of an axis", std::to_string(taps), transform.taps);
    check(!layer.fold[a] || transform.products == 1, "products of a folded axis", "1", transform.products);
    check(transform.products >= 1 && transform.products <= kMaxTransform, "products of an axis", "1 to 64",
          transform.products);
    checkLength("C", transform.C.size(),
                static_cast<std::size_t>(transform.products) * static_cast<std::size_t>(transform.taps));
  }
}

void validate(const Layer& layer, const Problem& problem) {
  checkPositive("batch", problem.batch);
  check(problem.threads >= 1 && problem.threads <= kMaxThreads, "threads", "1 to 256", problem.threads);
  check(problem.tileBlock >= 0, "tileBlock", "0 or more", problem.tileBlock);
  check(problem.channelGroup >= 0, "channelGroup", "0 or more", problem.channelGroup);
  check(problem.sumBlock >= 0, "sumBlock", "0 or more", problem.sumBlock);
  for (int a = 0; a < 3; a++) {
    checkPositive("input", problem.input[a]);
    checkPositive("stride", problem.stride[a]);
    checkPositive("dilation", problem.dilation[a]);
    check(problem.padBegin[a] >= 0 && problem.padBegin[a] < kMaxExtent, "padding", "0 or more", problem.padBegin[a]);
    check(problem.padEnd[a] >= 0 && problem.padEnd[a] < kMaxExtent, "padding", "0 or more", problem.padEnd[a]);
    checkedMultiply(static_cast<std::size_t>(problem.dilation[a]), static_cast<std::size_t>(layer.kernel[a]));
    const std::ptrdiff_t padded = problem.input[a] + problem.padBegin[a] + problem.padEnd[a];
    const std::ptrdiff_t reach = problem.dilation[a] * (layer.kernel[a] - 1) + 1;
    check(padded >= reach, "padded input", "at least the kernel's " + std::to_string(reach), padded);
  }
  const Axes output = outputShape(layer, problem);
  for (const Axes& extents : {problem.input, output}) {
    // 4 bytes a float, and up to 16 channels for each one that is there.
    std::size_t bytes = checkedMultiply(static_cast<std::size_t>(problem.batch), 64);
    bytes = checkedMultiply(bytes, static_cast<std::size_t>(std::max(layer.inChannels, layer.outChannels)));
    for (int a = 0; a < 3; a++) bytes = checkedMultiply(bytes, static_cast<std::size_t>(extents[a]));
  }
  checkLayout("inputLayout", problem.inputLayout, takesBlockedInput(layer));
  checkLayout("outputLayout", problem.outputLayout, takesBlockedOutput(layer));
  checkLayout("residualLayout", problem.residualLayout, takesBlockedOutput(layer));
  if (layer.algorithm == Algorithm::direct) return;
  if (layer.algorithm == Algorithm::positions) {
    for (int a = 0; a < 3; a++) {
      const std::vector<Form>& forms = problem.tiling[a].forms;
      check(forms.size() == 1, "forms of an axis with vectors of positions", "1",
            static_cast<std::ptrdiff_t>(forms.size()));
      check(forms[0].products == layer.transforms[a].products, "products of a form with vectors of positions",
            "all " + std::to_string(layer.transforms[a].products), forms[0].products);
    }
  }
  for (int a = 0; a < 3; a++) {
    check(problem.stride[a] == 1, "stride of a Winograd layer", "1", problem.stride[a]);
    check(problem.dilation[a] == 1, "dilation of a Winograd layer", "1", problem.dilation[a]);
    checkTiling(problem.tiling[a], layer.transforms[a], output[a]);
  }
}

}  // namespace winograd
