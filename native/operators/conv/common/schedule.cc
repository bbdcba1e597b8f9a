#include "operators/conv/common/schedule.h"

#include <string>

namespace winograd {
namespace {

constexpr int kMaxThreads = 256;
constexpr std::ptrdiff_t kMaxPhases = 1 << 10;

Layout readLayout(const Value& value) {
  return readWord(value, {"planar", "blocked"}) == 0 ? Layout::planar : Layout::blocked;
}

}  // namespace

std::ptrdiff_t readMultiple(std::ptrdiff_t step, const Value& value, std::ptrdiff_t least, std::ptrdiff_t most) {
  const std::ptrdiff_t number = value.integer(least, most);
  if (number % step != 0) value.refuse("a multiple of " + std::to_string(step));
  return number;
}

const KernelTable& readKernels(const Value& schedule) {
  const Value isa = schedule["isa"];
  const KernelTable* kernels = findKernels(isa.text().c_str());
  if (kernels == nullptr) isa.refuse("a kernel table that this machine runs");
  return *kernels;
}

int readThreads(const Value& schedule) {
  return static_cast<int>(schedule["threads"].integer(1, kMaxThreads));
}

Schedule readSchedule(const Value& value) {
  const Value layouts = value["layouts"];
  return {&readKernels(value),
          readThreads(value),
          value["wake"].boolean(),
          {readLayout(layouts["input"]), readLayout(layouts["output"]), readLayout(layouts["residual"]),
           layouts["phases"].missing() ? Axes{1, 1, 1} : readAxes(layouts["phases"], 1, kMaxPhases)},
          value["streamOutput"].boolean()};
}

void checkLayouts(const Value& schedule, const Layouts& layouts, TakesLayouts takes) {
  const Value value = schedule["layouts"];
  if (layouts.input == Layout::blocked && !takes.input) value["input"].refuse("\"planar\" for this convolution");
  if (layouts.output == Layout::blocked && !takes.output) value["output"].refuse("\"planar\" for this convolution");
  if (layouts.residual == Layout::blocked && !takes.output) value["residual"].refuse("\"planar\" for this convolution");
  if (volume(layouts.phases) > 1 && !takes.phases) value["phases"].refuse("none, or ones, for this convolution");
}

Schedule readPlanarSchedule(const Value& value) {
  const Schedule schedule = readSchedule(value);
  checkLayouts(value, schedule.layouts, {false, false});
  if (schedule.streamOutput) value["streamOutput"].refuse("false: results are added to");
  return schedule;
}

}  // namespace winograd
