#include "operators/conv/direct/schedule.h"

#include <algorithm>

namespace winograd {
namespace {

constexpr std::ptrdiff_t kMostItems = 1 << 16, kMostChunks = 1 << 20;

CopyInput readCopyInput(const Value& value, const Problem& problem, const Schedule& schedule) {
  const CopyInput copy = static_cast<CopyInput>(readWord(value, {"none", "planar", "blocked"}));
  const bool padded = problem.padBegin[2] > 0 || problem.reach(2, problem.output[2]) > problem.input[2];
  if (copy == CopyInput::none && padded) value.refuse("\"planar\" or \"blocked\" where rows are padded");
  if (copy == CopyInput::planar && schedule.layouts.input == Layout::blocked)
    value.refuse("\"blocked\" or \"none\" for a blocked input");
  return copy;
}

// Only whole vectors of a blocked result get to their places at once.
bool takesPhases(const Problem& problem, const Schedule& schedule) {
  return schedule.layouts.output == Layout::blocked && problem.groups == 1 && !problem.residual &&
         problem.outChannels % (volume(schedule.layouts.phases) * schedule.kernels->width) == 0;
}

}  // namespace

DirectSchedule readDirectSchedule(const Value& value, const Problem& problem, const Schedule& schedule) {
  const int width = schedule.kernels->width;
  checkLayouts(value, schedule.layouts,
               {wholeVectors(problem, problem.groupInputs(), width),
                wholeVectors(problem, problem.groupOutputs(), width), takesPhases(problem, schedule)});
  return {readCopyInput(value["copyInput"], problem, schedule),
          value["tileRows"].integer(1, schedule.kernels->gemmRows),
          value["chunks"].integer(1, std::min(volume(problem.output), kMostChunks)), value["wholeLines"].boolean(),
          value["items"].integer(1, kMostItems)};
}

}  // namespace winograd
