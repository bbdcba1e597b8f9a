#include "operators/conv/common/problem.h"

#include <algorithm>
#include <string>

#include "runtime/memory.h"

namespace winograd {
namespace {

// The engine computes in float32; a description without types means that.
void checkTypes(const Value& types) {
  if (types.missing()) return;
  for (const char* role : {"input", "weight", "accumulate", "output"}) {
    const Value type = types[role];
    if (!type.missing() && type.text() != "float32") type.refuse("\"float32\"");
  }
}

std::ptrdiff_t dividedBy(std::ptrdiff_t groups, const Value& channels) {
  const std::ptrdiff_t count = channels.integer(1, kMaxExtent);
  if (count % groups != 0) channels.refuse("a multiple of groups, " + std::to_string(groups) + ",");
  return count;
}

Activation readActivation(const Value& value) {
  return {static_cast<float>(value["slope"].number()), static_cast<float>(value["low"].number()),
          static_cast<float>(value["high"].number())};
}

// 4 bytes a float, and up to 16 channels for each one that is there.
void checkSize(const Problem& problem, const Axes& extents) {
  std::size_t bytes = checkedMultiply(static_cast<std::size_t>(problem.batch), 64);
  bytes = checkedMultiply(bytes, static_cast<std::size_t>(std::max(problem.inChannels, problem.outChannels)));
  for (const std::ptrdiff_t extent : extents) bytes = checkedMultiply(bytes, static_cast<std::size_t>(extent));
}

}  // namespace

std::size_t readWord(const Value& value, std::initializer_list<const char*> words) {
  const auto* text = std::get_if<std::string>(&value.content());
  std::string expected;
  std::size_t index = 0;
  for (const char* word : words) {
    if (text != nullptr && *text == word) return index;
    if (index > 0) expected += index + 1 == words.size() ? " or " : ", ";
    expected += std::string("\"") + word + '"';
    index++;
  }
  value.refuse(expected);
}

Axes readAxes(const Value& value, std::ptrdiff_t least, std::ptrdiff_t most) {
  const Value::Array elements = value.array(3);
  Axes axes;
  for (std::size_t a = 0; a < 3; a++) axes[a] = elements[a].integer(least, most);
  return axes;
}

Axes readExtents(const Value& value, const Axes& most) {
  const Value::Array elements = value.array(3);
  Axes axes;
  for (std::size_t a = 0; a < 3; a++) axes[a] = elements[a].integer(1, most[a]);
  return axes;
}

Direction readDirection(const Value& problem) {
  return static_cast<Direction>(readWord(problem["direction"], {"forward", "backwardData", "backwardWeights"}));
}

Filters readFilters(const Value& problem) {
  checkTypes(problem["types"]);
  Filters filters;
  filters.groups = problem["groups"].integer(1, kMaxExtent);
  filters.inChannels = dividedBy(filters.groups, problem["inChannels"]);
  filters.outChannels = dividedBy(filters.groups, problem["outChannels"]);
  filters.kernel = readAxes(problem["kernel"], 1, kMaxExtent);
  std::size_t weights =
      checkedMultiply(static_cast<std::size_t>(filters.outChannels), static_cast<std::size_t>(filters.groupInputs()));
  for (const std::ptrdiff_t taps : filters.kernel) weights = checkedMultiply(weights, static_cast<std::size_t>(taps));
  checkedMultiply(weights, 1024);  // room for padding and for transformed kernels
  return filters;
}

Problem readProblem(const Value& value) {
  Problem problem;
  static_cast<Filters&>(problem) = readFilters(value);
  problem.batch = value["batch"].integer(1, kMaxExtent);
  problem.input = readAxes(value["input"], 1, kMaxExtent);
  problem.stride = readAxes(value["stride"], 1, kMaxExtent);
  problem.dilation = readAxes(value["dilation"], 1, kMaxExtent);
  problem.padBegin = readAxes(value["padBegin"], 0, kMaxExtent);
  problem.padEnd = readAxes(value["padEnd"], 0, kMaxExtent);
  problem.bias = value["bias"].boolean();
  problem.residual = value["residual"].boolean();
  problem.activation = readActivation(value["activation"]);
  for (int a = 0; a < 3; a++) {
    checkedMultiply(static_cast<std::size_t>(problem.dilation[a]), static_cast<std::size_t>(problem.kernel[a]));
    const std::ptrdiff_t padded = problem.input[a] + problem.padBegin[a] + problem.padEnd[a];
    const std::ptrdiff_t reach = problem.reach(a, 1);
    if (padded < reach)
      value["input"].refuse("at least as long as the kernel's reach, padding included: " + std::to_string(reach) +
                            " along axis " + std::to_string(a) + ",");
    problem.output[a] = (padded - reach) / problem.stride[a] + 1;
  }
  checkSize(problem, problem.input);
  checkSize(problem, problem.output);
  return problem;
}

}  // namespace winograd
