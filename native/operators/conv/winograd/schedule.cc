#include "operators/conv/winograd/schedule.h"

#include <string>

namespace winograd {
namespace {

constexpr std::ptrdiff_t kMostFloats = std::ptrdiff_t{1} << 40;

}  // namespace

WinogradWeights readWinogradWeights(const Value& schedule, const Filters& filters) {
  WinogradWeights weights;
  weights.folds = readFolds(schedule);
  weights.transforms = readTransforms(schedule, filters.kernel, weights.folds);
  weights.format =
      readWord(schedule["weightFormat"], {"float32", "bfloat16"}) == 0 ? WeightFormat::float32 : WeightFormat::bfloat16;
  if (filters.groups != 1)
    schedule["algorithm"].refuse("another one for " + std::to_string(filters.groups) + " groups");
  return weights;
}

WinogradSchedule readWinogradSchedule(const Value& value, const Problem& problem, const Schedule& schedule) {
  if (volume(problem.dilation) != 1) value["algorithm"].refuse("another one for dilations other than 1");
  WinogradSchedule read;
  read.weights = readWinogradWeights(value, problem);
  read.tilings = readTilings(value, *schedule.kernels, read.weights.transforms, problem.output, problem.stride);
  const std::ptrdiff_t width = schedule.kernels->width;
  const bool folded = volume(read.weights.folded(problem.kernel)) > 1;
  checkLayouts(value, schedule.layouts, {read.weights.folds == Folds{}, true});
  read.tileBlock = value["tileBlock"].integer(1, countTiles(read.tilings, problem.batch));
  const std::ptrdiff_t panel = 2 * width, panels = Panels(problem.outChannels, schedule.kernels->width).count();
  read.channelGroup = readMultiple(panel, value["channelGroup"], panel, panels * panel);
  read.sumBlock = readMultiple(width, value["sumBlock"], 0, kMostFloats);
  read.split = readWord(value["split"], {"tiles", "channels"}) == 0 ? Split::tiles : Split::channels;
  read.longestRun = value["longestRun"].integer(1, kMaxExtent);
  read.slice = value["slice"].integer(1, kMostFloats);
  read.slab = value["slab"].integer(0, kMostFloats);
  if (read.slab > 0 && (schedule.layouts.input == Layout::blocked || folded))
    value["slab"].refuse("0 where the input is blocked or an axis is folded");
  return read;
}

}  // namespace winograd
